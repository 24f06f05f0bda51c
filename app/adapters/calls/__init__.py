"""Calls in Redis: state, timeline, recordings, and the inbox of webhooks."""
