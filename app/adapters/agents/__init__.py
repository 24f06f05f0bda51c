"""Agent files and prices read from disk."""
