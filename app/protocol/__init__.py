"""Bytes to values and values to bytes, for every protocol we speak.

Rule: no I/O, no settings, nothing from app but errors.
"""
