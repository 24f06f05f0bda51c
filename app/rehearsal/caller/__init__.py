"""Retell's side of a call: what the service does between a caller's voice and our socket.

Rule: `line` decides without I/O, time passed in; only `client` opens sockets.
"""
