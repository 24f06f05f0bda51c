"""A caller on Retell's custom-LLM protocol, in the terminal.

Type what the caller says, or give a scenario: a shipped one by name, or a file
(docs/scenarios.md). The exit status is 0 only when every expectation of the scenario held.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import queue
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from app.adapters.agents.versions.trials import PREFIX
from app.adapters.own_server import Records
from app.cli import call_all, caller_model, free_days
from app.cli.screen import Screen
from app.local.stack import beside
from app.rehearsal.callers.lines import Lines, list_all
from app.rehearsal.retell_caller import events, scenario
from app.rehearsal.retell_caller.client import Client, clock
from app.rehearsal.retell_caller.line import Line
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.play import Stage, new_call_id, play
from app.rehearsal.retell_caller.remarks import LineSettings, Remark
from app.rehearsal.retell_caller.results import notes
from app.rehearsal.retell_caller.scenario import CallerSpec
from app.settings import Settings

NAME = "call"
HELP = "a caller in the terminal: type, or play a scenario"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "scenario",
        nargs="?",
        metavar="SCENARIO",
        help=f"a file, or one of {', '.join(scenario.shipped())}; without it: type yourself",
    )
    parser.add_argument(
        "--url",
        metavar="WS_URL",
        help="the LLM websocket URL as Retell would be given it, without the call id",
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=1.0,
        help="how much faster than people words are spoken; 0 is without delay (default 1)",
    )
    parser.add_argument("--from", dest="caller", metavar="NUMBER", help="the caller's number")
    parser.add_argument("--call-id", metavar="ID", help="use this call id")
    parser.add_argument("--quiet", action="store_true", help="print only what failed")
    parser.add_argument("--all", action="store_true", help="play every shipped scenario")
    parser.add_argument("--list", action="store_true", help="print the shipped scenarios")
    parser.add_argument("--agent", metavar="ID", help="the agent to call, by its id or name")
    parser.add_argument(
        "--test",
        action="store_true",
        help=f"mark the calls as test calls: their ids begin with {PREFIX}",
    )
    parser.add_argument(
        "--lines",
        action="store_true",
        help="with --list or a scenario: print JSON lines for programs",
    )
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="vary wording, pace, pauses, interruptions and corrections; the same for the same N",
    )
    parser.add_argument(
        "--repeat", type=int, metavar="K", help="play K times, with seeds from --seed (1) on"
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="with --all or --repeat: write the results for CI"
    )
    parser.add_argument(
        "--html", metavar="FILE", help="with --all or --repeat: write the results as a page"
    )


def run(args: argparse.Namespace) -> int:
    """Play or type; 0 if all went as expected. Raises `BadRequest` for arguments that clash."""
    call_all.check(args)
    if args.list:
        return _list(Lines() if args.lines else None)
    settings = Settings.of_command(beside(os.environ))
    url = args.url or socket_url(settings)
    if args.agent:
        url = f"{url.rstrip('/')}/agents/{quote(args.agent, safe='')}"
    screen = Screen()
    if args.all or args.repeat or args.lines:
        with _stopping() as stopped:
            plays = call_all.Plays(
                url,
                screen,
                settings,
                stopped.is_set,
                args.speed,
                args.quiet,
                call_ids=_new_call_id(args),
                lines=Lines() if args.lines else None,
            )
            return call_all.play_all(args, plays)
    if args.scenario is None:
        return _talk(args, url, screen)
    return _play(args, url, screen, settings)


def _list(lines: Lines | None) -> int:
    """Print the shipped scenarios."""
    if lines is not None:
        list_all(lines)
        return 0
    screen, names = Screen(), scenario.shipped()
    width = max(len(name) for name in names)
    for name in names:
        script = scenario.load(name)
        needs = f" (requires: {script.requires})" if script.requires else ""
        screen.line(f"  {name:<{width}}  {' '.join(script.about.split())}{needs}")
    return 0


def _new_call_id(args: argparse.Namespace) -> Callable[[], str]:
    if args.call_id:
        return lambda: str(args.call_id)
    return new_test_id if args.test else new_call_id


def new_test_id() -> str:
    """The id of a test call."""
    return f"{PREFIX}{secrets.token_hex(12)}"


def socket_url(settings: Settings) -> str:
    """The socket URL of the server on this machine, with its token if it wants one."""
    token = f"/{settings.socket_token}" if settings.socket_token else ""
    return f"ws://127.0.0.1:{settings.port}/llm-websocket{token}"


def _play(args: argparse.Namespace, url: str, screen: Screen, settings: Settings) -> int:
    script = call_all.ready(scenario.load(args.scenario), args.scenario, args.seed)
    records = Records.beside(url, settings)
    later = 0
    if args.scenario in scenario.shipped():
        later = free_days.first_free(script, records, settings)
    if args.caller:
        script = _from_number(script, args.caller)
    stage = Stage(url, fetch=records.fetch, speed=args.speed, later=later)
    caller_model.prepare(stage, settings)
    if not args.quiet:
        stage.watch = screen.watch
    stage.call_ids = _new_call_id(args)
    with _stopping() as stopped:
        stage.stop = stopped.is_set
        outcomes = play(script, stage)
    return report(screen, script, outcomes, url)


def report(
    screen: Screen, script: scenario.Scenario, outcomes: list[Outcome], url: str = ""
) -> int:
    """Print what failed, and the exit status."""
    failed = False
    for outcome in outcomes:
        for problem in [*outcome.failures, *(f"protocol: {fault}" for fault in outcome.faults)]:
            screen.line(f"  FAILED  {problem}", "bad")
            failed = True
        if outcome.model.unjudged:
            screen.line(f"  NOT JUDGED  {outcome.model.unjudged}", "bad")
        for note in notes(outcome):
            screen.line(f"  {note}", "dim")
        if not outcome.ok:
            screen.line(f"          call {outcome.call_id}", "dim")
        _hint(screen, outcome, url)
    if failed and script.requires:
        screen.line(f"  This scenario requires: {script.requires}", "bad")
    judged = not any(outcome.model.unjudged for outcome in outcomes)
    if judged and not failed:
        screen.line(f"  passed  {', '.join(outcome.call_id for outcome in outcomes)}", "good")
    return 0 if judged and not failed else 1


def _hint(screen: Screen, outcome: Outcome, url: str) -> None:
    """What to do about a server that could not be reached."""
    if outcome.sockets or not outcome.refused:
        return
    why = outcome.refused[-1]
    if "403" in why:
        screen.line("  The server wants its token: set SOCKET_TOKEN, or give it in --url.", "bad")
    elif "nothing listens" in why:
        screen.line(f"  Looked at {url}.", "bad")
        screen.line("  Start it with `make run`, or name another with PORT or --url.", "bad")


def _from_number(script: scenario.Scenario, number: str) -> scenario.Scenario:
    calls = tuple(
        call.model_copy(update={"caller": call.caller.model_copy(update={"from_number": number})})
        for call in script.calls
    )
    return script.model_copy(update={"calls": calls})


class Typist:
    """A person at the keyboard is the caller. What is piped in is said turn by turn instead."""

    def __init__(self, line: Line, screen: Screen, call_id: str, outcome: Outcome) -> None:
        self._line = line
        self._screen = screen
        self._call_id = call_id
        self._outcome = outcome
        self._typed: queue.Queue[str | None] = queue.Queue()
        self._person = sys.stdin.isatty()
        self._greeted = False
        threading.Thread(target=self._read, daemon=True).start()

    def event(self, at: float, event: events.Event) -> None:
        """Show what happened; the person's own words are on the screen already."""
        self._outcome.event(at, event)
        self._greeted = self._greeted or isinstance(event, events.AgentDone)
        own = isinstance(event, events.Word) and event.role == "user"
        if not (own and self._person):
            self._screen.watch(0, self._call_id, at, event)

    def tick(self, now: float) -> None:
        """Say what was typed; commands and the end of the input too."""
        while not self._typed.empty() and (self._person or (self._greeted and self._line.idle)):
            text = self._typed.get()
            if text is None or text in ("/quit", "/bye"):
                self._line.hang_up(now)
                return
            if text == "/drop":
                self._line.link.drop(now)
            elif text.strip():
                self._line.say(Remark(text), now)

    def _read(self) -> None:
        for text in sys.stdin:
            self._typed.put(text.strip())
        self._typed.put(None)


def _talk(args: argparse.Namespace, url: str, screen: Screen) -> int:
    call_id = _new_call_id(args)()
    caller = CallerSpec(from_number=args.caller) if args.caller else CallerSpec()
    slow = 1 / args.speed if args.speed else 0.0
    pace = LineSettings(word_s=60 / 190 * slow, end_of_turn_s=0.2 * slow)
    line = Line(caller.details(call_id), now=clock(), settings=pace)
    outcome = Outcome(call_id)
    screen.line(f"  {call_id}", "dim")
    if sys.stdin.isatty():
        screen.line("  Type what the caller says; while the agent speaks, to interrupt.", "dim")
        screen.line("  /drop cuts the connection, /bye or Ctrl-D hangs up.", "dim")
    driver = Typist(line, screen, call_id, outcome)
    with _stopping() as stopped:
        reason = Client(f"{url.rstrip('/')}/{call_id}", line, driver).run(stopped.is_set)
    _hint(screen, outcome, url)
    return 1 if reason.startswith("error_") or not outcome.ok else 0


@contextlib.contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets, so that the caller hangs up instead of vanishing."""
    stopped = threading.Event()

    def stop(*_: Any) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
