"""The flight record of a call: every event and action, gathered, and written in the background.

Recording costs the path of a frame one append. A shared greenlet encodes and writes what was
gathered a few times a second. What a killed process had not written is missing from the record and
from nothing else.

The form of an entry is in `app.core.record.entries`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent

from app import logs, metrics
from app.core.call import events
from app.core.record.entries import encode
from app.errors import Unavailable

FLUSH_S = 0.3
#: Entries kept of one call; a longer call's record ends with a mark that says so.
MAX_ENTRIES = 40_000

log = logs.get(__name__)


class FlightRecorder:
    """Gathers the entries of one socket of a call; `socket` is its lease's fence."""

    def __init__(self, write: Callable[[list[bytes]], object]) -> None:
        self._write = write
        self.socket = 0
        self._gathered: list[tuple[float, Any]] = []
        self._count = 0

    def begin(self, now: float, about: dict[str, Any]) -> None:
        """What the call began with: everything a replay needs beside the events."""
        self._add(now, {"begin": about})

    def keep(self, now: float, about: dict[str, Any]) -> None:
        """Something else that belongs into the record."""
        self._add(now, about)

    def event(self, now: float, event: events.Event) -> None:
        """An event that is about to be decided upon."""
        self._add(now, event)

    def action(self, now: float, action: events.Action) -> None:
        """An action that was decided."""
        if not isinstance(action, (events.SaveState, events.Note)):
            self._add(now, action)

    def _add(self, now: float, entry: Any) -> None:
        self._count += 1
        if self._count > MAX_ENTRIES:
            if self._count > MAX_ENTRIES + 1:
                return
            entry = {"full": MAX_ENTRIES}
        self._gathered.append((now, entry))
        _flusher.dirty(self)

    def flush(self) -> None:
        """Write what was gathered. A store that is away loses this part of the record only."""
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return
        try:
            self._write([line for at, what in gathered if (line := self._line(at, what))])
        except Unavailable:
            metrics.ERRORS_TOTAL.labels("record").inc()
        except Exception:
            metrics.ERRORS_TOTAL.labels("record").inc()
            log.exception("the flight record could not be written")

    def _line(self, now: float, entry: Any) -> bytes:
        """An entry as a line; empty where it cannot be written, which costs that entry only."""
        try:
            return encode(now, self.socket, entry)
        except Exception:
            metrics.ERRORS_TOTAL.labels("record").inc()
            log.exception("an entry of the flight record could not be written")
            return b""


class _Flusher:
    """Flushes all recorders that gathered something, in one greenlet."""

    def __init__(self) -> None:
        self._dirty: set[FlightRecorder] = set()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def dirty(self, recorder: FlightRecorder) -> None:
        self._dirty.add(recorder)
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._run)

    def _run(self) -> None:
        while self._dirty:
            gevent.sleep(FLUSH_S)
            batch, self._dirty = self._dirty, set()
            for recorder in batch:
                recorder.flush()


_flusher = _Flusher()
