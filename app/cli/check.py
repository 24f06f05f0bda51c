"""Release-phase check: the settings are complete, the agents' file can be read, Redis answers.

The exit status tells. It changes nothing and can be run as often as one likes.
"""

from __future__ import annotations

import argparse
import os
import sys

from app.adapters.agents import files
from app.adapters.checks.store import redis_problem
from app.errors import SettingsError
from app.settings import Settings

NAME = "check"
HELP = "release-phase check: settings complete, Redis reachable"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command takes no arguments."""


def run(args: argparse.Namespace) -> int:
    """0 if a start would succeed; else 1, with each problem on a line."""
    problems = _problems()
    for problem in problems:
        print(f"check: {problem}", file=sys.stderr)
    if not problems:
        print("check: settings complete, agents read, Redis reachable")
    return 1 if problems else 0


def _problems() -> list[str]:
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        return error.problems
    problems = []
    try:
        files.load(settings.agent_file or None)
    except SettingsError as error:
        problems += error.problems
    problem = redis_problem(settings)
    if problem is not None:
        problems.append(": ".join(problem))
    return problems
