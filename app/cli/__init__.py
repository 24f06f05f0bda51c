"""Commands of 'python -m app'.

Rule: each module is one command with NAME, HELP, add_arguments(parser) and run(args) -> int.
"""
