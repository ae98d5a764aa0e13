"""Executors: real child processes with the embedded pair."""
