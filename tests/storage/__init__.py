"""The database and the pictures on disk."""
