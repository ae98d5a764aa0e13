"""Slash commands and buttons, as members use them."""
