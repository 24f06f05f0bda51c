"""Makes the intent model's data file.

Rule: runs offline; imports app.core; only app.cli and bench import it.
"""
