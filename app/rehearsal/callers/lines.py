"""What becomes of plays as JSON lines, one thing a line, for programs that look on.

`what` says which: `scenario` (with --list), else `play`, `call`, `result` and at last `end`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import orjson

from app.rehearsal.callers.trials import Trials
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.results import ScenarioResult, count_of, summary_of
from app.rehearsal.retell_caller.scenario import CallSpec, Expect, Scenario


class Lines:
    """Writes them to `out`, each at once."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def scenario(self, name: str, script: Scenario) -> None:
        """A scenario that can be played, and what must come of it."""
        self._tell(
            "scenario",
            name=name,
            about=" ".join(script.about.split()),
            requires=" ".join(script.requires.split()),
            checks=list(checks_of(script)),
        )

    def play(self, name: str, seed: int | None) -> None:
        """A play begins."""
        self._tell("play", scenario=name, seed=seed)

    def call(self, call_id: str) -> None:
        """One of its calls is about to be made."""
        self._tell("call", call_id=call_id)

    def result(self, result: ScenarioResult) -> None:
        """A play is over."""
        self._tell(
            "result",
            scenario=result.name,
            seed=result.seed,
            state=result.state,
            seconds=round(result.seconds, 1),
            silence=None if result.silence is None else round(result.silence, 2),
            problems=[*result.problems, *([result.unjudged] if result.unjudged else [])],
            notes=result.notes,
        )

    def end(self, results: Sequence[ScenarioResult], trials: Sequence[Trials]) -> None:
        """All plays are over."""
        self._tell(
            "end",
            passed=bool(results) and count_of(results, "passed") == len(results),
            summary=summary_of(results),
            trials=[f"{each.name}: {each.in_words()}" for each in trials],
        )

    def _tell(self, what: str, **told: Any) -> None:
        self._out.write(orjson.dumps({"what": what, **told}).decode() + "\n")
        self._out.flush()


def list_all(lines: Lines) -> None:
    """Tell of every shipped scenario."""
    for name in scenario.shipped():
        lines.scenario(name, scenario.load(name))


def checks_of(script: Scenario) -> Iterator[str]:
    """What must come of a scenario, a line for each expectation of each call."""
    for number, call in enumerate(script.calls, start=1):
        before = f"{call.name or f'call {number}'}: " if len(script.calls) > 1 else ""
        yield from (f"{before}{check}" for check in _checks(call))


def _checks(call: CallSpec) -> Iterator[str]:
    expect: Expect = call.expect
    if expect.ended:
        yield f"ends with {expect.ended}"
    if expect.tools:
        yield f"tools in this order: {', '.join(tool.name for tool in expect.tools)}"
    if expect.never_tools:
        yield f"never the tools {', '.join(expect.never_tools)}"
    if expect.actions is not None:
        yield f"actions: {', '.join(expect.actions) or 'none'}"
    if expect.bookings is not None:
        kept = [
            ", ".join(f"{key} {value}" for key, value in one.items()) for one in expect.bookings
        ]
        yield f"appointments: {'; '.join(kept) or 'none'}"
    for told, patterns in (
        ("heard", expect.heard),
        ("never heard", expect.never_heard),
        ("heard exactly once", expect.heard_once),
    ):
        if patterns:
            yield f"{told}: {'; '.join(patterns)}"
    for path, value in expect.record.items():
        yield f"record: {path} is {value}"
    if expect.max_silence is not None:
        yield f"no silence longer than {expect.max_silence:g} s"
    if expect.tone:
        yield f"tone, told and not judged: {expect.tone}"
