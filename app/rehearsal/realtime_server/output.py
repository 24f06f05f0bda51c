"""The items of one response on the wire: announced, streamed, closed.

Order of the events as in OpenAI's guide "Realtime conversations". An item that is closed early is
closed with what was streamed of it.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Protocol

from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.protocol.events import DeltaWriter
from app.rehearsal.realtime_server.protocol.items import Conversation, Item, Wire


class Wires(Protocol):
    """What the output needs of its session."""

    def emit(self, event: dict[str, Any]) -> None: ...
    def emit_bytes(self, kind: str, event: bytes) -> None: ...
    def event_id(self) -> str: ...
    def fresh_id(self, prefix: str) -> str: ...


class Output:
    """`items` in their order; at most one is open. `text` is what was streamed of the open one."""

    def __init__(
        self,
        wires: Wires,
        response_id: str,
        conversation: Conversation | None,
        faults: dict[str, Fault],
    ) -> None:
        self.items: list[Item] = []
        self.text = ""
        self.audio_ms = 0
        self._wires = wires
        self._response_id = response_id
        self._conversation = conversation
        self._swapped = "swap_done" in faults
        self._resent = "resend_call" in faults
        self._open: Item | None = None
        self._words: DeltaWriter | None = None
        self._audio: DeltaWriter | None = None

    # -- opening --------------------------------------------------------------------------

    def open_message(self, phase: str | None, *, audio: bool) -> None:
        """Announce an assistant's message and its one part."""
        wire: Wire = {
            "id": self._wires.fresh_id("item_"),
            "object": "realtime.item",
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        if phase is not None:
            wire["phase"] = phase
        where = {**self._announce(wire), "content_index": 0}
        part = {"type": "audio", "transcript": ""} if audio else {"type": "text", "text": ""}
        self._wires.emit({"type": "response.content_part.added", **where, "part": part})
        kind = "output_audio_transcript" if audio else "output_text"
        self._words = DeltaWriter(f"response.{kind}.delta", where)
        self._audio = DeltaWriter("response.output_audio.delta", where) if audio else None

    def open_call(self, name: str) -> None:
        """Announce a function call."""
        item_id = self._wires.fresh_id("item_")
        call_id = f"call_{item_id[5:]}"
        where = self._announce(
            {
                "id": item_id,
                "object": "realtime.item",
                "type": "function_call",
                "status": "in_progress",
                "name": name,
                "call_id": call_id,
                "arguments": "",
            }
        )
        self._words = DeltaWriter(
            "response.function_call_arguments.delta", {**where, "call_id": call_id}
        )
        self._audio = None

    def _announce(self, wire: Wire) -> dict[str, Any]:
        item = Item(wire)
        index = len(self.items)
        self.items.append(item)
        self._open, self.text = item, ""
        added = {"output_index": index, "item": dict(wire)}
        self._wires.emit(
            {"type": "response.output_item.added", "response_id": self._response_id, **added}
        )
        if self._conversation is not None:
            previous = self._conversation.add(item)
            self._wires.emit(
                {
                    "type": "conversation.item.added",
                    "previous_item_id": previous,
                    "item": dict(wire),
                }
            )
        return {"response_id": self._response_id, "item_id": item.id, "output_index": index}

    # -- streaming ------------------------------------------------------------------------

    def delta(self, text: str) -> None:
        """Words of the open message, or a piece of the open call's arguments."""
        words = self._words
        assert words is not None
        self.text += text
        self._wires.emit_bytes(words.kind, words.write(text, self._wires.event_id()))

    def audio(self, frame: bytes, milliseconds: int) -> None:
        """Audio of the open message."""
        item, audio = self._open, self._audio
        assert item is not None
        assert audio is not None
        event = audio.write_base64(b64encode(frame), self._wires.event_id())
        self._wires.emit_bytes(audio.kind, event)
        item.audio += frame
        item.audio_ms += milliseconds
        self.audio_ms += milliseconds

    def mark(self) -> None:
        """So much of the transcript was spoken by the audio sent so far."""
        if self._open is not None:
            self._open.marks.append((self._open.audio_ms, self.text))

    def stray(self, text: str) -> None:
        """A delta of the last item although it is closed: a fault."""
        if self._words is not None:
            event = self._words.write(text, self._wires.event_id())
            self._wires.emit_bytes(self._words.kind, event)

    # -- closing --------------------------------------------------------------------------

    def close(self, status: str) -> None:
        """Send the done events of the open item, if one is open."""
        item = self._open
        if item is None:
            return
        self._open = None
        index = len(self.items) - 1
        ids = {"response_id": self._response_id, "item_id": item.id, "output_index": index}
        item.wire["status"] = status
        if item.wire["type"] == "function_call":
            item.wire["arguments"] = self.text
            self._wires.emit(
                {
                    "type": "response.function_call_arguments.done",
                    **ids,
                    "call_id": item.wire["call_id"],
                    "name": item.wire["name"],
                    "arguments": self.text,
                }
            )
        else:
            self._close_part(item, {**ids, "content_index": 0})
        self._item_done(item, index)

    def _close_part(self, item: Item, ids: dict[str, Any]) -> None:
        emit, text = self._wires.emit, self.text
        if self._audio is None:
            item.wire["content"] = [{"type": "output_text", "text": text}]
            part = {"type": "text", "text": text}
            emit({"type": "response.output_text.done", **ids, "text": text})
        else:
            item.marks.append((item.audio_ms, text))
            item.wire["content"] = [{"type": "output_audio", "transcript": text}]
            part = {"type": "audio", "transcript": text}
            emit({"type": "response.output_audio.done", **ids})
            emit({"type": "response.output_audio_transcript.done", **ids, "transcript": text})
        emit({"type": "response.content_part.done", **ids, "part": part})

    def _item_done(self, item: Item, index: int) -> None:
        done = {
            "type": "response.output_item.done",
            "response_id": self._response_id,
            "output_index": index,
            "item": dict(item.wire),
        }
        events: list[dict[str, Any]] = [done]
        if self._resent and item.wire["type"] == "function_call":
            events.append(done)
        if self._conversation is not None and item.id in self._conversation:
            ours = {
                "type": "conversation.item.done",
                "previous_item_id": self._conversation.before(item.id),
                "item": dict(item.wire),
            }
            events.insert(len(events) if self._swapped else 0, ours)
        for event in events:
            self._wires.emit(event)
