"""What a tool's handler is given beside its arguments."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef

if TYPE_CHECKING:
    from redis import Redis

    from app.adapters.calendars.base import Calendar

Handler = Callable[["ToolContext", dict[str, Any]], dict[str, Any]]
"""A tool's handler: context and arguments in; `{"ok": bool, "output": {...}, "say": str | None}`
out. May raise `CalendarDown` (try the same effect again); every other outcome is a result."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """One run of one effect. The same effect may run more than once; `key` stays the same."""

    call_id: str
    key: str
    agent: Agent
    now: dt.datetime
    """Aware; the time of this run."""
    caller_number: str
    """E.164; empty where the channel has none, and where it is withheld or identifies nobody."""
    redis: Redis
    calendar: Calendar
    deadline: float
    """By the monotonic clock of this process: when the waiting caller must have an answer."""
    asked_at: float = 0.0
    """Unix seconds at which the effect was first asked for: orders the intentions of a call."""
    caller_time_zone: str | None = None
    """IANA name, where the channel told it."""
    can_text: bool = False
    """True where a text message to the caller can be promised."""
    can_tell_office: bool = False
    """True where the business is told of bookings by mail or webhook."""
    heard: tuple[tuple[str, str], ...] = ()
    """The last utterances as heard, `("agent" | "user", words)`, where the channel told them."""
    heard_at: tuple[float, ...] = ()
    """When each of them was said (Unix seconds), 0 where that is not known; or empty."""
    began_at: float = 0.0
    """When the call began (Unix seconds); 0 where that is not known."""
    consent: str = ""
    """`stated`: the caller asked for just this, which the call's words show; nobody reads it back
    to them. Blank: the handler looks for the caller's yes itself."""
    told_number: str = ""
    """The caller's number as the channel wrote it: what older data are found by."""
    retell_agent_id: str = ""
    """The Retell agent of the call, where the channel told it."""
    only_business: bool = True
    """No agent of another business works here: what names no business is this one's."""
    record_ttl_s: int = 7 * 24 * 3600
    """How long booking records outlive what they describe."""

    @property
    def who(self) -> AgentRef:
        """Whose call it is, for what travels on from here."""
        return AgentRef.to(self.agent, self.retell_agent_id)

    @property
    def business(self) -> str:
        """The id of the business whose data may be seen and changed."""
        return self.who.business

    def remaining(self) -> float:
        """Seconds left until the deadline; negative once it has passed."""
        return self.deadline - time.monotonic()
