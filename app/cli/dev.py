"""Everything on one machine: Redis, a model, the web server and the workers, as real processes.

Redis is started here unless REDIS_URL is set, the rehearsal model unless OPENAI_API_KEY is set.
First the shipped booking scenario is played against it (DEMO=0 or --no-demo leaves it out). Ctrl-C
stops everything.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.adapters.checks.finding import Finding
from app.adapters.checks.model import open_session
from app.adapters.own_server import Records
from app.cli import free_days
from app.cli.screen import Screen
from app.local.processes import PartFailed
from app.local.stack import Stack, because, remove_run_directory, run_directory, short
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.play import Stage, play
from app.settings import Settings

NAME = "dev"
HELP = "everything on one machine, after playing one booking"

DEMO = "booking"
DEMO_SPEED = 3.0
WATCH_S = 0.2
SAME_SIGNAL_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--port", type=int, help="the web server's port (PORT, else 8080)")
    parser.add_argument("--no-demo", action="store_true", help="do not play the booking first")
    parser.add_argument("--logs", action="store_true", help="print all logs, not only warnings")
    parser.add_argument("--speed", type=float, default=DEMO_SPEED, help=argparse.SUPPRESS)
    parser.add_argument("--with-parent", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Start everything, stay up; 0 after Ctrl-C, 1 if a part could not start or has ended."""
    screen = Screen()
    env = dict(os.environ)
    if args.port is not None:
        env["PORT"] = str(args.port)
    # A person at the keyboard does not want to wait for calls of their own to end.
    env.setdefault("DRAIN_SECONDS", "2")
    if not env.get("APP_ENV", "").strip():
        env["APP_ENV"] = "development"
    settings = Settings.from_env(env)
    signals = Signals()
    directory = run_directory()
    stack = Stack(env, directory, port=settings.port)
    parent = os.getppid() if args.with_parent else None
    status = 1
    try:
        screen.line("Starting", "bold")
        stack.start(lambda name, what, took: screen.line(f"  {name:<8} {what} ({took:.1f} s)"))
        tail = LogTail(directory, screen, everything=args.logs)
        outcome = _demo(args, stack, settings, screen, parent)
        _welcome(stack, settings, screen, outcome, directory)
        tail.start()
        status = _watch(stack, screen, parent)
    except PartFailed as failed:
        screen.line(f"  {failed.message}", "bad")
    except KeyboardInterrupt:
        status = 0
    finally:
        signals.stopping(stack.kill)
        screen.line("Stopping", "bold")
        stack.stop()
        remove_run_directory(directory)
    return status


class Signals:
    """The first signal stops the program in order; one that comes later ends its parts at once.

    A signal to a whole process group arrives twice, as `make` passes its own on to its children:
    the second one, within `SAME_SIGNAL_S`, is the same.
    """

    def __init__(self) -> None:
        self._first_at: float | None = None
        self._kill: Callable[[], None] | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def stopping(self, kill: Callable[[], None]) -> None:
        """The program is ending: another signal calls `kill`."""
        self._first_at = self._first_at or time.monotonic()
        self._kill = kill

    def _handle(self, *_: Any) -> None:
        if self._first_at is None:
            self._first_at = time.monotonic()
            raise KeyboardInterrupt
        if self._kill is not None and time.monotonic() - self._first_at > SAME_SIGNAL_S:
            self._kill()


def _watch(stack: Stack, screen: Screen, parent: int | None) -> int:
    """Wait until a part ends by itself; the exit status for that. With `parent`, end also when
    that process has."""
    while True:
        if parent is not None and os.getppid() != parent:
            screen.line("  the process that started this one has ended", "bad")
            return 1
        dead = stack.dead()
        if dead is not None:
            screen.line(f"  {dead.name} {dead.status}{because(dead)}", "bad")
            return 1
        time.sleep(WATCH_S)


def _demo(
    args: argparse.Namespace,
    stack: Stack,
    settings: Settings,
    screen: Screen,
    parent: int | None,
) -> Outcome | None:
    """Play the shipped scenario, unless it is not wanted."""
    if args.no_demo or os.environ.get("DEMO", "").strip().lower() in ("0", "no", "false"):
        return None
    if settings.calendar_url != "redis:":
        screen.line("No demonstration call: it would be booked in the calendar of CALENDAR_URL.")
        return None
    refusal = _model_problem(settings)
    if refusal is not None:
        screen.line(f"  model    {refusal.what}", "bad")
        screen.line(f"           {refusal.cure}", "bad")
        screen.line("No demonstration call: the model cannot be used.")
        return None
    screen.line()
    screen.line(f"A caller books an appointment ({args.speed:g} times as fast as people speak):")
    screen.line()
    records = Records(stack.base, settings.admin_token)
    script = free_days.with_new_callers(scenario.load(DEMO))
    stage = Stage(
        stack.socket_url,
        fetch=records.fetch,
        later=free_days.first_free(script, records, settings),
        watch=screen.watch,
        speed=args.speed,
        stop=lambda: stack.dead() is not None or parent not in (None, os.getppid()),
    )
    outcomes = play(script, stage)
    screen.line()
    dead = stack.dead()
    if dead is not None:
        raise PartFailed(f"{dead.name} {dead.status} during the call")
    for problem in (p for outcome in outcomes for p in (*outcome.failures, *outcome.faults)):
        screen.line(f"  The call did not go as the scenario says: {problem}", "bad")
    return outcomes[-1] if outcomes else None


def _model_problem(settings: Settings) -> Finding | None:
    """Why the model that the environment names cannot be used, if it cannot."""
    if not settings.openai_api_key and not settings.openai_base_url:
        return None
    (found,) = open_session(settings, with_turn=False)
    return found if found.verdict == "bad" else None


def _welcome(
    stack: Stack, settings: Settings, screen: Screen, outcome: Outcome | None, directory: Path
) -> None:
    """What is up, and three things to try."""
    base = f"http://localhost:{stack.port}"
    python = _python()
    port = "" if stack.port == Settings.port else f"PORT={stack.port} "
    call = outcome.call_id if outcome else "CALL_ID"
    token = ' -H "Authorization: Bearer $ADMIN_TOKEN"' if settings.admin_token else ""
    records = Records(base, settings.admin_token)
    if outcome is not None:
        for booking in (records.fetch(outcome.call_id) or {}).get("bookings") or []:
            screen.line(f"Booked: {booked(booking)}", "good")
        screen.line()
    screen.line("Up, until Ctrl-C", "bold")
    for name, path in (("console", "/console"), ("talk", "/console/talk"), ("calls", "/api/calls")):
        if records.get(path)[0] == 200:
            screen.line(f"  {name:<9} {base}{path}")
    screen.line(f"  calendar  {base}/calendar.ics")
    screen.line(f"  socket    ws://localhost:{stack.port}/llm-websocket  (Retell's custom LLM URL)")
    screen.line(f"  logs      {_relative(directory)}/")
    screen.line()
    screen.line("Try, in a second terminal", "bold")
    tries = (
        (f"{port}{python} -m app call", "be the caller yourself"),
        (
            f"{port}{python} -m app webhook call_ended",
            "a signed webhook, and its curl command",
        ),
        (f"curl -s{token} {base}/api/calls/{call}", "all there is to know of a call"),
    )
    for command, purpose in tries:
        screen.line(f"  {command}")
        screen.line(f"      {purpose}", "dim")


def booked(booking: dict[str, Any]) -> str:
    """A booking in words."""
    start = dt.datetime.fromisoformat(booking["start"])
    when = f"{start:%A, %B} {start.day}, {start:%H:%M}"
    return f"{booking['service']} for {booking['name']} on {when} ({booking['status']})"


def _python() -> str:
    """How this Python is called from the directory one is in."""
    return _relative(Path(sys.executable))


def _relative(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


class LogTail:
    """Prints what the parts log from now on: warnings, or everything."""

    def __init__(self, directory: Path, screen: Screen, *, everything: bool) -> None:
        self._directory = directory
        self._screen = screen
        self._everything = everything
        self._seen: dict[Path, int] = {}

    def start(self) -> None:
        """Begin; goes on until the program ends."""
        for path in self._directory.glob("*.log"):
            self._seen[path] = path.stat().st_size
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while self._directory.exists():
            for path in sorted(self._directory.glob("*.log")):
                self._read(path)
            time.sleep(WATCH_S)

    def _read(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                file.seek(self._seen.get(path, 0))
                data = file.read()
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._seen[path] = self._seen.get(path, 0) + len(whole)
        for line in whole.splitlines():
            text = short(line, everything=self._everything)
            if text:
                self._screen.line(f"  {path.stem:<8} {text}", "dim")
