"""Helpers of the tests: real processes with handles, and waiting for what becomes true."""
