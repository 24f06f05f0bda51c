"""The flight record of a call: every event and action, gathered, and written in the background.

Recording costs the path of a frame one append. A shared greenlet encodes and writes what was
gathered a few times a second. What a killed process had not written is missing from the record and
from nothing else.

The form of an entry is in `app.core.record.entries`, of audio in `app.core.record.moments`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gevent

from app import logs, metrics
from app.adapters.shared_loop import SharedLoop
from app.core.call import events
from app.core.record.entries import UNRECORDED, encode
from app.core.record.moments import Entry, Moments
from app.errors import Unavailable

FLUSH_S = 0.3
#: Lines kept of one call; a longer call's record ends with a mark that says so.
MAX_LINES = 40_000

log = logs.get(__name__)


class FlightRecorder:
    """Gathers the entries of one socket of a call; `socket` is its lease's fence."""

    def __init__(self, write: Callable[[list[bytes]], object]) -> None:
        self._write = write
        self.socket = 0
        self._gathered: list[tuple[float, Any]] = []
        self._moments = Moments()
        self._lines = 0
        self._last = 0.0

    @property
    def full(self) -> bool:
        """Whether nothing is recorded any more."""
        return self._lines > MAX_LINES

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
        if not isinstance(action, UNRECORDED):
            self._add(now, action)

    def _add(self, now: float, entry: Any) -> None:
        if self._lines <= MAX_LINES:
            self._last = now
            self._gathered.append((now, entry))
            _flusher.add(self)

    def flush(self, *, last: bool = False) -> None:
        """Write what was gathered; with `last`, also the audio that waits for more of it. A store
        that is away loses this part of the record only."""
        gathered, self._gathered = self._gathered, []
        lines: list[bytes] = []
        for now, entry in gathered:
            lines += self._encode(partial(self._moments.add, now, entry))
        if last:
            lines += self._encode(self._moments.close)
        if not lines:
            return
        try:
            self._write(lines)
        except Unavailable:
            metrics.ERRORS_TOTAL.labels("record").inc()
        except Exception:
            metrics.ERRORS_TOTAL.labels("record").inc()
            log.exception("the flight record could not be written")

    def _encode(self, complete: Callable[[], list[Entry]]) -> list[bytes]:
        """Entries as lines; none where they cannot be written, which costs nothing else."""
        lines: list[bytes] = []
        try:
            for now, entry in complete():
                lines.append(encode(now, self.socket, entry))
        except Exception:
            metrics.ERRORS_TOTAL.labels("record").inc()
            log.exception("an entry of the flight record could not be written")
        before, self._lines = self._lines, self._lines + len(lines)
        if self._lines <= MAX_LINES:
            return lines
        kept = lines[: max(0, MAX_LINES - before)]
        end = encode(self._last, self.socket, {"full": MAX_LINES})
        return [*kept, end] if before <= MAX_LINES else []


def _flush(recorders: set[FlightRecorder]) -> None:
    gevent.sleep(FLUSH_S)
    gathered = tuple(recorders)
    recorders.clear()
    for recorder in gathered:
        recorder.flush()


#: Flushes all recorders of the process that gathered something.
_flusher = SharedLoop(_flush)
