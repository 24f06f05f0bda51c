"""Whether the calendars that agents book into can be opened, before any call needs them."""

from __future__ import annotations

from redis import Redis

from app.adapters.agents.tenancy import settings_of
from app.core.agent.definition import Agent
from app.errors import SettingsError
from app.settings import Settings


class CalendarCheck:
    """Opens the calendar of each agent it is given, to which nothing is sent; equal ones once."""

    def __init__(self, settings: Settings, client: Redis) -> None:
        self._settings = settings
        self._redis = client
        self._good: set[tuple[str, str]] = set()

    def __call__(self, agent: Agent) -> str:
        """What is wrong with the agent's calendar; blank where nothing is."""
        from app.adapters.calendars.factory import open_calendar

        try:
            url = settings_of(self._settings, agent.home).calendar_url
            kind = (url, repr(agent.booking.resources))
            if kind not in self._good:
                open_calendar(url, self._redis, agent.booking)
                self._good.add(kind)
        except SettingsError as error:
            return "; ".join(error.problems)
        return ""
