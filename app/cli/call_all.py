"""Plays several scenarios, or one several times, and tells of all of them at the end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.adapters.own_server import Records
from app.cli import caller_model, free_days
from app.cli.screen import Screen
from app.errors import AppError, BadRequest
from app.rehearsal.callers.lines import Lines
from app.rehearsal.callers.trials import Trials, grouped
from app.rehearsal.callers.variation import vary
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.play import Stage, new_call_id, play
from app.rehearsal.retell_caller.results import (
    ScenarioResult,
    count_of,
    junit,
    page,
    summary_of,
)
from app.rehearsal.retell_caller.scenario import Scenario
from app.settings import Settings

#: How often one scenario is played at most.
MOST_REPEATS = 1000
#: What a scenario requires whose caller is played by a text model.
NEEDS_KEY = "OPENAI_API_KEY"
_COLOURS = {"passed": "good", "failed": "bad", "unjudged": "bad", "skipped": "dim"}


def check(args: argparse.Namespace) -> None:
    """Refuse arguments that do not go together. Raises `BadRequest`."""
    if args.all and (args.scenario or args.call_id):
        raise BadRequest("--all plays every shipped scenario: leave SCENARIO and --call-id out")
    if args.repeat is not None and not 1 <= args.repeat <= MOST_REPEATS:
        raise BadRequest(f"--repeat takes a number from 1 to {MOST_REPEATS}")
    if not (args.all or args.repeat) and (args.junit or args.html):
        raise BadRequest("--junit and --html go with --all or --repeat")
    if (args.repeat or args.seed is not None) and not (args.all or args.scenario):
        raise BadRequest("--seed and --repeat go with a SCENARIO or --all")
    if args.repeat and args.call_id:
        raise BadRequest("--repeat makes several calls: leave --call-id out")
    if args.list and (args.all or args.scenario or args.repeat):
        raise BadRequest("--list plays nothing: leave SCENARIO, --all and --repeat out")
    if args.lines and not (args.list or args.all or args.scenario):
        raise BadRequest("--lines goes with --list, --all or a SCENARIO")


def seeds_of(args: argparse.Namespace) -> list[int | None]:
    """The seeds to play with; None is the file as it is."""
    if args.seed is None and not args.repeat:
        return [None]
    first = 1 if args.seed is None else args.seed
    return list(range(first, first + (args.repeat or 1)))


@dataclass(frozen=True, slots=True)
class Plays:
    """Where scenarios are played, and how."""

    url: str
    screen: Screen
    settings: Settings
    stopped: Callable[[], bool]
    speed: float
    quiet: bool
    call_ids: Callable[[], str] = new_call_id
    lines: Lines | None = None

    def play(self, name: str, seed: int | None) -> ScenarioResult:
        """Play one scenario once."""
        records = Records.beside(self.url, self.settings)
        try:
            script = scenario.load(name)
        except AppError as error:
            return ScenarioResult(name, "", error=error.message, seed=seed)
        about = " ".join(script.about.split())
        began = time.monotonic()
        try:
            script = ready(script, name, seed)
            later = 0
            if name in scenario.shipped():
                later = free_days.first_free(script, records, self.settings)
            stage = Stage(
                self.url, fetch=records.fetch, speed=self.speed, later=later, stop=self.stopped
            )
            stage.call_ids = self.next_call_id
            caller_model.prepare(stage, self.settings)
            if not self.quiet and self.lines is None:
                stage.watch = self.screen.watch
            outcomes = tuple(play(script, stage))
        except AppError as error:
            took = time.monotonic() - began
            return ScenarioResult(name, about, took, error=error.message, seed=seed)
        unreached = [outcome.refused[-1] for outcome in outcomes if outcome.refused]
        why = unreached[-1] if unreached and not any(o.sockets for o in outcomes) else ""
        return ScenarioResult(name, about, time.monotonic() - began, outcomes, why, seed=seed)

    def next_call_id(self) -> str:
        """The id of the next call, which is told of before it is made."""
        call_id = self.call_ids()
        if self.lines is not None:
            self.lines.call(call_id)
        return call_id


def ready(script: Scenario, name: str, seed: int | None) -> Scenario:
    """The scenario to be played: varied by the seed, a shipped one by callers who are new."""
    if seed is not None:
        script = vary(script, seed)
    return free_days.with_new_callers(script) if name in scenario.shipped() else script


def play_all(args: argparse.Namespace, plays: Plays) -> int:
    """Play them, print a table, write the files; 0 if all that were played passed."""
    results: list[ScenarioResult] = []
    for name in scenario.shipped() if args.all else [args.scenario]:
        results += _play_each(name, args, plays)
    trials = grouped(results) if args.repeat else []
    if plays.lines is not None:
        plays.lines.end(results, trials)
    else:
        _print_table(results, trials, plays.screen)
    notes = [f"{each.name}: {each.in_words()}" for each in trials]
    if args.junit:
        _write(args.junit, junit(results))
    if args.html:
        _write(args.html, page(results, "Callsmith scenarios", notes).encode())
    played = [result for result in results if not result.skipped]
    passed = count_of(results, "passed")
    return 0 if played and not plays.stopped() and passed == len(played) else 1


def _play_each(name: str, args: argparse.Namespace, plays: Plays) -> list[ScenarioResult]:
    """One scenario with each seed. What requires something special is not played with --all."""
    if args.all:
        script = scenario.load(name)
        needs = script.requires
        if needs in ("", NEEDS_KEY) and scenario.has_persona(script):
            needs = "" if caller_model.is_there(plays.settings) else NEEDS_KEY
        if needs:
            about = " ".join(script.about.split())
            return [ScenarioResult(name, about, skipped=f"requires: {needs}")]
    results: list[ScenarioResult] = []
    for seed in seeds_of(args):
        if plays.stopped() or (results and results[-1].error):
            break  # what keeps one play from being made keeps the next from it as well
        if plays.lines is not None:
            plays.lines.play(name, seed)
        results.append(plays.play(name, seed))
        if plays.lines is not None:
            plays.lines.result(results[-1])
        else:
            _tell(results[-1], plays.screen)
    return results


def _tell(result: ScenarioResult, screen: Screen) -> None:
    for problem in result.problems:
        screen.line(f"  FAILED  {result.title}: {problem}", "bad")
    if result.unjudged:
        screen.line(f"  NOT JUDGED  {result.title}: {result.unjudged}", "bad")
    for note in result.notes:
        screen.line(f"  {result.title}: {note}", "dim")


def _print_table(
    results: Sequence[ScenarioResult], trials: Sequence[Trials], screen: Screen
) -> None:
    width = max((len(result.title) for result in results), default=8)
    screen.line("")
    screen.line(f"  {'scenario':<{width}}  result    seconds  longest silence", "bold")
    for result in results:
        silence = "" if result.silence is None else f"{result.silence:.2f} s"
        line = f"  {result.title:<{width}}  {result.state:<8}  {result.seconds:7.1f}  {silence}"
        more = f"  ({result.skipped})" if result.skipped else ""
        screen.line(line + more, _COLOURS[result.state])
    if trials:
        screen.line("")
    for each in trials:
        failed = ", ".join(str(play.seed) for play in each.unlike_passed)
        again = f"; play again with --seed {failed}" if failed else ""
        line = f"  {each.name:<{width}}  {each.in_words()}{again}"
        screen.line(line, "bad" if failed else "good")
    screen.line(f"  {summary_of(results)}", "bold")


def _write(path: str, content: bytes) -> None:
    """Write a report. Raises `BadRequest` where it cannot be."""
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise BadRequest(f"{path} cannot be written: {error.strerror}") from error
