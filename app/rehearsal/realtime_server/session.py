"""One Realtime session without I/O: client events and the time in, server events out.

Output gathers in `channel.out`: bytes are events to send, `Drop` ends the connection. The owner
calls `receive` for every message, `tick` when `deadline` has come, and sends what is in
`channel.out`; it has the `channel.utterances` spoken and tells so by `voiced`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from app.rehearsal.realtime_server.channel import Channel
from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.listening import Listening
from app.rehearsal.realtime_server.protocol import client_events, items, session_config
from app.rehearsal.realtime_server.protocol.refusal import Refusal
from app.rehearsal.realtime_server.responding import Responding
from app.rehearsal.realtime_server.response import NEVER
from app.rehearsal.realtime_server.stage import Stage
from app.rehearsal.sound import spoken

_KEPT_EVENTS = 200


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
        self.wake: Callable[[], None] = _nothing
        self.received: Counter[str] = Counter()
        self.log: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self._faults = faults
        expire, drop = faults.get("expire"), faults.get("drop_after")
        length = expire.seconds if expire else stage.session_seconds
        self._expires = now + length
        self._drop_at = now + drop.seconds if drop else NEVER
        self.channel = Channel(
            model,
            number=number,
            key=f"{stage.salt}{number:05x}",
            caller=caller,
            now=now,
            wall_at_start=wall_at_start,
            expires_at=wall_at_start + length,
            waits=bool(stage.pace.first),
            mute="mute" in faults,
        )
        self.responding = Responding(self.channel, stage)
        self.listening = Listening(
            self.channel, self.responding, lambda: stage.next_heard(number, caller)
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
        self.channel.emit({"type": "session.created", "session": self.channel.config})
        if self.stage.announce_conversation:
            conversation = {"id": self.channel.conversation.id, "object": "realtime.conversation"}
            self.channel.emit({"type": "conversation.created", "conversation": conversation})
        fault = self._faults.get("error_at_start")
        if fault is not None:
            self.channel.emit(fault.as_error(None))
            if fault.close is not None:
                self.channel.drop("close", fault.close)

    def refuse(self, refusal: Refusal) -> None:
        """The connection is open but not admitted."""
        self._refused({"type": "handshake"}, refusal)

    def receive(self, raw: bytes, now: float) -> None:
        """Take one message of the client."""
        if not self.live:
            return
        self.channel.now = now
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
        self.channel.now = now
        if not self.live:
            return
        if now >= self._drop_at:
            fault = self._faults["drop_after"]
            self.channel.drop(fault.how, fault.close_code)
        elif now >= self._expires:
            self.channel.emit(
                Refusal(
                    "Your session hit the maximum duration of 60 minutes.", code="session_expired"
                ).as_event(None)
            )
            self.channel.drop("close", 1001)
        else:
            self._run(now)

    def deadline(self) -> float:
        """When `tick` is to be called next."""
        return min(
            self._expires,
            self._drop_at,
            self.channel.alarms.next_at(),
            self.responding.deadline(),
            self.listening.deadline(),
        )

    def voiced(self, request: spoken.Request, now: float) -> None:
        """The voice has the audio of a request."""
        self.channel.now = now
        request.response.poke(now)
        self._run(now)

    @property
    def number(self) -> int:
        """Of the session, from 1 since the server started."""
        return self.channel.number

    @property
    def live(self) -> bool:
        """Whether the connection still stands."""
        return self.channel.live

    @property
    def awaits_caller(self) -> bool:
        """Whether the session is open and owes the caller nothing."""
        return self.live and not self.responding.is_busy and self.channel.conversation.is_answered

    @property
    def responses(self) -> int:
        """How many responses there were in the conversation."""
        return self.responding.count

    def lost(self, because: str) -> None:
        """The connection is gone. What was said is kept to be looked at, its audio is not."""
        if self.channel.ended_because is None:
            self.channel.ended_because = because
        for item in self.channel.conversation:
            item.audio = b""
        self.listening.forget()

    def _run(self, now: float) -> None:
        self.listening.tick(now)
        self.channel.alarms.run(now)
        self.responding.run(now)

    # -- client events --------------------------------------------------------------------

    def _refused(self, event: dict[str, Any], refusal: Refusal) -> None:
        kind, event_id = event.get("type"), event.get("event_id")
        self.stage.violation(self.number, str(kind), refusal.code, refusal.message)
        self.channel.emit(refusal.as_event(event_id if isinstance(event_id, str) else None))
        if refusal.close is not None:
            self.channel.drop("close", refusal.close)

    def _update(self, event: dict[str, Any]) -> None:
        change, spoken_before = event["session"], self.responding.spoken
        self.channel.config = session_config.updated(
            self.channel.config, change, spoken=spoken_before
        )
        self.listening.configured()
        self.channel.emit({"type": "session.updated", "session": self.channel.config})

    def _create_item(self, event: dict[str, Any]) -> None:
        item = items.from_client(event["item"], self.channel.fresh_id("item_"))
        previous = self.channel.conversation.add(item, event.get("previous_item_id"))
        for kind in ("conversation.item.added", "conversation.item.done"):
            self.channel.emit({"type": kind, "previous_item_id": previous, "item": item.wire})

    def _delete_item(self, event: dict[str, Any]) -> None:
        self.channel.conversation.delete(event["item_id"])
        self.channel.emit({"type": "conversation.item.deleted", "item_id": event["item_id"]})

    def _retrieve_item(self, event: dict[str, Any]) -> None:
        item = self.channel.conversation.need(event["item_id"], "retrieve")
        self.channel.emit({"type": "conversation.item.retrieved", "item": item.with_audio()})

    def _truncate_item(self, event: dict[str, Any]) -> None:
        rate = spoken.RATES[self.channel.config["audio"]["output"]["format"]["type"]]
        cut = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
        self.channel.conversation.truncate(**cut, rate=rate)
        self.channel.emit({"type": "conversation.item.truncated", **cut})


def _nothing() -> None:
    """Stands for a connection where there is none."""
