"""Signatures and tokens.

Rule: no I/O; the time is an argument; imports only errors.
"""
