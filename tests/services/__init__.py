"""Use cases without Discord."""
