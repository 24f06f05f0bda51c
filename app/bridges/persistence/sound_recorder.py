"""Records the sound of one socket of a call, beside the flight record and like it: gathered on the
path of a frame by one append, placed in time and written in the background.

What a killed process had not written, two seconds at most, is missing from the recording and from
nothing else. Where Redis is away for longer, or full, the recording ends there, and the call's
record says so.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections import deque
from collections.abc import Callable

import gevent

from app import logs, metrics
from app.core.call.events import ToPhone
from app.core.record.sound import RATE, SoundChunk, SoundTracks
from app.errors import Unavailable

FLUSH_S = 2.0
#: Sound that waits for Redis, in bytes: about ten seconds of both sides.
MOST_WAITING = 160_000
_PAYLOAD = '"payload":"'

log = logs.get(__name__)


class SoundRecorder:
    """Nothing is recorded before the agent, whose first words are the announcement, has begun.

    write: takes a chunk; False where no more is taken. stopped: is told why the recording ends
    before its call. began_at: when the call began, by `clock`. announced: the call goes on on a new
    socket, and the caller was told.
    """

    def __init__(
        self,
        write: Callable[[SoundChunk], bool],
        stopped: Callable[[str], None],
        began_at: Callable[[], float],
        clock: Callable[[], float],
        *,
        announced: bool = False,
    ) -> None:
        self._write = write
        self._stopped = stopped
        self._began_at = began_at
        self._clock = clock
        self._announced = announced
        self._gathered: list[tuple[float, bytes | ToPhone]] = []
        self._tracks: SoundTracks | None = None
        self._waiting: deque[SoundChunk] = deque()
        self._timer: gevent.Greenlet[..., None] | None = None
        self._over = False

    def caller(self, audio: bytes) -> None:
        """A frame of the caller's came."""
        if self._announced and not self._over:
            self._gather(self._clock(), audio)

    def agent(self, action: ToPhone, now: float) -> None:
        """A frame is sent to the telephone."""
        if self._over or action.mark:
            return
        if not self._announced:
            if not action.audio:
                return
            self._announced = True
        self._gather(now, action)

    def _gather(self, now: float, frame: bytes | ToPhone) -> None:
        self._gathered.append((now, frame))
        if self._timer is None:
            self._timer = gevent.spawn_later(FLUSH_S, logs.carry(self._flush_now_and_then))

    def close(self) -> None:
        """The socket is closed: write the rest."""
        if self._timer is not None:
            self._timer.kill()
        self._flush(last=True)
        self._over = True

    def _flush_now_and_then(self) -> None:
        while not self._over:
            self._flush(last=False)
            gevent.sleep(FLUSH_S)

    def _flush(self, *, last: bool) -> None:
        """Write what was gathered; what cannot be written waits on, within bounds."""
        try:
            self._place(last=last)
            self._write_waiting()
        except Unavailable:
            waiting = sum(len(chunk.caller) + len(chunk.agent) for chunk in self._waiting)
            if waiting > MOST_WAITING:
                self._stop("redis")
        except Exception:
            metrics.ERRORS_TOTAL.labels("sound").inc()
            log.exception("the sound of a call could not be recorded")
            self._stop("error")

    def _place(self, *, last: bool) -> None:
        """Lay what was gathered into its places in time."""
        gathered, self._gathered = self._gathered, []
        if not gathered and self._tracks is None:
            return
        began = self._began_at()
        tracks = self._tracks
        if tracks is None:
            at, frame = gathered[0]
            before = len(frame) if isinstance(frame, bytes) else 0
            tracks = self._tracks = SoundTracks(max(0, _position(at, began) - before))
        for at, frame in gathered:
            now = _position(at, began)
            if isinstance(frame, bytes):
                tracks.caller(now, frame)
            elif frame.audio:
                tracks.agent(now, _audio_of(frame.frame))
            else:
                tracks.clear(now)
        chunk = tracks.take(_position(self._clock(), began), last=last)
        if chunk is not None:
            self._waiting.append(chunk)

    def _write_waiting(self) -> None:
        while self._waiting and not self._over:
            if not self._write(self._waiting[0]):
                self._stop("full")
                return
            self._waiting.popleft()

    def _stop(self, why: str) -> None:
        self._over = True
        self._gathered.clear()
        self._waiting.clear()
        self._stopped(why)


def _position(at: float, began: float) -> int:
    return max(0, round((at - began) * RATE))


def _audio_of(frame: str) -> bytes:
    """The audio of a frame that `app.protocol.twilio.Writer.media` has written."""
    start = frame.index(_PAYLOAD) + len(_PAYLOAD)
    return a2b_base64(frame[start : frame.index('"', start)])
