"""Flask routes.

Rule: thin; decide nothing that the core or an adapter could decide.
"""
