"""What routes and bridges share in one process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app
from redis import Redis

from app.adapters.agents.tenancy import settings_of
from app.adapters.agents.versions.opening import AgentDesk
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calls.store import CallStore
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.realtime.client import RealtimeModel, RealtimeModels
from app.adapters.tools.replies import Replies
from app.adapters.tools.store import EffectStore
from app.bridges.drain import Drain
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.core.language.intent.engine import IntentEngine
from app.settings import Settings

if TYPE_CHECKING:
    from app.adapters.calendars.base import Calendar


@dataclass(frozen=True)
class Services:
    """One of each per process; all safe to use from any greenlet."""

    settings: Settings
    agents: Agents
    agent_desk: AgentDesk
    catalog: McpCatalog
    redis: Redis
    calls: CallStore
    effects: EffectStore
    replies: Replies
    model: RealtimeModel
    engine: IntentEngine
    drain: Drain
    process_id: str
    embedded: Calendars
    models: RealtimeModels

    def settings_of(self, agent: Agent) -> Settings:
        """The settings of the agent's business. Raises `SettingsError`."""
        return settings_of(self.settings, agent.home)

    def calendar_url_of(self, agent: Agent) -> str:
        """The calendar that the agent books into, by its URL, which may hold a password.

        Raises `CalendarDown`, or `SettingsError`.
        """
        given = self.settings_of(agent).calendar_url
        return self.embedded.url_of(given, agent.home.id, self.agents)

    def calendar_of(self, agent: Agent) -> Calendar:
        """The calendar that the agent books into; nothing is sent to it yet.

        Raises `CalendarDown`, or `SettingsError`.
        """
        from app.adapters.calendars.factory import open_calendar

        return open_calendar(self.calendar_url_of(agent), self.redis, agent.booking)

    def shares_calendar(self, agent: Agent) -> bool:
        """Whether other businesses book into the same calendar, so that what lies in it may be
        theirs."""
        return len(self.agents.businesses) > 1 and agent.home.calendar_url is None

    def model_of(self, agent: Agent) -> RealtimeModel:
        """The way to the model with the account of the agent's business.

        Raises `SettingsError`.
        """
        own = self.settings_of(agent)
        return self.model if own is self.settings else self.models.of(own)


def services() -> Services:
    """The services of the running app."""
    return cast(Services, current_app.extensions["services"])
