"""Agents and businesses over the API: read, put, taken out, and their versions."""
