"""The report of a call that has ended, made from its record alone."""
