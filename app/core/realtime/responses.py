"""The responses of the model's session: which one is wanted, which runs, and what it says.

Methods return events to send; where there is no session they are sent to nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.core.realtime.event_ids import EventIds, Purpose
from app.core.realtime.function_calls import FunctionCalls, call_of
from app.core.realtime.response_gate import ResponseGate
from app.core.tools.declarations import FunctionCall
from app.protocol import realtime
from app.protocol.retell_llm import Utterance

_RUNNING_ID = re.compile(r"\bresp_\w+")


@dataclass(frozen=True, slots=True)
class Request:
    """A response that is wanted. `heard` is reconciled first; None leaves the items as they are."""

    key: str
    heard: tuple[Utterance, ...] | None = None
    note: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)


class Said(NamedTuple):
    """Text for the turn of `key`."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The response for `key` is over. `calls` are to be executed; empty unless it completed."""

    key: str
    status: str
    reason: str | None
    calls: tuple[FunctionCall, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A response ended. `held` where it held the gate; `finished` where it was the one asked for;
    `uncalled` are its items whose calls nobody executes."""

    held: bool
    finished: Finished | None
    uncalled: list[str]


@dataclass(slots=True)
class Responses:
    """`wanted` is asked for as soon as nothing is in its way; `asked` is what runs for us."""

    ids: EventIds
    gate: ResponseGate = field(default_factory=ResponseGate)
    calls: FunctionCalls = field(default_factory=FunctionCalls)
    wanted: Request | None = None
    asked: Request | None = None
    _spoken_item: str | None = None
    _cancel_event: str | None = None

    @property
    def busy(self) -> bool:
        """Whether a response runs or is wanted."""
        return not self.gate.free or self.wanted is not None

    def want(self, request: Request | None, now: float) -> list[bytes]:
        """Want that response, or none; whatever runs is cancelled."""
        self.wanted, self.asked = request, None
        return self._cancel(self.gate.cancel(now))

    def _cancel(self, response_id: str | None) -> list[bytes]:
        if response_id is None:
            return []
        self._cancel_event = self.ids.new(Purpose.CANCEL)
        return [realtime.response_cancel(response_id, self._cancel_event)]

    def lose_session(self, *, keep: bool) -> None:
        """The session goes. With `keep`, what it was asked for is wanted from the next."""
        if keep and self.wanted is None and not self.gate.cancelled:
            self.wanted = self.asked
        self.asked = None
        self.gate.reset()
        self.calls.clear()

    def ask(self, request: Request, now: float) -> bytes:
        """Ask for what is wanted; only while the gate is free."""
        self.wanted, self.asked = None, request
        self.calls.clear()
        self._spoken_item = None
        self.gate.ask(request.key, now)
        event_id = self.ids.new(Purpose.RESPONSE)
        return realtime.response_create(request.key, event_id, **request.overrides)

    def created(self, event: realtime.ResponseCreated, now: float) -> list[bytes]:
        """The server announced a response; one that is unwanted is cancelled."""
        return self._cancel(self.gate.created(event.response_id, event.key, now))

    def words(self, event: realtime.TextDelta | realtime.TranscriptDelta) -> Said | None:
        """A piece of text; None where it is nobody's turn to say it."""
        if not self.gate.wants(event.response_id) or self.gate.key is None:
            return None
        text = event.delta
        if self._spoken_item != event.item_id:
            # Two message items of one response are two sentences.
            text = text if self._spoken_item is None else " " + text.lstrip()
            self._spoken_item = event.item_id
        return Said(self.gate.key, text)

    def item(self, event: realtime.OutputItem) -> None:
        """An item of a response; the tools that it calls are executed when the response ends."""
        called = event.done and event.item.get("type") == "function_call"
        if called and self.gate.wants(event.response_id):
            self.calls.add(call_of(event.item))

    def done(self, event: realtime.ResponseDone) -> Ended:
        """A response ended."""
        held, key, unwanted = self.gate.done(event.response_id, event.key)
        calls: tuple[FunctionCall, ...] = ()
        uncalled: list[str] = []
        if held and not unwanted and event.status == "completed":
            calls = self.calls.finish(event)
        else:
            if held:
                self.calls.clear()
            uncalled = self.calls.unwanted(event)
        asked = self.asked
        if held:
            self.asked = None
        if not held or unwanted or key is None or asked is None:
            return Ended(held, None, uncalled)
        reason = event.error_code if event.status == "failed" else event.reason
        return Ended(True, Finished(key, event.status, reason, calls), uncalled)

    def refused(self, code: str) -> Finished | None:
        """The server refused what it was asked for."""
        key, self.asked = self.gate.refused(), None
        return None if key is None else Finished(key, "failed", code, ())

    def blocked(self, message: str, now: float) -> list[bytes]:
        """The server runs another response: it is cancelled, and ours asked for after it."""
        found = _RUNNING_ID.search(message)
        running = found.group() if found else None
        self.wanted, self.asked = self.wanted or self.asked, None
        self.gate.blocked(running, now)
        return self._cancel(running)

    def nothing_to_cancel(self, event_id: str | None) -> bool:
        """The server found nothing to cancel; whether that freed the gate.

        The end of the response is on the way or was never sent; nothing runs any more.
        """
        if event_id != self._cancel_event or not self.gate.running:
            return False
        self.gate.reset()
        return True
