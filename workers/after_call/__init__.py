"""What follows when a call has ended: its report, and who is told of it.

Rule: as for all of `workers`.
"""
