"""One Realtime session without I/O: client events and the time in, server events out.

Output gathers in `out`: bytes are events to send, `Drop` ends the connection. The owner calls
`receive` for every message, `tick` when `deadline` has come, and sends what is in `out`; it has
the `utterances` spoken and tells so by `voiced`.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.rehearsal.realtime_server import client_events, items, session_config
from app.rehearsal.realtime_server.events import encode
from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.items import Conversation
from app.rehearsal.realtime_server.listening import Listening
from app.rehearsal.realtime_server.refusal import Refusal
from app.rehearsal.realtime_server.responding import Responding
from app.rehearsal.realtime_server.response import NEVER, Response
from app.rehearsal.realtime_server.stage import Stage
from app.rehearsal.sound import spoken

_TOKENS_PER_MINUTE = 800_000
_KEPT_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection: `how` is rst (reset), fin (no close frame) or close (with `code`)."""

    how: str
    code: int = 1000
    reason: str = ""


class Session:
    """The server's side of one connection.

    `now` is in seconds of any steady clock; `wall_at_start` is the Unix time then. `received`
    counts the client's events by type, `log` keeps the latest of them except for audio.
    """

    def __init__(
        self,
        stage: Stage,
        model: str,
        *,
        number: int,
        now: float,
        wall_at_start: float,
        faults: dict[str, Fault],
        caller: str | None = None,
    ) -> None:
        self.stage = stage
        self.number = number
        self.now = now
        self.caller = caller
        self.wake: Callable[[], None] = _nothing
        self.out: list[bytes | Drop] = []
        self.utterances: list[tuple[spoken.Request, spoken.Utterance]] = []
        self.received: Counter[str] = Counter()
        self.log: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self.ended_because: str | None = None
        self._faults = faults
        self._ids = itertools.count(1)
        self._events = itertools.count(1)
        self._key = f"{stage.salt}{number:05x}"
        self._skew = wall_at_start - now
        self._mute = "mute" in faults
        expire, drop = faults.get("expire"), faults.get("drop_after")
        length = expire.seconds if expire else stage.session_seconds
        self._expires = now + length
        self._drop_at = now + drop.seconds if drop else NEVER
        self._alarms: list[tuple[float, Callable[[], None]]] = []
        self._tokens_left = _TOKENS_PER_MINUTE
        expires_at = int(wall_at_start + length)
        self.config = session_config.initial(model, f"sess_{self._key}", expires_at)
        self.conversation = Conversation(f"conv_{self._key}")
        self.responding = Responding(self, stage)
        self.listening = Listening(
            self, self.responding, lambda: stage.next_heard(self.number, self.caller)
        )
        self.responding.silence = self.listening
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "session.update": self._update,
            "conversation.item.create": self._create_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate_item,
            "response.create": self.responding.create,
            "response.cancel": self.responding.cancel,
            "input_audio_buffer.append": self.listening.append,
            "input_audio_buffer.commit": self.listening.commit,
            "input_audio_buffer.clear": self.listening.clear,
        }
        stage.keep(self)

    # -- driven by the connection ---------------------------------------------------------

    def open(self) -> None:
        """The handshake is done: greet the client with the session's defaults."""
        self.emit({"type": "session.created", "session": self.config})
        if self.stage.announce_conversation:
            conversation = {"id": self.conversation.id, "object": "realtime.conversation"}
            self.emit({"type": "conversation.created", "conversation": conversation})
        fault = self._faults.get("error_at_start")
        if fault is not None:
            self.emit(fault.as_error(None))
            if fault.close is not None:
                self.drop("close", fault.close)

    def refuse(self, refusal: Refusal) -> None:
        """The connection is open but not admitted."""
        self._refused({"type": "handshake"}, refusal)

    def receive(self, raw: bytes, now: float) -> None:
        """Take one message of the client."""
        if not self.live:
            return
        self.now = now
        event: dict[str, Any] = {}
        try:
            event = client_events.decode(raw)
            kind = client_events.check(event)
            self.received[kind] += 1
            if kind != "input_audio_buffer.append":
                self.log.append(event)
            handler = self._handlers.get(kind)
            if handler is None:
                raise Refusal(f"'{kind}' is not available on this transport.", code="invalid_value")
            handler(event)
        except Refusal as refusal:
            self._refused(event, refusal)
        self._run(now)

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.now = now
        if not self.live:
            return
        if now >= self._drop_at:
            fault = self._faults["drop_after"]
            self.drop(fault.how, fault.close_code)
        elif now >= self._expires:
            self.emit(
                Refusal(
                    "Your session hit the maximum duration of 60 minutes.", code="session_expired"
                ).as_event(None)
            )
            self.drop("close", 1001)
        else:
            self._run(now)

    def deadline(self) -> float:
        """When `tick` is to be called next."""
        due = min(
            self._expires, self._drop_at, self.responding.deadline(), self.listening.deadline()
        )
        for at, _ in self._alarms:
            due = min(due, at)
        return due

    def voiced(self, request: spoken.Request, now: float) -> None:
        """The voice has the audio of a request."""
        self.now = now
        request.response.poke(now)
        self._run(now)

    @property
    def live(self) -> bool:
        """Whether the connection still stands."""
        return self.ended_because is None

    @property
    def responses(self) -> int:
        """How many responses there were in the conversation."""
        return self.responding.count

    def lost(self, because: str) -> None:
        """The connection is gone. What was said is kept to be looked at, its audio is not."""
        if self.ended_because is None:
            self.ended_because = because
        for item in self.conversation:
            item.audio = b""
        self.listening.forget()

    def _run(self, now: float) -> None:
        self.listening.tick(now)
        if self._alarms:
            ready = [act for at, act in self._alarms if at <= now]
            self._alarms = [entry for entry in self._alarms if entry[0] > now]
            for act in ready:
                act()
        self.responding.run(now)

    # -- what the parts need --------------------------------------------------------------

    def wall(self) -> float:
        """The Unix time now."""
        return self.now + self._skew

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while; with a pace that never waits, at the next opportunity."""
        wait = seconds if self.stage.pace.first else 0.0
        self._alarms.append((self.now + wait, act))

    def emit(self, event: dict[str, Any]) -> None:
        """Send one event."""
        self.emit_bytes(event["type"], encode(event, self.event_id()))

    def emit_bytes(self, kind: str, event: bytes) -> None:
        """Send one encoded event."""
        if self._mute or not self.live:
            return
        self.out.append(event)
        twice = self.responding.duplicated
        if twice is not None and (not twice or kind in twice):
            self.out.append(event)

    def event_id(self) -> str:
        """A new id for a server event."""
        return f"event_{self._key}{next(self._events):x}"

    def fresh_id(self, prefix: str) -> str:
        """A new id; at most 32 characters, as the service demands of its clients."""
        return f"{prefix}{self._key}{next(self._ids):05x}"

    def drop(self, how: str, code: int) -> None:
        """End the connection; nothing is sent or heard after it.

        Codes that are never on the wire (1005, 1006, 1015) mean an end without a close frame.
        """
        if how == "close" and code in (1005, 1006, 1015):
            how = "fin"
        if self.live:
            self.ended_because = f"{how} {code}" if how == "close" else how
            self.out.append(Drop(how, code))

    def go_mute(self) -> None:
        """Send nothing more; the connection stays open."""
        self._mute = True

    def ended(self, response: Response) -> None:
        """A response is over."""
        self.responding.ended(response)

    def rate_limits(self, tokens: int) -> None:
        """Send rate_limits.updated after taking `tokens`."""
        self._tokens_left = max(0, self._tokens_left - tokens)
        used = _TOKENS_PER_MINUTE - self._tokens_left
        self.emit(
            {
                "type": "rate_limits.updated",
                "rate_limits": [
                    {"name": "requests", "limit": 5000, "remaining": 4999, "reset_seconds": 0.012},
                    {
                        "name": "tokens",
                        "limit": _TOKENS_PER_MINUTE,
                        "remaining": self._tokens_left,
                        "reset_seconds": used / (_TOKENS_PER_MINUTE / 60),
                    },
                ],
            }
        )

    def voice(self, request: spoken.Request) -> spoken.Utterance:
        """Ask the owner for the audio of a text."""
        utterance = spoken.Utterance(request.format)
        self.utterances.append((request, utterance))
        return utterance

    # -- client events --------------------------------------------------------------------

    def _refused(self, event: dict[str, Any], refusal: Refusal) -> None:
        kind, event_id = event.get("type"), event.get("event_id")
        self.stage.violation(self.number, str(kind), refusal.code, refusal.message)
        self.emit(refusal.as_event(event_id if isinstance(event_id, str) else None))
        if refusal.close is not None:
            self.drop("close", refusal.close)

    def _update(self, event: dict[str, Any]) -> None:
        change, spoken_before = event["session"], self.responding.spoken
        self.config = session_config.updated(self.config, change, spoken=spoken_before)
        self.listening.configured()
        self.emit({"type": "session.updated", "session": self.config})

    def _create_item(self, event: dict[str, Any]) -> None:
        item = items.from_client(event["item"], self.fresh_id("item_"))
        previous = self.conversation.add(item, event.get("previous_item_id"))
        for kind in ("conversation.item.added", "conversation.item.done"):
            self.emit({"type": kind, "previous_item_id": previous, "item": item.wire})

    def _delete_item(self, event: dict[str, Any]) -> None:
        self.conversation.delete(event["item_id"])
        self.emit({"type": "conversation.item.deleted", "item_id": event["item_id"]})

    def _retrieve_item(self, event: dict[str, Any]) -> None:
        item = self.conversation.need(event["item_id"], "retrieve")
        self.emit({"type": "conversation.item.retrieved", "item": item.with_audio()})

    def _truncate_item(self, event: dict[str, Any]) -> None:
        rate = spoken.RATES[self.config["audio"]["output"]["format"]["type"]]
        cut = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self.conversation.truncate(**cut, rate=rate)
        self.emit({"type": "conversation.item.truncated", **cut})


def _nothing() -> None:
    """Stands for a connection where there is none."""
