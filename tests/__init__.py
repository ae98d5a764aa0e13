"""Behaviour, through the real thing wherever it can run."""
