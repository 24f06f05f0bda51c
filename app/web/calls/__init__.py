"""Calls as the API and the console show them: lists, records, what goes on now."""
