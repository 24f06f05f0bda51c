"""Shells around Redis, RQ, the Realtime API and calendars.

Rule: may import protocol, core, security, settings; never bridges or web.
"""
