"""Requests found in the transcripts of calls whose model is hosted elsewhere."""
