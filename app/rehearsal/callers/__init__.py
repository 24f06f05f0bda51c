"""Callers that are no fixed script: varied by a seed, or played by a text model."""
