"""One Realtime session without I/O: client events and the time in, server events out.

Output gathers in `out`: bytes are events to send, `Drop` ends the connection. The owner calls
`receive` for every message, `tick` when `deadline` has come, and sends what is in `out`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.rehearsal.model import client_events, items, session_config, spoken
from app.rehearsal.model.events import encode
from app.rehearsal.model.faults import Fault
from app.rehearsal.model.items import Conversation, Item
from app.rehearsal.model.listening import Listening
from app.rehearsal.model.refusal import Refusal
from app.rehearsal.model.reply import Call, Part, Prompt, Say
from app.rehearsal.model.response import NEVER, Response
from app.rehearsal.model.stage import Stage
from app.rehearsal.model.usage import Meter, pieces

_TOKENS_PER_MINUTE = 800_000


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection: `how` is rst (reset), fin (no close frame) or close (with `code`)."""

    how: str
    code: int = 1000
    reason: str = ""


class Session:
    """The server's side of one connection.

    `now` is in seconds of any steady clock; `wall` is the Unix time at the start.
    """

    def __init__(
        self,
        stage: Stage,
        model: str,
        *,
        number: int,
        now: float,
        wall: float,
        faults: dict[str, Fault],
    ) -> None:
        self.stage = stage
        self.number = number
        self.wake: Callable[[], None] = _nothing
        self.out: list[bytes | Drop] = []
        self.utterances: list[tuple[spoken.Request, spoken.Utterance]] = []
        self.received: list[str] = []
        self.ended_because: str | None = None
        self._faults = faults
        self._ids = itertools.count(1)
        self._events = itertools.count(1)
        self._key = f"{stage.salt}{self.number:05x}"
        self.now = now
        self._skew = wall - now
        self._mute = "mute" in faults
        expire = faults.get("expire")
        length = expire.seconds if expire else stage.session_seconds
        self._expires = now + length
        after = faults.get("drop_after")
        self._drop_at = now + after.seconds if after else NEVER
        self.config = session_config.initial(model, f"sess_{self._key}", int(wall + length))
        self.conversation = Conversation(f"conv_{self._key}")
        self.responses = 0
        self._meter = Meter()
        self._active: Response | None = None
        self._aside: dict[str, Response] = {}
        self._spoken = False
        self._alarms: list[tuple[float, Callable[[], None]]] = []
        self.listening = Listening(self)
        self._tokens_left = _TOKENS_PER_MINUTE
        self._duplicates: frozenset[str] | None = None
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "session.update": self._update,
            "conversation.item.create": self._create_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate_item,
            "response.create": self._create_response,
            "response.cancel": self._cancel_response,
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
            refusal = Refusal(fault.message, code=fault.code, kind=fault.error_type)
            self.emit(refusal.as_event(None))
            if fault.close is not None:
                self.drop("close", fault.close)

    def refuse_beta(self) -> None:
        """The client asked for the beta protocol by its header."""
        self.refuse(
            Refusal(
                "The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA"
                " API.",
                code="beta_api_shape_disabled",
                close=4000,
            )
        )

    def refuse(self, refusal: Refusal) -> None:
        """The connection is open but not admitted."""
        self._refused({"type": "handshake"}, refusal)

    @property
    def live(self) -> bool:
        """Whether the connection still stands."""
        return self.ended_because is None

    def lost(self, because: str) -> None:
        """The client's connection is gone."""
        if self.ended_because is None:
            self.ended_because = because

    def receive(self, raw: bytes, now: float) -> None:
        """Take one message of the client."""
        if self.ended_because is not None:
            return
        self.now = now
        event: dict[str, Any] = {}
        try:
            event = client_events.decode(raw)
            kind = client_events.check(event)
            self.received.append(kind)
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
        if self.ended_because is not None:
            return
        if now >= self._drop_at:
            fault = self._faults["drop_after"]
            self.drop(fault.how, fault.close_code)
            return
        if now >= self._expires:
            self.emit(
                Refusal(
                    "Your session hit the maximum duration of 60 minutes.", code="session_expired"
                ).as_event(None)
            )
            self.drop("close", 1001)
            return
        self._run(now)

    def deadline(self) -> float:
        """When `tick` is to be called next."""
        due = min(self._expires, self._drop_at, self.listening.deadline())
        for at, _ in self._alarms:
            due = min(due, at)
        if self._active is not None:
            due = min(due, self._active.due)
        for response in self._aside.values():
            due = min(due, response.due)
        return due

    def voiced(self, request: spoken.Request, now: float) -> None:
        """The voice has the audio of a request."""
        self.now = now
        request.response.poke(now)
        self._run(now)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while; with a pace that never waits, at the next opportunity."""
        wait = seconds if self.stage.pace.first else 0.0
        self._alarms.append((self.now + wait, act))

    def _run(self, now: float) -> None:
        self.listening.tick(now)
        if self._alarms:
            ready = [act for at, act in self._alarms if at <= now]
            self._alarms = [entry for entry in self._alarms if entry[0] > now]
            for act in ready:
                act()
        active = self._active
        if active is not None:
            active.run(now)
        if self._aside:
            for response in list(self._aside.values()):
                response.run(now)

    # -- what responses need --------------------------------------------------------------

    def emit(self, event: dict[str, Any]) -> None:
        """Send one event."""
        self.emit_bytes(event["type"], encode(event, self.event_id()))

    def emit_bytes(self, kind: str, event: bytes) -> None:
        """Send one encoded event."""
        if self._mute or self.ended_because is not None:
            return
        self.out.append(event)
        twice = self._duplicates
        if twice is not None and (not twice or kind in twice):
            self.out.append(event)

    def event_id(self) -> str:
        return f"event_{self._key}{next(self._events):x}"

    def fresh_id(self, prefix: str) -> str:
        """A new id; at most 32 characters, as the service demands of its clients."""
        return f"{prefix}{self._key}{next(self._ids):05x}"

    def drop(self, how: str, code: int) -> None:
        """End the connection; nothing is sent or heard after it."""
        if self.ended_because is None:
            self.ended_because = f"{how} {code}" if how == "close" else how
            self.out.append(Drop(how, code))

    def go_mute(self) -> None:
        """Send nothing more; the connection stays open."""
        self._mute = True

    def ended(self, response: Response) -> None:
        """A response is over: the conversation is free again."""
        if response is self._active:
            self._active = None
            self._duplicates = None
            self.listening.answered(response.audio_ms)
        self._aside.pop(response.id, None)
        self._spoken = self._spoken or response.audio_ms > 0

    def rate_limits(self, tokens: int) -> None:
        """Send rate_limits.updated after taking `tokens`."""
        self._tokens_left = max(0, self._tokens_left - tokens)
        self.emit(
            {
                "type": "rate_limits.updated",
                "rate_limits": [
                    {"name": "requests", "limit": 5000, "remaining": 4999, "reset_seconds": 0.012},
                    {
                        "name": "tokens",
                        "limit": _TOKENS_PER_MINUTE,
                        "remaining": self._tokens_left,
                        "reset_seconds": (_TOKENS_PER_MINUTE - self._tokens_left) / 13_333,
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
        self.config = session_config.updated(self.config, event["session"], spoken=self._spoken)
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

    def _cancel_response(self, event: dict[str, Any]) -> None:
        wanted = event.get("response_id")
        response = self._active if wanted is None else self._aside.get(wanted, self._active)
        known = response is not None and (response.created or "no_created" in response.faults)
        if response is None or not known or wanted not in (None, response.id):
            raise Refusal(
                "Cancellation failed: no active response found", code="response_cancel_not_active"
            )
        response.cancel("client_cancelled", self.now)

    def _create_response(self, event: dict[str, Any]) -> None:
        overrides = event.get("response") or {}
        settings = client_events.response_settings(self.config, overrides)
        settings["event_id"] = event.get("event_id")
        aside = overrides.get("conversation") == "none"
        if not aside and self._active is not None:
            raise Refusal(
                "Conversation already has an active response in progress:"
                f" {self._active.id}. Wait until the response is finished before creating a new"
                " one.",
                code="conversation_already_has_active_response",
            )
        self._begin(settings, self._context(overrides.get("input")), aside=aside)

    def interrupt(self) -> None:
        """The caller speaks: whatever is being said ends (interrupt_response)."""
        if self._active is not None:
            self._active.cancel("turn_detected", self.now)
            self._active.run(self.now)

    def respond(self) -> None:
        """The server itself wants a response (create_response); none while one is running."""
        if self._active is None:
            settings = client_events.response_settings(self.config, {})
            self._begin(settings, self._context(None), aside=False)

    def _context(self, chosen: list[Any] | None) -> list[Item]:
        """The items that the response sees: the conversation, or the request's own."""
        if chosen is None:
            return list(self.conversation)
        context = []
        for at, raw in enumerate(chosen):
            if raw.get("type") == "item_reference":
                context.append(self.conversation.need(str(raw.get("id")), "retrieve"))
            else:
                path = f"response.input[{at}]"
                context.append(items.from_client(raw, self.fresh_id("item_"), path))
        return context

    def _begin(self, settings: dict[str, Any], context: list[Item], *, aside: bool) -> None:
        parts: list[Part] | None = None
        faults: dict[str, Fault] = {}
        if not aside:
            self.responses += 1
            faults = self.stage.faults.in_response(self.number, self.responses)
            scripted = self.stage.scripted(self.number)
            parts = list(scripted) if scripted is not None else None
        if parts is None:
            prompt = Prompt(
                instructions=settings["instructions"] or "",
                tools=settings["tools"],
                tool_choice=settings["tool_choice"],
                items=[item.as_seen() for item in context],
                at=self.now + self._skew,
                metadata=settings.get("metadata") or {},
            )
            parts = list(self.stage.brain.answer(prompt))
        response = Response(
            self,
            self.fresh_id("resp_"),
            parts=_bent(parts, faults),
            settings=settings,
            conversation=None if aside else self.conversation,
            context=pieces(settings["instructions"] or "", settings["tools"], context),
            meter=self._meter,
            pace=self.stage.pace,
            faults=faults,
            now=self.now,
        )
        if aside:
            self._aside[response.id] = response
        else:
            self._active = response
            self.listening.busy()
            if "duplicate" in faults:
                self._duplicates = faults["duplicate"].types


def _nothing() -> None:
    """Stands for a connection in tests."""


def _bent(parts: list[Part], faults: dict[str, Fault]) -> list[Part]:
    """The reply as faults of its content make it."""
    if "preamble" in faults:
        parts = [Say(faults["preamble"].text, "commentary"), *parts]
        parts = [
            Say(p.text, "final_answer") if isinstance(p, Say) and not p.phase else p for p in parts
        ]
    if "split" in faults:
        cut: list[Part] = []
        for part in parts:
            if isinstance(part, Call) or len(part.text.split()) < 2:
                cut.append(part)
                continue
            words = part.text.split(" ")
            half = len(words) // 2
            cut.append(Say(" ".join(words[:half]), part.phase))
            cut.append(Say(" " + " ".join(words[half:]), part.phase))
        parts = cut
    return parts
