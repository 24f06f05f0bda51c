"""Voices, voice detection and sample formats of the rehearsal."""
