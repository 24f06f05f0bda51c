"""The people that calls are transferred to: the `transfer_targets:` part of an agent's file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from pydantic import Field

from app.core.agent.parts import Part
from app.core.booking.hours import Holiday, Hours
from app.core.language.speech import say_date, say_list, say_time
from app.core.tools.declarations import Tool

NUMBER = r"^\+?[0-9]{3,15}$"
BACK_TO_THE_AGENT = ("message", "agent")
"""What can follow where nobody answers, beside `end` and the name of another target: the caller
comes back, and is offered to leave a message or something else."""
_DAYS_AHEAD = 14


class TransferTarget(Part):
    """Somebody who can be put through to. Hours are in the business's zone."""

    name: str = Field(min_length=1, max_length=60)
    number: str = Field(pattern=NUMBER)
    hours: Hours | None = None
    """When somebody is there; always if it is left out."""
    holidays: tuple[Holiday, ...] | None = None
    """Days on which nobody is, where there are hours; by default those of `booking`."""
    before: str = Field(default="", max_length=300)
    """Said before the caller is put through, instead of the agent's own words."""
    otherwise: str | None = None
    """What follows where nobody answers: `message`, `agent`, `end`, or the name of another target.
    By default a message if the agent takes messages."""
    ring_s: int = Field(default=25, ge=5, le=120)
    """How long it rings (Twilio)."""
    warm: bool = False
    """Whether the colleague is asked first, and told what it is about (Twilio)."""

    def is_open(self, at: dt.datetime, holidays: Sequence[Holiday]) -> bool:
        """Whether somebody is there. `at` is on the business's clock."""
        if self.hours is None:
            return True
        closed = holidays if self.holidays is None else self.holidays
        if any(holiday.covers(at.date()) for holiday in closed):
            return False
        minute = at.hour * 60 + at.minute
        return any(span.opens <= minute < span.closes for span in self.hours.on(at.weekday()))

    def opens(self, at: dt.datetime, holidays: Sequence[Holiday]) -> dt.datetime | None:
        """When somebody is there again after `at`; None if that is not within two weeks."""
        if self.hours is None:
            return at
        closed = holidays if self.holidays is None else self.holidays
        for days in range(_DAYS_AHEAD):
            day = at.date() + dt.timedelta(days)
            if any(holiday.covers(day) for holiday in closed):
                continue
            for span in sorted(self.hours.on(day.weekday()), key=lambda span: span.opens):
                hour, minute = divmod(span.opens, 60)
                opens = dt.datetime.combine(day, dt.time(hour, minute), at.tzinfo)
                if opens > at:
                    return opens
        return None


class Switchboard:
    """An agent's targets, and who of them can be put through to."""

    def __init__(
        self, targets: Sequence[TransferTarget], zone: str, holidays: Sequence[Holiday]
    ) -> None:
        self.targets = tuple(targets)
        self._zone = ZoneInfo(zone)
        self._holidays = tuple(holidays)

    def __bool__(self) -> bool:
        return bool(self.targets)

    def find(self, name: str) -> TransferTarget | None:
        """The target of that name."""
        wanted = name.strip().casefold()
        return next((one for one in self.targets if one.name.casefold() == wanted), None)

    def choose(self, name: str, at: float) -> TransferTarget | None:
        """The target that is meant; without a name the first one where somebody is, else the first
        one. `at` is in Unix seconds."""
        if name:
            return self.find(name)
        return self.open_target(at) or next(iter(self.targets), None)

    def open_target(self, at: float) -> TransferTarget | None:
        """The first target where somebody is."""
        return next((one for one in self.targets if self.is_open(one, at)), None)

    def is_open(self, target: TransferTarget, at: float) -> bool:
        """Whether somebody is there at `at`, in Unix seconds."""
        return target.is_open(self._local(at), self._holidays)

    def say_opening(self, target: TransferTarget, at: float) -> str:
        """When somebody is there again, in words; empty if that is not within two weeks."""
        now = self._local(at)
        opens = target.opens(now, self._holidays)
        if opens is None:
            return ""
        return f"{say_date(opens.date(), now.date())} at {say_time(opens.time())}"

    def next_after(
        self, target: TransferTarget, tried: Sequence[str], at: float
    ) -> TransferTarget | None:
        """Who is tried where `target` does not answer; None where nobody else is to be."""
        found: TransferTarget | None = target
        seen = {*tried, target.name}
        while found is not None:
            found = self.find(found.otherwise or "")
            if found is None or found.name in seen:
                return None
            if self.is_open(found, at):
                return found
            seen.add(found.name)
        return None

    def last_word(self, target: TransferTarget) -> str:
        """`message`, `agent` or `end`: what follows at last where nobody answers, or blank."""
        seen: set[str] = set()
        found: TransferTarget | None = target
        while found is not None and found.name not in seen:
            seen.add(found.name)
            if self.find(found.otherwise or "") is None:
                return found.otherwise or ""
            found = self.find(found.otherwise or "")
        return ""

    def describe(self, tool: Tool) -> Tool:
        """The tool `transfer_call` with these targets as what it takes."""
        names = [target.name for target in self.targets]
        if not self.targets or (len(names) == 1 and self.targets[0].name == ANYBODY):
            return tool
        known = tool.parameters
        target = {"type": "string", "enum": names, "description": "Whom to connect them to."}
        required = ["target"] if len(names) > 1 else []
        parameters = {
            **known,
            "properties": {"target": target, **known["properties"]},
            "required": [*required, *known["required"]],
        }
        description = f"{tool.description} There are: {say_list(names, 'and')}."
        return replace(tool, description=description, parameters=parameters)

    def _local(self, at: float) -> dt.datetime:
        return dt.datetime.fromtimestamp(at, self._zone)


ANYBODY = "a colleague"
"""The name of the target that `transfer_number` makes."""


def check_targets(targets: Sequence[TransferTarget]) -> str:
    """What is wrong with a list of targets; empty if nothing is."""
    names = [target.name.casefold() for target in targets]
    for target in targets:
        if names.count(target.name.casefold()) > 1:
            return f"two transfer targets are named {target.name}"
        follows = (target.otherwise or "").casefold()
        if follows and follows not in (*BACK_TO_THE_AGENT, "end", *names):
            return (
                f"otherwise of {target.name}: {target.otherwise!r} is neither message, agent, end"
                " nor the name of another target"
            )
        if follows == target.name.casefold():
            return f"otherwise of {target.name} is itself"
    return ""
