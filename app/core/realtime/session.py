"""The model's side of a call: one session at a time, over as many connections as it takes.

Holds the conversation, so that a new, empty session can be given it again; asks for one response at
a time; tells what of the model's output belongs to the turn that may speak. Sends nothing itself:
actions are appended to `out`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.call.events import Note, ToModel
from app.core.realtime.connection import Gone, ModelLink
from app.core.realtime.history import Create, History
from app.core.realtime.response_gate import ResponseGate
from app.core.tools.declarations import FunctionCall
from app.errors import ModelError
from app.protocol import realtime
from app.protocol.retell_llm import Utterance

#: A cancelled response that is not over after this many seconds has stalled with its session.
CANCEL_WAIT_S = 2.0

_RUNNING_ID = re.compile(r"\bresp_\w+")


@dataclass(frozen=True, slots=True)
class Request:
    """A response that is wanted. `heard` is reconciled first; None leaves the items as they are."""

    key: str
    heard: tuple[Utterance, ...] | None = None
    note: str | None = None
    overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
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


Happening = Said | Finished | Gone


@dataclass
class ModelSession(ModelLink):
    """See the module."""

    history: History = field(default_factory=History)
    gate: ResponseGate = field(default_factory=ResponseGate)
    wanted: Request | None = None
    asked: Request | None = None
    _events: int = 0
    _calls: list[FunctionCall] = field(default_factory=list)
    _spoken_item: str | None = None
    _cancel_event: str | None = None
    _executed: set[str] = field(default_factory=set)
    _refusals: int = 0

    def _furnish(self) -> None:
        self.link = "ready"
        self.gate.reset()
        self._calls.clear()
        self._send(realtime.session_update(self.config))
        self.history.tidy()
        for item in self.history.items:
            self._send(realtime.item_create(item.wire(), None, self._event("i")))

    def close(self) -> None:
        """End the session for good."""
        super().close()
        self.wanted = self.asked = None
        self.gate.reset()

    def reconfigure(self) -> None:
        """Give the running session the present `config`."""
        if self.link == "ready":
            self._send(realtime.session_update(self.config))

    @property
    def quiet(self) -> bool:
        """Whether no response runs or is wanted."""
        return self.gate.free and self.wanted is None

    def _drop(self) -> None:
        self.link = "closed"
        if self.wanted is None and self.asked is not None and not self.gate.cancelled:
            self.wanted = self.asked
        self.asked = None
        self.gate.reset()
        self._calls.clear()

    def request(self, request: Request, now: float) -> None:
        """Want a response; whatever runs is cancelled first."""
        self.wanted, self.asked = request, None
        self.cancel(now)
        self.advance(now)

    def withdraw(self, now: float) -> None:
        """Want no response any more."""
        self.wanted = self.asked = None
        self.cancel(now)

    def cancel(self, now: float) -> None:
        """Stop the response that runs, by its own id."""
        response_id = self.gate.cancel(now)
        if response_id is not None:
            self._send_cancel(response_id)

    def _send_cancel(self, response_id: str) -> None:
        self._cancel_event = self._event("x")
        self._send(realtime.response_cancel(response_id, self._cancel_event))

    def advance(self, now: float) -> None:
        """Ask for the wanted response as soon as nothing is in its way."""
        if self.link == "closed":
            if self.wanted is not None:
                self.open(now)
            return
        if self.link != "ready" or not self.gate.free:
            return
        if self.wanted is None:
            self._switch()
            return
        request, self.wanted = self.wanted, None
        if request.heard is not None:
            self._reconcile(request.heard)
        if request.note:
            self.append("note", request.note)
        self.asked = request
        self._calls.clear()
        self._spoken_item = None
        self.gate.ask(request.key, now)
        self._send(realtime.response_create(request.key, self._event("c"), **request.overrides))

    def _reconcile(self, heard: Sequence[Utterance]) -> None:
        for edit in self.history.reconcile(heard):
            if isinstance(edit, Create):
                self._send(realtime.item_create(edit.item.wire(), edit.previous, self._event("i")))
            else:
                self._send(realtime.item_delete(edit.item_id, self._event("d")))

    def append(
        self, kind: Literal["user", "assistant", "note", "output"], text: str, call_id: str = ""
    ) -> None:
        """Add an item at the end of the conversation, in the session too if there is one."""
        item = self.history.append(kind, text, call_id=call_id)
        if self.link == "ready":
            self._send(realtime.item_create(item.wire(), None, self._event("i")))

    def handle(self, event: realtime.ServerEvent, now: float) -> Happening | None:
        """One event of the present session."""
        if isinstance(event, realtime.TextDelta):
            item = self.history.find(event.item_id)
            if item is not None:
                item.text += event.delta
            if not self.gate.wants(event.response_id) or self.gate.key is None:
                return None
            text = event.delta
            if self._spoken_item != event.item_id:
                # Two message items of one response are two sentences.
                text = text if self._spoken_item is None else " " + text.lstrip()
                self._spoken_item = event.item_id
            return Said(self.gate.key, text)
        if isinstance(event, realtime.OutputItem):
            self._output_item(event)
            return None
        if isinstance(event, realtime.ResponseCreated):
            unwanted = self.gate.created(event.response_id, event.key, now)
            if unwanted is not None:
                self._send_cancel(unwanted)
            return None
        if isinstance(event, realtime.ResponseDone):
            return self._response_done(event, now)
        if isinstance(event, realtime.SessionChanged):
            if event.expires_at:
                self.expires_at = event.expires_at
            return None
        if isinstance(event, realtime.Error):
            return self._error(event, now)
        return None

    def _output_item(self, event: realtime.OutputItem) -> None:
        item = event.item
        item_id, kind = str(item.get("id")), item.get("type")
        known = self.history.find(item_id)
        if kind == "message" and known is None:
            self.history.append("assistant", "", item_id=item_id)
        elif kind == "function_call":
            call_id, name = str(item.get("call_id")), str(item.get("name"))
            arguments = str(item.get("arguments") or "")
            if known is None:
                known = self.history.append("call", "", item_id=item_id, call_id=call_id, name=name)
            known.text = arguments or known.text
            wanted = event.done and self.gate.wants(event.response_id)
            if wanted and all(call.call_id != call_id for call in self._calls):
                self._calls.append(FunctionCall(call_id, name, arguments))

    def _response_done(self, event: realtime.ResponseDone, now: float) -> Happening | None:
        if event.out_of_band:
            return None
        held, key, unwanted = self.gate.done(event.response_id, event.key)
        if event.usage:
            self.out.append(Note("usage", event.usage))
        for item in event.output:
            self._output_item(realtime.OutputItem(event.response_id, False, item))
        calls = tuple(self._calls) if held else ()
        if held:
            self._calls.clear()
        if held and not unwanted and event.status == "completed":
            seen = {call.call_id for call in calls}
            calls += tuple(
                FunctionCall(
                    str(item.get("call_id")), str(item["name"]), str(item.get("arguments") or "")
                )
                for item in event.output
                if item.get("type") == "function_call" and str(item.get("call_id")) not in seen
            )
        else:
            calls = ()
            self._forget_calls(event)
        self._executed.update(call.call_id for call in calls)
        if not held:
            return None
        asked, self.asked = self.asked, None
        if unwanted or key is None or asked is None:
            self.advance(now)
            return None
        if event.status == "completed":
            self.attempts = self._refusals = 0
        reason = event.error_code if event.status == "failed" else event.reason
        if event.error_code in ModelError.FATAL_CODES:
            self.fatal = event.error_code
            return Gone(str(event.error_code))
        return Finished(key, event.status, reason, calls)

    def _forget_calls(self, event: realtime.ResponseDone) -> None:
        """Calls of a response that was not to be are taken out, so that no result is awaited."""
        for item in event.output:
            call_id = str(item.get("call_id"))
            if item.get("type") == "function_call" and call_id not in self._executed:
                item_id = str(item.get("id"))
                if self.history.remove(item_id):
                    self._send(realtime.item_delete(item_id, self._event("d")))

    def _error(self, event: realtime.Error, now: float) -> Happening | None:
        about = event.event_id or ""
        self.out.append(Note("model_error", {"code": event.code, "about": about[:1]}))
        if event.code in ModelError.FATAL_CODES:
            self.fatal = event.code
            return Gone(event.code)
        if event.code == "conversation_already_has_active_response":
            found = _RUNNING_ID.search(event.message)
            if self.wanted is None and self.asked is not None:
                self.wanted = self.asked
            self.asked = None
            self.gate.blocked(found.group() if found else None, now)
            if found:
                self._send_cancel(found.group())
        elif event.code == "response_cancel_not_active":
            if about == self._cancel_event and self.gate.state == "running":
                # Its `response.done` is on the way or was never sent; nothing runs any more.
                self.gate.reset()
                self.advance(now)
        elif about.startswith("c"):
            key = self.gate.refused()
            self.asked = None
            if key is not None:
                return Finished(key, "failed", event.code, ())
        elif about.startswith(("i", "s")):
            self._refusals += 1
            if self._refusals > 1:
                # Tool items depend on one another; the words alone are always accepted.
                self.history.keep_messages()
            self.reopen("conversation_refused", now)
        return None

    def deadline(self) -> float | None:
        """When `tick` has something to do."""
        if self.gate.cancelled:
            return self.gate.since + CANCEL_WAIT_S
        return self.renewal_at()

    def tick(self, now: float) -> None:
        """Give up what has waited for too long, renew what is about to expire."""
        if self.gate.cancelled and now >= self.gate.since + CANCEL_WAIT_S:
            self.reopen("cancel_stalled", now)
            return
        renewal = self.renewal_at()
        if renewal is not None and now >= renewal:
            self.renew()

    def _event(self, kind: str) -> str:
        self._events += 1
        return f"{kind}{self._events}"

    def _send(self, raw: bytes) -> None:
        self.out.append(ToModel(self.number, raw))
