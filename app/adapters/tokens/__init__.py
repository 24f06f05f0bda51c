"""Tokens that open a socket for one call."""
