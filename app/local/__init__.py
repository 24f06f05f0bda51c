"""Starts everything on one machine: an embedded Redis, web, workers, the rehearsal model.

Rule: imports L0 to L4 for settings and names; only app.cli, the console's pages that try things,
tests and bench import it.
"""
