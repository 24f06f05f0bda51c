"""Processes that share a Redis and an agents' file, as far as their agents go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from app.adapters.agents.versions.opening import AgentDesk, open_desk
from app.adapters.agents.versions.stored import Change
from app.adapters.redis.client import connect
from app.settings import Settings

FILE = """\
default: ada
agents:
  - {id: ada, name: Ada, business: Bakery, instructions: Sell cakes.}
"""
Open = Callable[..., AgentDesk]


def agent(name: str, **more: Any) -> Change:
    """A change that puts an agent."""
    document = {"name": name.title(), "business": "Bakery", "instructions": "x", **more}
    return Change("agent", name, {"id": name, **document})


def put(desk: AgentDesk, *changes: Change) -> None:
    """Write changes in the place of a process."""
    desk.editor.apply(lambda present: changes, by="a test")


@pytest.fixture
def url(redis_url: str) -> str:
    return redis_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agents.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def settings(url: str, file: Path) -> Settings:
    return Settings(redis_url=url, agent_file=str(file))


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with connect(settings) as client:
        yield client


@pytest.fixture
def process(settings: Settings, redis: Redis) -> Open:
    """Opens what a process has: `process("name")`."""
    return lambda name="web", **options: open_desk(settings, redis, name, **options)
