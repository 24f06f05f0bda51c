"""What the program is measured beside: servers of other shapes, written for the benchmark.

Rule: no state, no Redis, no record; nothing from app.
"""
