"""The socket under a call as Retell keeps it: keepalive, reconnects, and how a call ends by it.

Source: Retell's guide "Setup WebSocket server"; the numbers are in `rules`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.rehearsal.retell_caller import events, frames, rules
from app.rehearsal.retell_caller.frames import Other

Step = Callable[[float], None]


@dataclass(slots=True)
class Outbox:
    """What the client must do: send frames, then perhaps close, leave or open a socket.

    `close` is a close code to send. `abandon` leaves the socket as it is, without a close frame.
    `connect_at` is when to open the next one.
    """

    send: list[bytes] = field(default_factory=list)
    close: int | None = None
    abandon: bool = False
    connect_at: float | None = None


class Link:
    """One call's sockets, one after the other. `end` gets the reason when none is left."""

    def __init__(
        self,
        now: float,
        *,
        reconnect_s: float,
        emit: Callable[[events.Event], None],
        end: Callable[[str], None],
    ) -> None:
        self.outbox = Outbox(connect_at=now)
        self.sockets = 0
        self.open = False
        self.deaf = False
        self.flags: dict[str, bool] = {}
        self._reconnect_s = reconnect_s
        self._emit = emit
        self._end = end
        self._connections = rules.Connections()
        self._next_ping: float | None = None
        self._last_pong = now

    def connected(self) -> None:
        """A socket to the server is open; what it wants is not known before its `config`."""
        self._connections.accepted()
        self.open, self.deaf, self.flags, self._next_ping = True, False, {}, None
        self.outbox.connect_at = None
        self.sockets += 1
        self._emit(events.Connected(self.sockets))

    def failed_to_open(self, why: str, now: float) -> None:
        """A connection attempt was refused or timed out."""
        self._emit(events.Refused(why))
        reason = self._connections.failed_to_open()
        if reason:
            self._end(reason)
        else:
            self.outbox.connect_at = now + rules.OPEN_GAP_S

    def lost(self, code: int, now: float) -> None:
        """The socket was closed by the server with `code`; 1006 where it vanished."""
        if self.deaf or not self.open:
            return
        self.open = False
        self._go_on(self._connections.closed(code), f"socket closed with {code}", now)

    def drop(self, now: float) -> None:
        """The network cuts the connection."""
        self.outbox.abandon = True
        self.lost(rules.ABNORMAL, now)

    def configure(self, frame: Other, now: float) -> None:
        """The server's `config`."""
        self.flags = dict(frame.members["config"])
        if self.flags.get("auto_reconnect"):
            self._last_pong = self._next_ping = now

    def pong(self, now: float) -> None:
        """The echo of a keepalive."""
        self._last_pong = now

    def send(self, frame: bytes) -> bool:
        """Send a frame. False where it cannot reach anybody."""
        if self.open and not self.deaf:
            self.outbox.send.append(frame)
            return True
        return False

    def hang_up(self, code: int) -> None:
        """Close for good."""
        self.outbox.connect_at = None
        if self.open:
            self.outbox.close = code
        self.open = False

    def due(self) -> list[tuple[float, Step]]:
        """What is to be done, and when."""
        if self._next_ping is None or not self.open:
            return []
        return [
            (self._next_ping, self._ping),
            (self._last_pong + rules.PING_LOST_S, self._keepalive_lost),
        ]

    def _ping(self, at: float) -> None:
        self.send(frames.ping(int(at * 1000)))
        self._next_ping = at + rules.PING_EVERY_S

    def _keepalive_lost(self, at: float) -> None:
        self.open = False
        if self.deaf:
            self.outbox.abandon = True
        else:
            self.outbox.close = 1001
        self._go_on(self._connections.keepalive_lost(), "no ping_pong came back", at)

    def _go_on(self, reason: str | None, why: str, now: float) -> None:
        self._next_ping = None
        if reason:
            self._end(reason)
        else:
            self.outbox.connect_at = now + self._reconnect_s
            self._emit(events.Reconnecting(why))
