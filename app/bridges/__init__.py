"""One call - two sockets, one loop, performing what the core decides.

Rule: may import everything but web and cli.
"""
