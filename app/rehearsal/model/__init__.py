"""The rehearsal model: a local server that speaks OpenAI's Realtime protocol.

Rule: everything below `link.py` is sans-I/O: client events and the time in, server events out.
"""
