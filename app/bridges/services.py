"""What routes and bridges share in one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app
from redis import Redis

from app.adapters.calls.store import CallStore
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.realtime.client import RealtimeModel
from app.adapters.tools.replies import Replies
from app.adapters.tools.store import EffectStore
from app.bridges.drain import Drain
from app.core.agent.directory import Directory
from app.core.language.intent.engine import IntentEngine
from app.settings import Settings


@dataclass(frozen=True)
class Services:
    """One of each per process; all safe to use from any greenlet."""

    settings: Settings
    agents: Directory
    catalog: McpCatalog
    redis: Redis
    calls: CallStore
    effects: EffectStore
    replies: Replies
    model: RealtimeModel
    engine: IntentEngine
    drain: Drain
    process_id: str


def services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions["services"])
