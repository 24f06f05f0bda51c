"""Labelled calls, names, numbers and arguments: what must and must not happen."""
