"""What the caller wants, read from one text."""
