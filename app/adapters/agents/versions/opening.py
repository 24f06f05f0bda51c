"""Puts together what a process needs to know its agents and to follow their changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redis import Redis

from app.adapters.agents.versions.editing import Editor
from app.adapters.agents.versions.following import Follower
from app.adapters.agents.versions.kept import KeptVersions
from app.adapters.agents.versions.problems import ProblemBoard
from app.adapters.agents.versions.source import AgentSource
from app.adapters.agents.versions.stored import AgentStore
from app.adapters.agents.versions.watched import WatchedFile
from app.adapters.redis.client import connect
from app.adapters.tokens.business import BusinessTokens
from app.adapters.tokens.departed import DepartedBusinesses
from app.errors import Unavailable
from app.settings import Settings

#: Processes that may have no more connections than this do not use one for listening alone.
FEW_CONNECTIONS = 3


@dataclass(frozen=True, slots=True)
class AgentDesk:
    """What one process has to do with agents, beside looking them up."""

    source: AgentSource
    store: AgentStore
    editor: Editor
    board: ProblemBoard
    follower: Follower

    def refused(self) -> list[dict[str, Any]]:
        """The changes that processes refuse, as `ProblemBoard.all`; without Redis this one's."""
        try:
            return self.board.all()
        except Unavailable:
            mine = [str(problem) for problem in self.source.problems]
            return [{"process": self.board.process, "problems": mine}] if mine else []


def open_desk(
    settings: Settings, client: Redis, process: str, *, strict: bool = False
) -> AgentDesk:
    """Read the file; `client` is the process's, and `process` its name for people. Where the file
    is good nothing is sent before the follower starts.

    Raises `SettingsError` for a file that is not valid; unless `strict`, only where Redis has no
    good content of it from before.
    """
    few = settings.redis_connections <= FEW_CONNECTIONS
    listener = None if few else connect(settings, connections=1)
    store, board = AgentStore(client), ProblemBoard(client, process)
    file = WatchedFile(settings.agent_file, client)
    kept, departed = KeptVersions(client, settings), DepartedBusinesses(BusinessTokens(client))
    source = AgentSource(file, store, kept, board, departed, strict=strict)
    return AgentDesk(source, store, Editor(source, store), board, Follower(source, file, listener))
