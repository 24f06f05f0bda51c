"""A call that took place as a scenario to play again, without what is people's.

A scenario (docs/scenarios.md) has what the caller did in order: said, cut in, stayed silent, lost
the line, hung up; and what came of it: tools, appointments, how it ended. Days are written as the
N-th working day from the day it is played on, because the call's own are over by then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.core.agent.definition import Agent
from app.core.language.names import read_name
from app.core.language.settings import TimePreferences
from app.core.language.time.day_words import Day
from app.core.language.time.mentions import DAY, find
from app.core.language.time.tokens import tokenise
from app.core.language.time.working_days import number_of
from app.core.language.words import words
from app.core.record.people.stand_ins import NAMED, StandIns
from app.core.record.timeline import Entry, timeline
from app.errors import BadRequest

#: An agent who speaks again after so much silence, in seconds, was reminded.
REMINDED_S = 5.0
_BRACES = str.maketrans({"{": "(", "}": ")"})
_PREFER = TimePreferences()


def scenario_of(story: Mapping[str, Any], agent: Agent) -> dict[str, Any]:
    """The scenario as plain data, in the order in which it is written down. `agent` is the one
    that took the call.

    Raises `BadRequest` where the caller said nothing.
    """
    return _Writer(story, agent).scenario()


class _Writer:
    def __init__(self, story: Mapping[str, Any], agent: Agent) -> None:
        self._story = story
        self._agent = agent
        self._zone = ZoneInfo(agent.booking.time_zone or agent.time_zone)
        began = story.get("started_at") or story.get("first_at") or 0.0
        self._now = dt.datetime.fromtimestamp(float(began), self._zone)
        self._people = StandIns(
            str(story.get("call_id") or ""),
            _names_of(story),
            [str(story[name]) for name in (self._theirs,) if story.get(name)],
            perhaps=_names_said(story, agent),
            keep=[agent.name, agent.business, *(one.name for one in agent.booking.services)],
            country=agent.country_for(),
        )

    @property
    def _theirs(self) -> str:
        """Which number is the caller's."""
        return "to_number" if self._story.get("direction") == "outbound" else "from_number"

    def scenario(self) -> dict[str, Any]:
        steps = list(self._steps())
        if not any("say" in step for step in steps):
            raise BadRequest("the caller said nothing in this call: there is nothing to play")
        outcome = str(self._story.get("outcome") or "ended")
        return {
            "about": f"From a call of {self._agent.name}'s ({outcome}); people are made up.",
            "time_zone": str(self._zone),
            "caller": self._caller(),
            "steps": steps,
            "expect": self._expected(),
        }

    # The caller

    def _caller(self) -> dict[str, Any]:
        story = self._story
        caller: dict[str, Any] = {}
        for name in ("from_number", "to_number"):
            number = story.get(name)
            if isinstance(number, str) and number:
                caller[name] = self._people.number(number) if name == self._theirs else number
        if story.get("direction") == "outbound":
            caller["direction"] = "outbound"
        if self._agent.retell_agent_ids:
            caller["agent_id"] = self._agent.retell_agent_ids[0]
        variables = (story.get("details") or {}).get("retell_llm_dynamic_variables")
        if isinstance(variables, Mapping) and variables:
            caller["dynamic_variables"] = {
                str(name): self._said(str(self._people.value(value, str(name))))
                for name, value in variables.items()
            }
        return caller

    def _steps(self) -> Iterator[dict[str, Any]]:
        """What the caller did. Two things said in a row are one."""
        before: Entry | None = None
        spoken: dict[str, Any] | None = None
        for entry in timeline(self._story):
            if entry.kind == "caller" and words(entry.text):
                text = self._said(self._people.text(entry.text))
                if spoken is not None:
                    spoken["say"] += f" {text}"
                    continue
                spoken = {"say": text}
                if before is not None and before.unheard and words(before.text):
                    spoken["barge_in"] = len(words(before.text))
                continue
            step = _other_step(entry, None if spoken else before)
            if entry.kind == "agent" or step:
                if spoken is not None:
                    yield spoken
                    spoken = None
                if step:
                    yield step
                before = entry if entry.kind == "agent" else before
        if spoken is not None:
            yield spoken
        if self._ended == "user_hangup":
            yield {"hang_up": True}

    def _said(self, text: str) -> str:
        """The text with its days written as working days from the day of the call."""
        text = text.translate(_BRACES)
        tokens = tokenise(text)
        out = text
        for mention in reversed(find(tokens, self._now, _PREFER)):
            day = mention.value
            if mention.kind != DAY or not isinstance(day, Day) or day.date is None:
                continue
            number = number_of(day.date, self._now.date())
            if number is None or (day.last is not None and day.last != day.date):
                continue
            begin, end = tokens[mention.start].start, tokens[mention.end - 1].end
            said = text[begin:end]
            if re.match(r"(?i)(?:on|for|by|until|till|before|after)\s", said):
                begin += len(said.split()[0]) + 1
            out = f"{out[:begin]}{{day+{number}}}{out[end:]}"
        return out

    # What came of it

    @property
    def _ended(self) -> str:
        """The reason why it ended, as Retell names it."""
        story = self._story
        told = str(story.get("disconnection_reason") or "")
        if told:
            return told
        ends = [e.get("how") for e in story.get("events") or () if e.get("kind") == "ending"]
        how = str(ends[-1] if ends else story.get("pending_action"))
        return {"end": "agent_hangup", "transfer": "call_transfer"}.get(how, "user_hangup")

    def _expected(self) -> dict[str, Any]:
        expected: dict[str, Any] = {"ended": self._ended}
        tools = list(self._tools())
        if tools:
            expected["tools"] = tools
        bookings = [self._booking(one) for one in self._story.get("bookings") or ()]
        expected["bookings"] = bookings
        return expected

    def _tools(self) -> Iterator[Any]:
        """The tools that were run, in order; one that was asked twice in a row once."""
        calls = [one for one in self._story.get("tool_calls") or () if one.get("state") == "done"]
        last = ""
        for call in sorted(calls, key=lambda one: one.get("asked_at") or 0):
            name, result = str(call.get("tool")), call.get("result") or {}
            if name != last:
                yield {"name": name, "successful": True} if result.get("ok") else name
            last = name

    def _booking(self, one: Mapping[str, Any]) -> dict[str, str]:
        found = {name: _exactly(str(one[name])) for name in ("status", "service") if one.get(name)}
        if one.get("name"):
            found["name"] = _exactly(self._people.name(str(one["name"])))
        start = str(one.get("start") or "")
        if start:
            found["start"] = self._start(start)
        return found

    def _start(self, start: str) -> str:
        try:
            at = dt.datetime.fromisoformat(start)
        except ValueError:
            return ""
        at = at.astimezone(self._zone) if at.tzinfo else at
        number = number_of(at.date(), self._now.date())
        return f"{'' if number is None else f'{{date+{number}}}'}T{at:%H:%M}"


def _exactly(text: str) -> str:
    """A pattern that only this text matches, with blanks as they are."""
    return "^" + re.escape(text).replace("\\ ", " ") + "$"


def _other_step(entry: Entry, before: Entry | None) -> dict[str, Any] | None:
    """What the caller did that is no speech, as the entry tells."""
    if entry.kind == "note" and entry.text == "resumed":
        return {"lose": "connection"}
    if entry.kind != "agent" or before is None or not words(entry.text):
        return None
    # Between two things the agent said the caller was silent, and the agent was reminded.
    apart = (entry.at or 0.0) - (before.at or 0.0)
    return {"silence": "reminder"} if apart > REMINDED_S and not before.unheard else None


def _names_of(story: Mapping[str, Any]) -> list[str]:
    """The names that the call was about."""
    found: dict[str, None] = {}
    for booking in story.get("bookings") or ():
        found[str(booking.get("name") or "")] = None
    for call in story.get("tool_calls") or ():
        found |= dict.fromkeys(_named(call.get("arguments") or {}))
    details = story.get("details") or {}
    found |= dict.fromkeys(_named(details.get("retell_llm_dynamic_variables") or {}))
    return [name for name in found if name]


def _names_said(story: Mapping[str, Any], agent: Agent) -> list[str]:
    """The names that the caller seems to give."""
    found = [
        read_name(answer, question, agent=agent.name)
        for question, answer in _exchanges(story.get("transcript") or ())
    ]
    return [name.text for name in found if name is not None]


def _named(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _named(item, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _named(item, name)
    elif isinstance(value, str) and NAMED.search(name):
        yield value


def _exchanges(transcript: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Everything the caller said, with what the agent had said before it."""
    question = ""
    for one in transcript:
        text = str(one.get("content") or "")
        if one.get("role") == "user":
            yield question, text
        else:
            question = text
