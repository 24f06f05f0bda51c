"""Spoken days and times."""
