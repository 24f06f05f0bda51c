"""Plays a whole scenario against a server: its calls, one after the other, then what is expected.

Watchers see every event; the terminal prints from it.
"""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from app.core.language.time.working_days import working_day
from app.rehearsal.retell_caller import events, expect
from app.rehearsal.retell_caller.client import Client, Driver, clock
from app.rehearsal.retell_caller.line import Line
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.placeholders import fill
from app.rehearsal.retell_caller.player import Player, line_settings
from app.rehearsal.retell_caller.scenario import CallSpec, Scenario

#: Gives the call's record at the server (`GET /api/calls/<id>`), None while there is none.
Fetch = Callable[[str], dict[str, Any] | None]
#: Is told of every event: the call's number (from 0), the call's id, the time, the event.
Watch = Callable[[int, str, float, events.Event], None]

#: Makes whoever plays the caller of a call that has a persona.
PlayPersona = Callable[[CallSpec, Line, Outcome, dt.date], Driver]
#: Says in words how the agent's tone is, against what was asked for.
JudgeTone = Callable[[str, Outcome], str]

#: Why a caller with a persona was not played.
NO_MODEL = "its caller is played by a text model: set OPENAI_API_KEY"

#: Why a tone was not judged.
NO_TONE = "a text model judges it: set OPENAI_API_KEY"

#: What workers and webhooks still write after the call's end is awaited for so long.
RECORD_WAIT_S = 10.0


def new_call_id() -> str:
    """A call id in Retell's form."""
    return f"call_{secrets.token_hex(14)}"


@dataclass(slots=True)
class Stage:
    """Where a scenario is played: the socket's base URL, how fast, and who looks on.

    `later` is how many working days after today all days of the scenario are counted from.
    """

    url: str
    fetch: Fetch | None = None
    watch: Watch = lambda number, call_id, at, event: None
    speed: float = 1.0
    later: int = 0
    stop: Callable[[], bool] = lambda: False
    call_ids: Callable[[], str] = new_call_id
    play_persona: PlayPersona | None = None
    judge_tone: JudgeTone | None = None
    price: Callable[[Outcome], str] = lambda outcome: ""
    _calls: int = field(default=0)

    def number(self) -> int:
        """The next call's number."""
        self._calls += 1
        return self._calls - 1


def play(scenario: Scenario, stage: Stage) -> list[Outcome]:
    """Play all calls; each outcome holds what failed. Stops after a call that failed."""
    today = working_day(dt.datetime.now(ZoneInfo(scenario.time_zone)).date(), stage.later)
    heard: dict[str, str] = {}
    outcomes = []
    for spec in scenario.calls:
        outcome = play_call(spec, stage, today, heard)
        outcomes.append(outcome)
        if not outcome.ok:
            break
    return outcomes


def play_call(spec: CallSpec, stage: Stage, today: dt.date, heard: dict[str, str]) -> Outcome:
    """Play one call and check what it expects."""
    call_id = stage.call_ids()
    outcome = Outcome(call_id)
    if spec.persona is not None and stage.play_persona is None:
        outcome.model.unjudged = NO_MODEL
        return outcome
    settings = line_settings(spec.line, speed=stage.speed)
    line = Line(spec.caller.details(call_id), now=clock(), settings=settings)

    def start(other: CallSpec) -> Callable[[], Outcome | None]:
        return _in_background(lambda: play_call(other, stage, today, heard))

    player: Driver = Player(spec, line, outcome, today=today, heard=heard, start=start)
    if spec.persona is not None and stage.play_persona is not None:
        player = stage.play_persona(spec, line, outcome, today)
    number = stage.number()

    class Everybody:
        def event(self, at: float, event: events.Event) -> None:
            outcome.event(at, event)
            stage.watch(number, call_id, at, event)
            player.event(at, event)

        def tick(self, now: float) -> None:
            player.tick(now)

    reason = Client(f"{stage.url.rstrip('/')}/{call_id}", line, Everybody()).run(stage.stop)
    for at, event in line.events:
        Everybody().event(at, event)
    if not outcome.failures and reason.startswith("error_") and spec.expect.ended != reason:
        outcome.failures.append(f"the call ended by {reason}")
    if not outcome.failures and not outcome.model.unjudged:
        outcome.failures += _expectations(spec, outcome, stage, today, heard)
    if spec.expect.tone and not outcome.model.unjudged:
        judge = stage.judge_tone
        outcome.model.tone = judge(spec.expect.tone, outcome) if judge else f"not judged: {NO_TONE}"
    outcome.model.cost = stage.price(outcome) if outcome.model.questions else ""
    return outcome


def _expectations(
    spec: CallSpec, outcome: Outcome, stage: Stage, today: dt.date, heard: dict[str, str]
) -> list[str]:
    def filled(text: str) -> str:
        return fill(text, today, heard, pattern=True)

    problems = expect.from_call(spec.expect, outcome, filled)
    if not expect.needs_record(spec.expect):
        return problems
    if stage.fetch is None:
        return [*problems, "bookings cannot be checked without the server's HTTP address"]
    end = time.monotonic() + RECORD_WAIT_S
    while True:
        record = stage.fetch(outcome.call_id)
        found = (
            ["the server has no record of the call"]
            if record is None
            else expect.from_record(spec.expect, record, filled)
        )
        if not found or time.monotonic() > end:
            return problems + found
        time.sleep(0.1)


def _in_background(work: Callable[[], Outcome]) -> Callable[[], Outcome | None]:
    done: list[Outcome] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:  # whatever it was, the call that waits must hear of it
            failed = Outcome("")
            failed.failures.append(f"{type(error).__name__}: {error}")
            done.append(failed)

    threading.Thread(target=run, daemon=True).start()
    return lambda: done[0] if done else None
