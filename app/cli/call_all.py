"""Plays every shipped scenario, one after the other, and tells of all of them at the end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from app.cli import free_days
from app.cli.client import Records
from app.cli.screen import Screen
from app.errors import AppError, BadRequest
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.play import Stage, play
from app.rehearsal.retell_caller.results import ScenarioResult, count_of, junit, page
from app.settings import Settings

_COLOURS = {"passed": "good", "failed": "bad", "skipped": "dim"}


def check(args: argparse.Namespace) -> None:
    """Refuse arguments that do not go together. Raises `BadRequest`."""
    if args.all and (args.scenario or args.call_id):
        raise BadRequest("--all plays every shipped scenario: leave SCENARIO and --call-id out")
    if not args.all and (args.junit or args.html):
        raise BadRequest("--junit and --html go with --all")


def play_all(
    args: argparse.Namespace,
    url: str,
    screen: Screen,
    settings: Settings,
    stopped: Callable[[], bool],
) -> int:
    """Play them, print a table, write the files; 0 if all that were played passed."""
    records = Records.beside(url, settings)
    results: list[ScenarioResult] = []
    for name in scenario.shipped():
        if stopped():
            break
        results.append(_play_one(name, args, url, screen, records, settings, stopped))
        _tell(results[-1], screen)
    _print_table(results, screen)
    if args.junit:
        _write(args.junit, junit(results))
    if args.html:
        _write(args.html, page(results, "Callsmith scenarios").encode())
    played = [result for result in results if not result.skipped]
    return 0 if played and not stopped() and not count_of(results, "failed") else 1


def _play_one(
    name: str,
    args: argparse.Namespace,
    url: str,
    screen: Screen,
    records: Records,
    settings: Settings,
    stopped: Callable[[], bool],
) -> ScenarioResult:
    script = scenario.load(name)
    about = " ".join(script.about.split())
    if script.requires:
        return ScenarioResult(name, about, skipped=f"requires: {script.requires}")
    began = time.monotonic()
    try:
        script = free_days.with_new_callers(script)
        later = free_days.first_free(script, records, settings)
        stage = Stage(url, fetch=records.fetch, speed=args.speed, later=later, stop=stopped)
        if not args.quiet:
            stage.watch = screen.watch
        outcomes = tuple(play(script, stage))
    except AppError as error:
        return ScenarioResult(name, about, time.monotonic() - began, error=error.message)
    unreached = [outcome.refused[-1] for outcome in outcomes if outcome.refused]
    why = unreached[-1] if unreached and not any(o.sockets for o in outcomes) else ""
    return ScenarioResult(name, about, time.monotonic() - began, outcomes, why)


def _tell(result: ScenarioResult, screen: Screen) -> None:
    for problem in result.problems:
        screen.line(f"  FAILED  {result.name}: {problem}", "bad")


def _print_table(results: list[ScenarioResult], screen: Screen) -> None:
    width = max((len(result.name) for result in results), default=8)
    screen.line("")
    screen.line(f"  {'scenario':<{width}}  result   seconds  longest silence", "bold")
    for result in results:
        silence = "" if result.silence is None else f"{result.silence:.2f} s"
        line = f"  {result.name:<{width}}  {result.state:<7}  {result.seconds:7.1f}  {silence}"
        more = f"  ({result.skipped})" if result.skipped else ""
        screen.line(line + more, _COLOURS[result.state])
    passed, failed = count_of(results, "passed"), count_of(results, "failed")
    skipped = count_of(results, "skipped")
    screen.line(f"  {passed} passed, {failed} failed, {skipped} left out", "bold")


def _write(path: str, content: bytes) -> None:
    """Write a report. Raises `BadRequest` where it cannot be."""
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise BadRequest(f"{path} cannot be written: {error.strerror}") from error
