"""Presets, without Discord and without a database."""
