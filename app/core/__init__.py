"""Decisions - events and the time go in, actions come out.

Rule: no I/O, no threads, no clock, no randomness; imports only errors and protocol.
"""
