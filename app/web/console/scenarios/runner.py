"""Plays scenarios from the server: `python -m app call` as a process of its own, followed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
import orjson
from gevent.lock import BoundedSemaphore

from app import logs
from app.adapters.calls.plays import FAILED, RUNNING, STOPPED, Play, Plays
from app.bridges.drain import Drain
from app.errors import Conflict, Unavailable
from app.local.processes import Part
from app.local.stack import ROOT
from app.settings import Settings

#: A play ends after so many seconds, however often it was to be repeated.
LIMIT_S = 15 * 60
#: How often its output is read, and how often its lease is renewed where it tells nothing.
READ_S, RENEW_S = 0.4, 5.0
#: A caller who is told to stop hangs up, and has so many seconds for it.
STOP_S = 8.0
#: How long the list of scenarios may take to be read.
LIST_S = 20.0
#: How much a caller's process may write, in bytes.
MOST_OUTPUT = 2_000_000
#: How long the end of a play is tried to be kept while Redis is away.
KEEP_END_S = 120.0

BUSY = "a scenario is being played; wait until it is over, or stop it"

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """A scenario that can be played; `requires` is blank where nothing has to be set up."""

    name: str
    about: str
    requires: str
    checks: tuple[str, ...]


class ScenarioRunner:
    """Starts plays, one at a time, and sees to their end."""

    def __init__(self, plays: Plays, settings: Settings, drain: Drain) -> None:
        self._plays = plays
        self._settings = settings
        self._drain = drain
        self._free = BoundedSemaphore(1)
        self._known: tuple[Known, ...] = ()

    def known(self) -> tuple[Known, ...]:
        """The scenarios that `python -m app call` knows. Raises `Unavailable`."""
        if not self._known:
            self._known = self._list()
        return self._known

    def start(self, play: Play) -> None:
        """Begin a play. Raises `Conflict` where one goes on, `Unavailable`, `PartFailed`."""
        if not self._free.acquire(blocking=False):
            raise Conflict(BUSY)
        try:
            if not self._plays.begin(play):
                raise Conflict(BUSY)
            directory = Path(tempfile.mkdtemp(prefix="play-"))
            part = Part(
                "the caller",
                self._command(play),
                log=directory / "lines",
                env=self._environment(),
                cwd=ROOT,
            )
            part.start()
        except BaseException:
            self._free.release()
            raise
        gevent.spawn(self._follow, play, part, directory)

    def _follow(self, play: Play, part: Part, directory: Path) -> None:
        """Keep what the process tells until it ends, or has to."""
        lines, renewed, begun = _Output(part.log), time.monotonic(), time.monotonic()
        why = ""
        try:
            while part.alive and not why:
                gevent.sleep(READ_S)
                told = lines.read_into(play)
                why = self._reason_to_stop(play, lines, begun)
                if (told or time.monotonic() - renewed >= RENEW_S) and play.state == RUNNING:
                    renewed = time.monotonic()
                    self._keep(play)
            part.stop(STOP_S)
            lines.read_into(play)
            _conclude(play, part, why)
            self._keep_end(play)
        finally:
            part.kill()
            shutil.rmtree(directory, ignore_errors=True)
            self._free.release()

    def _reason_to_stop(self, play: Play, lines: _Output, begun: float) -> str:
        if self._drain.draining:
            return "stopped: the server is being restarted"
        if time.monotonic() - begun > LIMIT_S:
            return f"stopped: it took longer than {LIMIT_S // 60} minutes"
        if lines.size > MOST_OUTPUT:
            return "stopped: it wrote too much"
        try:
            return "stopped on request" if self._plays.is_to_stop(play.id) else ""
        except Unavailable:
            return ""

    def _keep(self, play: Play) -> bool:
        try:
            self._plays.keep(play)
        except Unavailable:
            return False
        return True

    def _keep_end(self, play: Play) -> None:
        log.info("a scenario was played", extra={"scenario": play.scenario, "state": play.state})
        since = time.monotonic()
        while not self._keep(play) and time.monotonic() - since < KEEP_END_S:
            gevent.sleep(1.0)

    def _command(self, play: Play) -> list[str]:
        command = [*_CALL, play.scenario, "--lines", "--test", "--agent", play.agent]
        command += ["--speed", str(play.speed)]
        if play.seed is not None:
            command += ["--seed", str(play.seed)]
        return [*command, "--repeat", str(play.repeat)] if play.repeat > 1 else command

    def _environment(self) -> dict[str, str]:
        """The caller reaches this very server, by its own address."""
        env = {**os.environ, "PORT": str(self._settings.port), "APP_ENV": self._settings.env}
        env.pop("PROMETHEUS_MULTIPROC_DIR", None)  # it is no part of the server's figures
        return env

    def _list(self) -> tuple[Known, ...]:
        try:
            done = subprocess.run(
                [*_CALL, "--list", "--lines"],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIST_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            log.exception("the scenarios could not be listed")
            raise Unavailable(
                "the scenarios cannot be listed; see the log", retry_after=5
            ) from error
        found = (orjson.loads(line) for line in done.stdout.splitlines())
        return tuple(
            Known(each["name"], each["about"], each["requires"], tuple(each["checks"]))
            for each in found
        )


_CALL = (sys.executable, "-m", "app", "call")


class _Output:
    """The lines that a process has written to a file so far."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rest = b""
        self.size = 0

    def read_into(self, play: Play) -> bool:
        """Take new lines into the play; True if there were any. What is no JSON is left out."""
        with self._path.open("rb") as file:
            file.seek(self.size)
            data = file.read(MOST_OUTPUT)
        self.size += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        told = [line for line in map(_decoded, lines) if line]
        for line in told:
            play.take(line)
        return bool(told)


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) and "what" in value else {}


def _conclude(play: Play, part: Part, why: str) -> None:
    """Say how the play ended: as the process told, as it was stopped, or that it broke off."""
    if why:
        play.end(STOPPED, why, time.time())
    elif play.state != RUNNING:
        play.end(play.state, play.told, time.time())
    else:
        last = part.tail(1).strip()
        said = f": {logs.redact(last)}" if last and not last.startswith("{") else ""
        play.end(FAILED, f"the caller's process {part.status}{said}", time.time())
