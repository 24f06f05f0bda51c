"""The benchmarks: `make bench`, or `python -m bench --help`. The method is in docs/performance.md.

Rule: measures the program from outside, over sockets; imports from app only to start processes.
"""
