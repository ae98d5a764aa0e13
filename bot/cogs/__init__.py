"""The Discord door: slash commands and what a press on a button does."""
