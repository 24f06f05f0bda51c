"""One response from `response.created` to `response.done`, in time and with its faults.

The ladder is a generator that yields how long to wait before the next step, so that it reads in
the order in which the events are sent. None waits for `poke`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol

from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.output import Output, Wires
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.protocol.items import Conversation
from app.rehearsal.realtime_server.reply import Call, Part, Say
from app.rehearsal.realtime_server.usage import LimitReached, Spending
from app.rehearsal.sound import spoken

NEVER = float("inf")
#: Yields seconds to wait, or None to wait for a poke.
Ladder = Generator[float | None, None, None]

_WORD = re.compile(r"\s*\S+")
_ARGUMENTS_STEP = 12
#: Faults that end or hold the stream after a number of deltas.
_HOLDING = ("stall", "deaf_stall", "mute_response", "drop", "failed", "incomplete")


class Host(Wires, Protocol):
    """What a response needs of its session."""

    def drop(self, how: str, code: int) -> None: ...
    def go_mute(self) -> None: ...
    def rate_limits(self, tokens: int) -> None: ...
    def voice(self, request: spoken.Request) -> spoken.Utterance: ...


class _End(Exception):
    """The response ends here with a status that is not completed."""

    def __init__(self, status: str, **details: Any) -> None:
        super().__init__(status)
        self.status = status
        self.details = {"type": status, **details}


class Response:
    """A running response. `due` is the time of its next step, in seconds."""

    def __init__(
        self,
        host: Host,
        response_id: str,
        *,
        parts: Sequence[Part],
        settings: dict[str, Any],
        conversation: Conversation | None,
        spending: Spending,
        pace: Pace,
        faults: dict[str, Fault],
        now: float,
        on_end: Callable[[Response], None],
    ) -> None:
        self.id = response_id
        self.status = "in_progress"
        self.created = False
        self.due = now
        self.faults = faults
        self._host = host
        self._parts = parts
        self._settings = settings
        self._conversation = conversation
        self._spending = spending
        self._pace = pace
        self._output = Output(host, response_id, conversation, faults)
        self._on_end = on_end
        self._play = self._ladder()

    # -- driven by the session ------------------------------------------------------------

    def run(self, now: float) -> None:
        """Send all that is due at `now`."""
        while self.due <= now:
            try:
                wait = next(self._play)
            except StopIteration:
                self.due = NEVER
                return
            self.due = NEVER if wait is None else self.due + wait

    def poke(self, now: float) -> None:
        """Something that the ladder waited for has come."""
        if self.due == NEVER and self.status == "in_progress":
            self.due = now

    def cancel(self, reason: str, now: float) -> None:
        """End as cancelled for `reason` (client_cancelled, turn_detected)."""
        if "deaf_stall" in self.faults:
            return
        slow = self.faults.pop("slow_cancel", None)
        self._play.close()
        self._play = self._cancelled(reason, slow.seconds if slow else 0.0)
        self.due = now

    @property
    def audio_ms(self) -> int:
        """Length of all audio sent so far."""
        return self._output.audio_ms

    @property
    def cancellable(self) -> bool:
        """A cancel that overtakes response.created finds nothing to cancel."""
        return self.created or "no_created" in self.faults

    # -- the ladder -----------------------------------------------------------------------

    def _ladder(self) -> Ladder:
        if "no_created" in self.faults:
            yield None
            return
        yield self._pace.created
        if (error := self.faults.get("error")) is not None:
            self._refused(error)
            return
        place = self.faults["rate_limits"].place if "rate_limits" in self.faults else "last"
        if place in ("first", "twice"):
            self._host.rate_limits(0)
        self.created = True
        if "done_without_created" not in self.faults:
            self._host.emit({"type": "response.created", "response": self._resource()})
        if place == "created":
            self._host.rate_limits(0)
        yield self._pace.first + self._extra("slow_first")
        try:
            for part in self._parts:
                if isinstance(part, Call):
                    yield from self._call(part)
                elif self._settings["output_modalities"] == ["audio"]:
                    yield from self._spoken_message(part)
                else:
                    yield from self._text_message(part)
            yield from self._hold(NEVER)
        except _End as end:
            self._output.close("incomplete")
            self._done(end.status, end.details)
        else:
            self._done("completed", None)
        if place in ("last", "twice"):
            self._host.rate_limits(self._spending.total(self.audio_ms))

    def _cancelled(self, reason: str, seconds: float) -> Ladder:
        if seconds:
            yield seconds
        self._output.close("incomplete")
        self._done("cancelled", {"type": "cancelled", "reason": reason})
        self._host.rate_limits(self._spending.total(self.audio_ms))
        late = self.faults.get("late_deltas")
        for _ in range(max(1, late.after) if late else 0):
            self._output.stray(" late")

    def _text_message(self, part: Say) -> Ladder:
        self._output.open_message(part.phase, audio=False)
        pause = self._pace.delta + self._extra("slow_deltas")
        for match in _WORD.finditer(part.text):
            yield from self._hold(self._spending.deltas)
            self._spend(match.group())
            self._output.delta(match.group())
            if pause:
                yield pause
        self._output.close("completed")

    def _spoken_message(self, part: Say) -> Ladder:
        """Sentence by sentence: the transcript runs ahead, the audio follows in its frames."""
        self._output.open_message(part.phase, audio=True)
        chosen = self._settings["audio"]["output"]
        for sentence in spoken.sentences(part.text):
            request = spoken.Request(
                self, sentence, chosen["format"]["type"], str(chosen["voice"]), chosen["speed"]
            )
            utterance = self._host.voice(request)
            for match in _WORD.finditer(sentence):
                self._spend(match.group())
                self._output.delta(match.group())
            while not utterance.ready:
                yield None
            for frame, milliseconds in utterance.frames():
                yield from self._hold(self._spending.deltas)
                self._spending.deltas += 1
                self._output.audio(frame, milliseconds)
                pause = milliseconds / 1000 / self._pace.audio if self._pace.audio else 0.0
                pause += self._extra("slow_deltas")
                if pause:
                    yield pause
            self._output.mark()
        self._output.close("completed")

    def _call(self, part: Call) -> Ladder:
        for _ in range(2 if "repeat_call" in self.faults else 1):
            self._output.open_call(part.name)
            for at in range(0, len(part.arguments), _ARGUMENTS_STEP):
                yield from self._hold(self._spending.deltas)
                piece = part.arguments[at : at + _ARGUMENTS_STEP]
                self._spend(piece)
                self._output.delta(piece)
                if self._pace.arguments:
                    yield self._pace.arguments
            self._output.close("completed")

    def _spend(self, text: str) -> None:
        """Count a delta and its tokens; raises `_End` if the limit is reached."""
        try:
            self._spending.spend(text, self.audio_ms)
        except LimitReached:
            raise _End("incomplete", reason="max_output_tokens") from None

    # -- the end --------------------------------------------------------------------------

    def _done(self, status: str, details: dict[str, Any] | None) -> None:
        self.status = status
        self.due = NEVER
        resource = self._resource()
        resource["status_details"] = details
        resource["output"] = [dict(item.wire) for item in self._output.items]
        resource["usage"] = self._spending.usage(self.audio_ms)
        self._host.emit({"type": "response.done", "response": resource})
        self._on_end(self)

    def _resource(self) -> dict[str, Any]:
        settings = self._settings
        output = settings["audio"]["output"]
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": None,
            "output": [],
            "conversation_id": self._conversation.id if self._conversation else None,
            "output_modalities": settings["output_modalities"],
            "max_output_tokens": settings["max_output_tokens"],
            "audio": {"output": {"format": output["format"], "voice": output["voice"]}},
            "usage": None,
            "metadata": settings.get("metadata"),
        }

    # -- faults ---------------------------------------------------------------------------

    def _extra(self, kind: str) -> float:
        fault = self.faults.get(kind)
        return fault.seconds if fault is not None else 0.0

    def _hold(self, deltas: float) -> Ladder:
        """End or hold the stream here, where a fault wants that after so many deltas."""
        if not self.faults:
            return
        for kind in _HOLDING:
            fault = self.faults.get(kind)
            if fault is not None and deltas >= fault.after:
                self._strike(fault)
                while True:
                    yield None

    def _strike(self, fault: Fault) -> None:
        match fault.kind:
            case "failed":
                error = {"type": fault.error_type, "code": fault.code, "message": fault.message}
                raise _End("failed", error=error)
            case "incomplete":
                raise _End("incomplete", reason=fault.reason)
            case "drop":
                self._host.drop(fault.how, fault.close_code)
            case "mute_response":
                self._host.go_mute()

    def _refused(self, fault: Fault) -> None:
        """The generation is refused by an error event; no response exists."""
        self.status = "failed"
        self._on_end(self)
        self._host.emit(fault.as_error(self._settings.get("event_id")))
        if fault.close is not None:
            self._host.drop("close", fault.close)
