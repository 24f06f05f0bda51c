"""Keeps the versions of agents and businesses, and follows their changes."""
