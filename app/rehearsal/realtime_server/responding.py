"""The responses of a session: one at a time in its conversation, any number beside it."""

from __future__ import annotations

from typing import Any

from app.rehearsal.realtime_server.emitter import Emitter, Silence
from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.protocol import client_events, items
from app.rehearsal.realtime_server.protocol.items import Item
from app.rehearsal.realtime_server.protocol.refusal import Refusal
from app.rehearsal.realtime_server.reply import Call, Part, Prompt, Say
from app.rehearsal.realtime_server.response import NEVER, Response
from app.rehearsal.realtime_server.stage import Stage
from app.rehearsal.realtime_server.usage import Meter, Spending, pieces


class Responding:
    """Handles `response.create` and `response.cancel` for its session.

    `count` is the number of responses in the conversation so far, `spoken` whether one of them had
    audio. `silence` is the part that waits for the caller, once there is one.
    """

    def __init__(self, session: Emitter, stage: Stage) -> None:
        self.silence: Silence | None = None
        self.count = 0
        self.spoken = False
        self._session = session
        self._stage = stage
        self._meter = Meter()
        self._active: Response | None = None
        self._aside: dict[str, Response] = {}

    @property
    def is_busy(self) -> bool:
        """Whether a response runs, in the conversation or beside it."""
        return self._active is not None or bool(self._aside)

    # -- time -----------------------------------------------------------------------------

    def deadline(self) -> float:
        """When the next step of a response is due."""
        due = NEVER if self._active is None else self._active.due
        for response in self._aside.values():
            due = min(due, response.due)
        return due

    def run(self, now: float) -> None:
        """Send what is due."""
        if self._active is not None:
            self._active.run(now)
        if self._aside:
            for response in list(self._aside.values()):
                response.run(now)

    def ended(self, response: Response) -> None:
        """A response is over: the conversation is free again."""
        if response is self._active:
            self._active = None
            self._session.repeated = None
            if self.silence is not None:
                self.silence.answered(response.audio_ms)
        self._aside.pop(response.id, None)
        self.spoken = self.spoken or response.audio_ms > 0

    # -- client events --------------------------------------------------------------------

    def create(self, event: dict[str, Any]) -> None:
        """response.create. Raises `Refusal`, also where the conversation has a response running."""
        overrides = event.get("response") or {}
        settings = client_events.response_settings(self._session.config, overrides)
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

    def cancel(self, event: dict[str, Any]) -> None:
        """response.cancel, of the response named or of the conversation's."""
        wanted = event.get("response_id")
        response = self._active if wanted is None else self._aside.get(wanted, self._active)
        if response is None or not response.cancellable or wanted not in (None, response.id):
            raise Refusal(
                "Cancellation failed: no active response found", code="response_cancel_not_active"
            )
        response.cancel("client_cancelled", self._session.now)

    # -- voice detection ------------------------------------------------------------------

    def interrupt(self) -> None:
        """The caller speaks: whatever is being said ends (interrupt_response)."""
        if self._active is not None:
            self._active.cancel("turn_detected", self._session.now)
            self._active.run(self._session.now)

    def respond(self) -> None:
        """The server itself wants a response (create_response); none while one is running."""
        if self._active is None:
            settings = client_events.response_settings(self._session.config, {})
            self._begin(settings, self._context(None), aside=False)

    # -- beginning ------------------------------------------------------------------------

    def _context(self, chosen: list[Any] | None) -> list[Item]:
        """The items that the response sees: the conversation, or the request's own."""
        session = self._session
        if chosen is None:
            return list(session.conversation)
        context = []
        for at, raw in enumerate(chosen):
            if raw.get("type") == "item_reference":
                context.append(session.conversation.need(str(raw.get("id")), "retrieve"))
            else:
                path = f"response.input[{at}]"
                context.append(items.from_client(raw, session.fresh_id("item_"), path))
        return context

    def _begin(self, settings: dict[str, Any], context: list[Item], *, aside: bool) -> None:
        session, stage = self._session, self._stage
        parts: list[Part] | None = None
        faults: dict[str, Fault] = {}
        if not aside:
            self.count += 1
            faults = stage.faults.in_response(session.number, self.count)
            scripted = stage.scripted(session.number)
            parts = list(scripted) if scripted is not None else None
        if parts is None:
            parts = list(stage.brain.answer(self._prompt(settings, context)))
        response = Response(
            session,
            session.fresh_id("resp_"),
            parts=_bent(parts, faults),
            settings=settings,
            conversation=None if aside else session.conversation,
            spending=Spending(
                self._meter,
                pieces(settings["instructions"] or "", settings["tools"], context),
                settings["max_output_tokens"],
                remember=not aside,
            ),
            pace=stage.pace,
            faults=faults,
            now=session.now,
            on_end=self.ended,
        )
        if aside:
            self._aside[response.id] = response
            return
        self._active = response
        if self.silence is not None:
            self.silence.busy()
        if "duplicate" in faults:
            self._session.repeated = faults["duplicate"].types

    def _prompt(self, settings: dict[str, Any], context: list[Item]) -> Prompt:
        return Prompt(
            instructions=settings["instructions"] or "",
            tools=settings["tools"],
            tool_choice=settings["tool_choice"],
            items=[item.as_seen() for item in context],
            at=self._session.wall(),
            metadata=settings.get("metadata") or {},
        )


def _bent(parts: list[Part], faults: dict[str, Fault]) -> list[Part]:
    """The reply as faults of its content make it."""
    if "preamble" in faults:
        parts = [
            Say(part.text, "final_answer") if isinstance(part, Say) and not part.phase else part
            for part in parts
        ]
        parts.insert(0, Say(faults["preamble"].text, "commentary"))
    if "split" in faults:
        parts = [piece for part in parts for piece in _halves(part)]
    return parts


def _halves(part: Part) -> list[Part]:
    if isinstance(part, Call) or len(part.text.split()) < 2:
        return [part]
    words = part.text.split()
    middle = len(words) // 2
    return [
        Say(" ".join(words[:middle]), part.phase),
        Say(" ".join(words[middle:]), part.phase),
    ]
