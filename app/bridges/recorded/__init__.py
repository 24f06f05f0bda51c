"""Recorded calls: their turns answered again."""
