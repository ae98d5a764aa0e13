"""What becomes of a message when things go otherwise than planned."""
