"""The agents that a server with these settings has: the file's, and those put through the API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from app.adapters.agents import files
from app.adapters.agents.building import Builder
from app.adapters.agents.versions.kept import KeptVersions
from app.adapters.agents.versions.problems import ProblemBoard
from app.adapters.agents.versions.source import Snapshot
from app.adapters.agents.versions.stored import AgentStore, StoredDocuments
from app.adapters.redis.client import connect
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.errors import AppError, SettingsError, Unavailable
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Known:
    """What was found. `away` is true where a Redis is named and cannot be asked; `refused` is what
    running processes do not take."""

    agents: Directory
    builder: Builder
    stored: StoredDocuments = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    refused: tuple[Mapping[str, Any], ...] = ()
    away: bool = False

    def keep(self, client: Redis, settings: Settings, agent: Agent) -> None:
        """Have workers know this version of an agent. Raises `Unavailable`."""
        KeptVersions(client, settings).keep([(agent, self.builder.said(agent))])


def find_agents(settings: Settings) -> Known:
    """The agents; where those of the API do not fit the file here, the file's alone and what is
    wrong. Raises `SettingsError` for a file that is not valid."""
    file = files.read(settings.agent_file or None)
    builder = Builder()
    directory, problems = builder.build(file)
    if directory is None:
        raise SettingsError([str(problem) for problem in problems])
    named = os.environ.get("REDIS_URL", "").strip() or settings.redis_url != Settings.redis_url
    if not named:
        return Known(directory, builder)
    with connect(settings, connections=1) as client:
        try:
            generation, stored = AgentStore(client).read({})
            refused = tuple(ProblemBoard(client, "").all())
        except Unavailable:
            return Known(directory, builder, away=True)
    whole, problems = builder.build(Snapshot(file, stored, generation).documents())
    told = tuple(str(problem) for problem in problems)
    return Known(whole or directory, builder, stored, told, refused)


def load_agents(settings: Settings) -> Known:
    """As `find_agents`, for commands that only need the agents. Raises `AppError`."""
    try:
        found = find_agents(settings)
    except SettingsError as error:
        raise AppError("; ".join(error.problems)) from None
    if found.problems:
        raise AppError("; ".join(found.problems))
    return found
