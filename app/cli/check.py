"""Release-phase check: the settings are complete, the agents' file can be read, Redis answers.

The exit status tells. It changes nothing and can be run as often as one likes.
"""

from __future__ import annotations

import argparse
import os
import sys

import redis as redis_client

from app.adapters.agents import files
from app.adapters.redis import client as redis
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


def redis_problem(settings: Settings) -> tuple[str, str] | None:
    """What is wrong with Redis, and the cure; None if it can be used."""
    try:
        with redis.connect(settings, connections=1) as client:
            client.ping()
            policy = _policy(client)
    except redis_client.AuthenticationError:
        return "Redis rejects the password of REDIS_URL", "correct the password in REDIS_URL"
    except redis_client.RedisError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return (
                "the certificate of Redis cannot be verified",
                "set REDIS_TLS_VERIFY=0 if it is self-signed, as Heroku's is",
            )
        return f"cannot reach Redis: {error}", "start Redis, or correct REDIS_URL"
    if policy and policy != "noeviction":
        return (
            f"Redis would drop queued jobs when it is full (maxmemory-policy is {policy})",
            "set maxmemory-policy to noeviction, in redis.conf or at the provider",
        )
    return None


def _policy(client: redis_client.Redis) -> str:
    """The eviction policy, blank where the server does not tell (managed ones may not)."""
    try:
        found = client.config_get("maxmemory-policy")
    except redis_client.RedisError:
        return ""
    values = [item.decode() if isinstance(item, bytes) else str(item) for item in found.values()]
    return values[0] if values else ""
