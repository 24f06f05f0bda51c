"""Calendars behind one small protocol (`base.py`), chosen by CALENDAR_URL (`factory.py`).

Adapters import core types and libraries, never each other's internals, the web or the workers."""
