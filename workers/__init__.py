"""Jobs run by RQ, and the process that runs them.

Rule: imports app only up to the adapters; never bridges or web.
"""
