"""Holds what a model passes to a booking tool against what was said in the call.

Where they differ, nothing is done: the model is told both and asks the caller. Once the caller has
answered, the words that were misread do not stand in the way a second time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from app import logs
from app.adapters.booking.offers import Offered
from app.adapters.redis import keys
from app.adapters.tools.context import ToolContext
from app.core.booking import sentences
from app.core.booking.contradiction import Contradiction, Conversation
from app.core.booking.ledger import Booking
from app.core.booking.said import Heard
from app.core.booking.wanted import spoken_hours
from app.core.language import agreement
from workers.booking.refusals import refuse

_ZERO = dt.timedelta(0)

log = logs.get(__name__)


def heard_in(ctx: ToolContext) -> list[tuple[str, str]]:
    """What was said: as the channel told it, else as it was last kept of the call."""
    if ctx.heard:
        return list(ctx.heard)
    blob = ctx.redis.get(keys.transcript(ctx.call_id))
    try:
        told = orjson.loads(blob) if blob else []
        return [(str(item["role"]), str(item["content"])) for item in told]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return []


class WordGuard:
    """Asked by the handler of one tool, about one argument after the other."""

    def __init__(self, ctx: ToolContext) -> None:
        self._ctx = ctx
        self._zone = ctx.agent.booking.zone
        self._today = ctx.now.astimezone(self._zone).date()
        self._english = ctx.agent.language.lower().partition("-")[0] == "en"
        self._heard = heard_in(ctx)
        self._said = self._conversation() if self._listens() else None

    def slot(self, start: dt.datetime, old: dt.datetime | None = None) -> dict[str, Any] | None:
        """The result that refuses a start, or None; `old` is where what is moved stands."""
        if self._said is None or not self._english:
            return None
        before = old.astimezone(self._zone) if old is not None else None
        return self._refusal(
            self._said.against_start(start.astimezone(self._zone), self._today, before)
        )

    def target(self, booking: Booking) -> dict[str, Any] | None:
        """The result that refuses to change an appointment, or None."""
        if self._said is None or not self._english:
            return None
        start = booking.starts.astimezone(self._zone)
        return self._refusal(self._said.against_target(start, self._today))

    def name(self, name: str) -> dict[str, Any] | None:
        """The result that refuses a name, or None."""
        return self._refusal(self._said.against_name(name)) if self._said and name else None

    def number(self, number: str) -> dict[str, Any] | None:
        """The result that refuses a number (E.164), or None."""
        return self._refusal(self._said.against_number(number)) if self._said and number else None

    def _listens(self) -> bool:
        """Not where the rules have read the call already, or the agent's file says not to."""
        return self._ctx.agent.booking.heed_words and not self._ctx.consent

    def _conversation(self) -> Conversation:
        ctx = self._ctx
        return Conversation(
            [
                Heard(role, words, self._moments(place))
                for place, (role, words) in enumerate(self._heard)
            ],
            prefer=spoken_hours(ctx.agent.booking.hours),
            agent=ctx.agent.name,
            country=ctx.agent.country_for(ctx.caller_number),
            calling=ctx.caller_number,
            shift=_shift(ctx.caller_time_zone, self._zone, ctx.now),
        )

    def _moments(self, place: int) -> tuple[dt.datetime, ...]:
        """When an utterance was said: then, or between the call's beginning and now."""
        ctx = self._ctx
        at = ctx.heard_at[place] if place < len(ctx.heard_at) and ctx.heard else 0.0
        moments = [at] if at else [ctx.began_at or ctx.now.timestamp(), ctx.now.timestamp()]
        return tuple(dt.datetime.fromtimestamp(moment, self._zone) for moment in moments)

    def _refusal(self, found: Contradiction | None) -> dict[str, Any] | None:
        if found is None or self._answered(found):
            return None
        log.info("the words of the call contradict an argument", extra={"part": found.part})
        said = f"The caller said {found.said}"
        if found.excluded:
            said = f"The caller ruled out {found.said}"
        elif found.answers:
            said = f"The caller said yes to {found.said}"
        message = (
            f"Not done. {said}, and you passed {found.passed}. Ask the caller which is right, then "
            "call this again with it."
        )
        return refuse(
            "said_otherwise",
            sentences.said_otherwise(found),
            message=message,
            part=found.part,
            said=found.said,
            passed=found.passed,
            words=found.words[-200:],
        )

    def _answered(self, found: Contradiction) -> bool:
        """Whether the caller was asked about this before and has not objected since."""
        ctx, newest = self._ctx, [words for role, words in self._heard if role == "user"][-1]
        evidence = _digest(f"{found.part}|{found.said}|{found.words}|{found.answers}")
        answered = Offered(ctx.redis, ctx.call_id).answered(
            f"{found.part}|{found.passed}"[:120],
            f"{ctx.key} {ctx.asked_at}",
            evidence,
            _digest(newest),
        )
        return answered and not agreement.objects(newest)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode(errors="replace")).hexdigest()[:16]


def _shift(told: str | None, zone: ZoneInfo, now: dt.datetime) -> dt.timedelta:
    """How much later it is where the caller is."""
    try:
        there = ZoneInfo(told) if told else zone
    except (ValueError, OSError, KeyError):
        return _ZERO
    offset, own = now.astimezone(there).utcoffset(), now.astimezone(zone).utcoffset()
    return (offset or _ZERO) - (own or _ZERO)
