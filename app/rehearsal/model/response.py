"""One response from `response.created` to `response.done`: the ladder of its events.

The ladder is a generator that yields how long to wait before the next step, so that it reads in
the order in which the events are sent (OpenAI's guide "Realtime conversations"). None waits for
`poke`. Cancelling closes what is open with what was sent so far.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Generator, Sequence
from typing import Any, Protocol

from app.rehearsal.model import spoken
from app.rehearsal.model.events import DeltaWriter
from app.rehearsal.model.faults import Fault
from app.rehearsal.model.items import Conversation, Item, Wire
from app.rehearsal.model.pace import Pace
from app.rehearsal.model.reply import Call, Part, Say
from app.rehearsal.model.usage import ASSISTANT_AUDIO_MS, Meter, Piece, text_tokens

NEVER = float("inf")
#: Yields seconds to wait, or None to wait for a poke.
Ladder = Generator[float | None, None, None]
_DELTA = re.compile(r"\s*\S+")
_ARGUMENTS_STEP = 12


class Host(Protocol):
    """What a response needs of its session."""

    def emit(self, event: dict[str, Any]) -> None: ...
    def emit_bytes(self, kind: str, event: bytes) -> None: ...
    def event_id(self) -> str: ...
    def fresh_id(self, prefix: str) -> str: ...
    def drop(self, how: str, code: int) -> None: ...
    def go_mute(self) -> None: ...
    def ended(self, response: Response) -> None: ...
    def rate_limits(self, tokens: int) -> None: ...
    def voice(self, request: spoken.Request) -> spoken.Utterance: ...


class _End(Exception):
    """The response ends here with a status that is not completed."""

    def __init__(self, status: str, details: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.details = details


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
        context: list[Piece],
        meter: Meter,
        pace: Pace,
        faults: dict[str, Fault],
        now: float,
    ) -> None:
        self.id = response_id
        self.conversation = conversation
        self.metadata: dict[str, str] | None = settings.get("metadata")
        self.status = "in_progress"
        self.created = False
        self.due = now
        self.faults = faults
        self._host = host
        self._parts = parts
        self._settings = settings
        self._context = context
        self._meter = meter
        self._pace = pace
        self._output: list[Item] = []
        self._open: Item | None = None
        self._text = ""
        self._part_open = False
        self._deltas = 0
        self._tokens = 0
        self._audio_ms = 0
        self._writer: DeltaWriter | None = None
        limit = settings["max_output_tokens"]
        self._limit: float = NEVER if limit == "inf" else limit
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
        return self._audio_ms

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
        slow = self.faults.get("slow_first")
        yield self._pace.first + (slow.seconds if slow else 0.0)
        try:
            for part in self._parts:
                if isinstance(part, Call):
                    yield from self._call(part)
                elif self._settings["output_modalities"] == ["audio"]:
                    yield from self._spoken_message(part)
                else:
                    yield from self._text_message(part)
            if (strike := self._strike(NEVER)) is not None:
                yield from strike
        except _End as end:
            self._close_open("incomplete")
            self._done(end.status, end.details)
        else:
            self._done("completed", None)
        if place in ("last", "twice"):
            self._host.rate_limits(self._tokens)

    def _cancelled(self, reason: str, seconds: float) -> Ladder:
        writer = self._writer
        if seconds:
            yield seconds
        self._close_open("incomplete")
        self._done("cancelled", {"type": "cancelled", "reason": reason})
        self._host.rate_limits(self._tokens)
        late = self.faults.get("late_deltas")
        if late is not None and writer is not None:
            for _ in range(max(1, late.after)):
                self._host.emit_bytes(writer.kind, writer.write(" late", self._host.event_id()))

    def _text_message(self, part: Say) -> Ladder:
        where = self._open_message(part, "output_text", {"type": "text", "text": ""})
        self._writer = DeltaWriter("response.output_text.delta", where)
        yield from self._stream_words(part.text)
        self._close_open("completed")

    def _spoken_message(self, part: Say) -> Ladder:
        """Sentence by sentence: the transcript runs ahead, the audio follows in its frames."""
        where = self._open_message(part, "output_audio", {"type": "audio", "transcript": ""})
        item = self._open
        assert item is not None
        words = DeltaWriter("response.output_audio_transcript.delta", where)
        audio = DeltaWriter("response.output_audio.delta", where)
        output = self._settings["audio"]["output"]
        for sentence in spoken.sentences(part.text):
            utterance = self._host.voice(
                spoken.Request(
                    self, sentence, output["format"]["type"], str(output["voice"]), output["speed"]
                )
            )
            self._writer = words
            yield from self._stream_words(sentence, wait=False)
            while not utterance.ready:
                yield None
            self._writer = audio
            for frame, milliseconds in utterance.frames():
                if (strike := self._strike(self._deltas)) is not None:
                    yield from strike
                self._deltas += 1
                self._host.emit_bytes(
                    audio.kind, audio.write_base64(b64encode(frame), self._host.event_id())
                )
                item.audio += frame
                item.audio_ms += milliseconds
                self._audio_ms += milliseconds
                self._tokens += milliseconds // ASSISTANT_AUDIO_MS
                if self._pace.audio:
                    yield milliseconds / 1000 / self._pace.audio
            item.marks.append((item.audio_ms, self._text))
        self._close_open("completed")

    def _stream_words(self, text: str, *, wait: bool = True) -> Ladder:
        host, writer, extra = self._host, self._writer, self.faults.get("slow_deltas")
        assert writer is not None
        pause = (self._pace.delta if wait else 0.0) + (extra.seconds if extra else 0.0)
        for match in _DELTA.finditer(text):
            if (strike := self._strike(self._deltas)) is not None:
                yield from strike
            word = match.group()
            tokens = max(1, text_tokens(word))
            if self._tokens + tokens > self._limit:
                raise _End("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
            self._deltas += 1
            self._tokens += tokens if wait else 0
            self._text += word
            host.emit_bytes(writer.kind, writer.write(word, host.event_id()))
            if pause:
                yield pause

    def _call(self, part: Call) -> Ladder:
        repeats = 2 if "repeat_call" in self.faults else 1
        for _ in range(repeats):
            item_id = self._host.fresh_id("item_")
            call_id = f"call_{item_id[5:]}"
            where = self._open_item(
                {
                    "id": item_id,
                    "object": "realtime.item",
                    "type": "function_call",
                    "status": "in_progress",
                    "name": part.name,
                    "call_id": call_id,
                    "arguments": "",
                }
            )
            del where["content_index"]
            self._writer = DeltaWriter(
                "response.function_call_arguments.delta", {**where, "call_id": call_id}
            )
            for at in range(0, len(part.arguments), _ARGUMENTS_STEP):
                if (strike := self._strike(self._deltas)) is not None:
                    yield from strike
                piece = part.arguments[at : at + _ARGUMENTS_STEP]
                tokens = text_tokens(piece)
                if self._tokens + tokens > self._limit:
                    raise _End("incomplete", {"type": "incomplete", "reason": "max_output_tokens"})
                self._deltas += 1
                self._tokens += tokens
                self._text += piece
                self._host.emit_bytes(
                    self._writer.kind, self._writer.write(piece, self._host.event_id())
                )
                if self._pace.arguments:
                    yield self._pace.arguments
            self._close_open("completed")

    # -- items and parts ------------------------------------------------------------------

    def _open_message(self, part: Say, content: str, wire_part: Wire) -> dict[str, Any]:
        wire: Wire = {
            "id": self._host.fresh_id("item_"),
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        if part.phase is not None:
            wire["phase"] = part.phase
        where = self._open_item(wire)
        self._host.emit({"type": "response.content_part.added", **where, "part": wire_part})
        self._open_content = content
        self._part_open = True
        return where

    def _open_item(self, wire: Wire) -> dict[str, Any]:
        """Announce a new item; gives the fields that name its first part."""
        item = Item(wire)
        index = len(self._output)
        self._output.append(item)
        self._open, self._text = item, ""
        self._host.emit(
            {
                "type": "response.output_item.added",
                "response_id": self.id,
                "output_index": index,
                "item": dict(wire),
            }
        )
        if self.conversation is not None:
            previous = self.conversation.add(item)
            self._host.emit(
                {
                    "type": "conversation.item.added",
                    "previous_item_id": previous,
                    "item": dict(wire),
                }
            )
        return {
            "response_id": self.id,
            "item_id": item.id,
            "output_index": index,
            "content_index": 0,
        }

    def _close_open(self, status: str) -> None:
        """Send the done events of the open item with what was streamed of it."""
        item, text = self._open, self._text
        if item is None:
            return
        self._open = None
        index = len(self._output) - 1
        ids = {"response_id": self.id, "item_id": item.id, "output_index": index}
        item.wire["status"] = status
        if item.wire["type"] == "function_call":
            item.wire["arguments"] = text
            self._host.emit(
                {
                    "type": "response.function_call_arguments.done",
                    **ids,
                    "call_id": item.wire["call_id"],
                    "name": item.wire["name"],
                    "arguments": text,
                }
            )
        elif self._part_open:
            self._close_part(item, text, {**ids, "content_index": 0})
        self._item_done(item, index)

    def _close_part(self, item: Item, text: str, ids: dict[str, Any]) -> None:
        self._part_open = False
        emit = self._host.emit
        if self._open_content == "output_text":
            item.wire["content"] = [{"type": "output_text", "text": text}]
            part = {"type": "text", "text": text}
            emit({"type": "response.output_text.done", **ids, "text": text})
        else:
            item.wire["content"] = [{"type": "output_audio", "transcript": text}]
            part = {"type": "audio", "transcript": text}
            emit({"type": "response.output_audio.done", **ids})
            emit({"type": "response.output_audio_transcript.done", **ids, "transcript": text})
        emit({"type": "response.content_part.done", **ids, "part": part})

    def _item_done(self, item: Item, index: int) -> None:
        done = {
            "type": "response.output_item.done",
            "response_id": self.id,
            "output_index": index,
            "item": dict(item.wire),
        }
        sends = 2 if "resend_call" in self.faults and item.wire["type"] == "function_call" else 1
        ours: dict[str, Any] | None = None
        if self.conversation is not None and item.id in self.conversation:
            ours = {
                "type": "conversation.item.done",
                "previous_item_id": self.conversation.before(item.id),
                "item": dict(item.wire),
            }
        if ours is not None and "swap_done" not in self.faults:
            self._host.emit(ours)
        for _ in range(sends):
            self._host.emit(done)
        if ours is not None and "swap_done" in self.faults:
            self._host.emit(ours)

    # -- ends and faults ------------------------------------------------------------------

    def _done(self, status: str, details: dict[str, Any] | None) -> None:
        self.status = status
        self.due = NEVER
        resource = self._resource()
        resource["status_details"] = details
        resource["output"] = [dict(item.wire) for item in self._output]
        text = max(0, self._tokens - self._audio_ms // ASSISTANT_AUDIO_MS)
        resource["usage"] = self._meter.usage(
            self._context,
            text,
            self._audio_ms // ASSISTANT_AUDIO_MS,
            remember=self.conversation is not None,
        )
        self._host.emit({"type": "response.done", "response": resource})
        self._host.ended(self)

    def _resource(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self.status,
            "status_details": None,
            "output": [],
            "conversation_id": self.conversation.id if self.conversation else None,
            "output_modalities": settings["output_modalities"],
            "max_output_tokens": settings["max_output_tokens"],
            "audio": {
                "output": {
                    "format": settings["audio"]["output"]["format"],
                    "voice": settings["audio"]["output"]["voice"],
                }
            },
            "usage": None,
            "metadata": self.metadata,
        }

    def _refused(self, fault: Fault) -> None:
        """The generation is refused by an error event; no response exists."""
        self.status = "failed"
        self._host.ended(self)
        self._host.emit(
            {
                "type": "error",
                "error": {
                    "type": fault.error_type,
                    "code": fault.code,
                    "message": fault.message,
                    "param": None,
                    "event_id": self._settings.get("event_id"),
                },
            }
        )
        if fault.close is not None:
            self._host.drop("close", fault.close)

    def _strike(self, deltas: float) -> Ladder | None:
        """The fault that ends or holds the stream after this many deltas, if there is one."""
        if not self.faults:
            return None
        for kind in ("stall", "deaf_stall", "mute_response", "drop", "failed", "incomplete"):
            fault = self.faults.get(kind)
            if fault is not None and deltas >= fault.after:
                return self._struck(fault)
        return None

    def _struck(self, fault: Fault) -> Ladder:
        match fault.kind:
            case "failed":
                error = {"type": fault.error_type, "code": fault.code, "message": fault.message}
                raise _End("failed", {"type": "failed", "error": error})
            case "incomplete":
                raise _End("incomplete", {"type": "incomplete", "reason": fault.reason})
            case "drop":
                self._host.drop(fault.how, fault.close_code)
            case "mute_response":
                self._host.go_mute()
        while True:
            yield None
