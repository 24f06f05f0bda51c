"""What a request for a calendar's page asks for: whose calendar, which days, what service."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.bridges.services import Services
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.core.booking.rules import Service
from app.errors import BadRequest, NotFound
from app.security.scope import Scope
from app.web.console.calendar.week import Shown
from app.web.guard.viewer import viewer

#: What a form that changes something carries: it names the wish, and is made anew for each page.
_ONCE = re.compile(r"[0-9a-f]{16}")
_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Asked:
    """A calendar and its days. `agent` gives the rules; agents of a business may differ in them."""

    agent: Agent
    shown: Shown
    day: dt.date
    service: Service

    def query(self, **other: Any) -> str:
        """The same as the query of an address, with `other` members."""
        told = {
            "business": self.agent.home.id,
            "agent": self.agent.id,
            self.shown: self.day.isoformat(),
            "service": self.service.id,
            **other,
        }
        return urlencode({name: value for name, value in told.items() if value})


def read_asked(now: Services, given: Mapping[str, str], today: dt.datetime) -> Asked:
    """What `given` asks for of what the viewer may see, ``week=`` or ``day=`` for the days.

    Raises BadRequest, NotFound.
    """
    agent = _agent(now.agents, viewer().scope, given.get("business", ""), given.get("agent", ""))
    rules = agent.booking
    shown: Shown = "day" if given.get("day") else "week"
    day = read_day(given.get(shown, ""), today.astimezone(rules.zone).date())
    wanted = given.get("service", "")
    service = next((each for each in rules.services if each.id == wanted), rules.services[0])
    return Asked(agent, shown, day, service)


def _agent(agents: Agents, scope: Scope, business: str, name: str) -> Agent:
    """The agent of that id; else the business's first; else the default one."""
    business = scope.narrow(business)
    if business:
        found = agents.of_business(business)
        if not found:
            raise NotFound("there is no such business")
    else:
        found = agents.all if agents.only_default is None else (agents.only_default, *agents.all)
    return next((each for each in found if each.id == name), found[0])


def read_day(text: str, default: dt.date) -> dt.date:
    """A day as YYYY-MM-DD; the default one where none is given. Raises `BadRequest`."""
    if not text:
        return default
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise BadRequest("write a day as 2026-12-24") from None
    if not _EARLIEST <= day <= _LATEST:
        raise BadRequest("the day is too far away")
    return day


def read_moment(text: str) -> dt.datetime:
    """An instant as ISO 8601 with its offset. Raises `BadRequest`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest("the time cannot be read") from None
    if moment.tzinfo is None:
        raise BadRequest("the time lacks its offset")
    return moment


def read_once(text: str) -> str:
    """The name of a wish. Raises `BadRequest`."""
    if not _ONCE.fullmatch(text):
        raise BadRequest("the form is not complete: open the page again")
    return text
