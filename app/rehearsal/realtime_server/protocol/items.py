"""Conversation items: their exact shapes, and the list of them that is a conversation.

Source: OpenAI's Realtime reference, `conversation.item.*`. What clients most often get wrong is
refused here: assistant text as `text` or `input_text`, an output for a call that never was, an id
that is taken or too long, a place after an item that does not exist.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rehearsal.realtime_server.protocol import refusal, shape
from app.rehearsal.realtime_server.protocol.refusal import Refusal

Wire = dict[str, Any]
#: What the model perceives of audio that nobody put words to, and of a silence.
UNINTELLIGIBLE, SILENCE = "(unintelligible audio)", "(silence)"

ITEM_ID = shape.text(most=32, pattern="[a-zA-Z0-9_-]+")
_COMMON: dict[str, shape.Check] = {
    "id": ITEM_ID,
    "object": shape.word("realtime.item"),
    "type": shape.anything,
    "status": shape.word("completed", "incomplete", "in_progress"),
}
_INPUT_TEXT = shape.fields({"type": shape.anything, "text": shape.text()}, required=("text",))
_PARTS: dict[str, dict[str, shape.Check]] = {
    "system": {"input_text": _INPUT_TEXT},
    "user": {
        "input_text": _INPUT_TEXT,
        "input_audio": shape.fields(
            {"type": shape.anything, "audio": shape.text(), "transcript": shape.text()},
            required=("audio",),
        ),
        "input_image": shape.fields(
            {
                "type": shape.anything,
                "image_url": shape.text(),
                "detail": shape.word("auto", "low", "high"),
            },
            required=("image_url",),
        ),
    },
    "assistant": {"output_text": _INPUT_TEXT},
}
_MESSAGE = shape.tagged(
    "role",
    {
        role: shape.fields(
            {
                **_COMMON,
                "role": shape.anything,
                "content": shape.several(shape.tagged("type", parts), least=1),
            },
            required=("content",),
        )
        for role, parts in _PARTS.items()
    },
)
_CALL = shape.fields(
    {
        **_COMMON,
        "call_id": shape.text(most=64),
        "name": shape.text(most=64),
        "arguments": shape.text(),
    },
    required=("name", "arguments"),
)
_OUTPUT = shape.fields(
    {**_COMMON, "call_id": shape.text(), "output": shape.text()}, required=("call_id", "output")
)
ITEM = shape.tagged(
    "type", {"message": _MESSAGE, "function_call": _CALL, "function_call_output": _OUTPUT}
)


@dataclass(slots=True)
class Item:
    """One item: its wire form, and the audio behind its first content part, if it has any.

    `heard` is what a user's audio says, known from the side channel; the wire shows it only
    once it was transcribed. `spoken_ms` is the length of the assistant's audio.
    """

    wire: Wire
    audio: bytes = b""
    audio_ms: int = 0
    heard: str | None = None
    truncated: bool = False
    marks: list[tuple[int, str]] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.wire["id"])

    @property
    def is_assistant_audio(self) -> bool:
        content = self.wire.get("content") or [{}]
        return self.wire.get("role") == "assistant" and content[0].get("type") == "output_audio"

    def as_seen(self) -> Wire:
        """The item as the model perceives it: audio shows as the words in it.

        Of a truncated answer only the words up to the cut are left.
        """
        if self.wire["type"] != "message" or not (self.heard or self.truncated):
            return self.wire
        part = dict(self.wire["content"][0])
        if self.truncated:
            part["transcript"] = self._spoken()
        else:
            part["transcript"] = self.heard
        return {**self.wire, "content": [part, *self.wire["content"][1:]]}

    def _spoken(self) -> str:
        """The words in the audio that is left; inside a sentence they are counted evenly."""
        before_ms, before = 0, ""
        for mark_ms, text in self.marks:
            if mark_ms > self.audio_ms:
                words = re.findall(r"\s*\S+", text[len(before) :])
                share = (self.audio_ms - before_ms) / (mark_ms - before_ms)
                return before + "".join(words[: int(len(words) * share)])
            before_ms, before = mark_ms, text
        return before

    def with_audio(self) -> Wire:
        """The wire form with the audio's bytes, as `conversation.item.retrieved` gives it."""
        wire = dict(self.wire)
        if self.audio:
            part = dict(wire["content"][0])
            part["audio"] = base64.b64encode(self.audio).decode()
            wire["content"] = [part, *wire["content"][1:]]
        return wire


def message_text(wire: Wire) -> str:
    """All the words of a message item: its texts and transcripts, joined."""
    words = [part.get("text") or part.get("transcript") or "" for part in wire.get("content", ())]
    return " ".join(word for word in words if word)


def from_client(raw: Any, fresh_id: str, path: str = "item") -> Item:
    """The client's item, checked and completed with what the server adds.

    Raises `Refusal` with the path of the first wrong field.
    """
    ITEM(raw, path)
    wire: Wire = {
        "id": raw.get("id", fresh_id),
        "object": "realtime.item",
        "type": raw["type"],
        "status": "completed",
    }
    wire.update({key: value for key, value in raw.items() if key not in wire})
    item = Item(wire)
    if raw["type"] == "message":
        _take_audio(item, path)
    if raw["type"] == "function_call":
        wire.setdefault("call_id", f"call_{fresh_id[5:]}")
    return item


def _take_audio(item: Item, path: str) -> None:
    """Keep the audio of the parts aside: item events do not carry it back."""
    parts = []
    for at, part in enumerate(item.wire["content"]):
        if part["type"] == "input_audio":
            try:
                item.audio = base64.b64decode(part["audio"], validate=True)
            except (binascii.Error, ValueError):
                where = f"{path}.content[{at}].audio"
                raise refusal.wrong_value(
                    where, f"Invalid '{where}'. Expected base64-encoded audio bytes."
                ) from None
            item.heard = part.get("transcript")
            part = {"type": "input_audio", "transcript": part.get("transcript")}
        parts.append(part)
    item.wire["content"] = parts


class Conversation:
    """The items of one conversation in their order."""

    def __init__(self, conversation_id: str) -> None:
        self.id = conversation_id
        self._order: list[str] = []
        self._items: dict[str, Item] = {}

    def __iter__(self) -> Iterator[Item]:
        return (self._items[item_id] for item_id in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._items

    def get(self, item_id: str) -> Item | None:
        return self._items.get(item_id)

    @property
    def last_id(self) -> str | None:
        return self._order[-1] if self._order else None

    @property
    def is_answered(self) -> bool:
        """Whether the assistant spoke last, and every function call has its output.

        A sound without words asks for no answer.
        """
        called, answered, last = set(), set(), None
        for item in self:
            if item.heard == UNINTELLIGIBLE:
                continue
            last = item.wire
            if last["type"] == "function_call":
                called.add(last["call_id"])
            elif last["type"] == "function_call_output":
                answered.add(last["call_id"])
        return last is not None and last.get("role") == "assistant" and called <= answered

    def before(self, item_id: str) -> str | None:
        """The id of the item before this one."""
        at = self._order.index(item_id)
        return self._order[at - 1] if at else None

    def add(self, item: Item, previous: str | None = None) -> str | None:
        """Add after `previous` ("root" means first, None means last); gives the id before it.

        Raises `Refusal` where the id is taken, the place is unknown, or an output answers no call.
        """
        if item.id in self._items:
            raise refusal.wrong_value(
                "item.id",
                f"Invalid 'item.id': an item with the id '{item.id}' already exists in the"
                " conversation.",
            )
        if previous is not None and previous != "root" and previous not in self._items:
            raise Refusal(
                f"Error adding item: the previous item with id '{previous}' does not exist.",
                code="item_create_invalid_previous_item_id",
                param="previous_item_id",
            )
        if item.wire["type"] == "function_call_output":
            self._need_call(item.wire)
        at = 0 if previous == "root" else len(self._order)
        if previous is not None and previous != "root":
            at = self._order.index(previous) + 1
        self._order.insert(at, item.id)
        self._items[item.id] = item
        return self._order[at - 1] if at else None

    def _need_call(self, output: Mapping[str, Any]) -> None:
        call_id = output["call_id"]
        for item in self:
            if item.wire["type"] == "function_call" and item.wire.get("call_id") == call_id:
                return
        raise Refusal(
            f"Tool call ID '{call_id}' not found in conversation.", code="invalid_tool_call_id"
        )

    def need(self, item_id: str, doing: str) -> Item:
        """The item, or the refusal of `doing` ("delete", "retrieve" or "truncate") it."""
        item = self._items.get(item_id)
        if item is None:
            gerund = {"delete": "deleting", "retrieve": "retrieving", "truncate": "truncating"}
            raise Refusal(
                f"Error {gerund[doing]} item: the item with id '{item_id}' does not exist.",
                code=f"item_{doing}_invalid_item_id",
                param="item_id",
            )
        return item

    def delete(self, item_id: str) -> Item:
        """Take the item out; raises `Refusal` where there is none."""
        item = self.need(item_id, "delete")
        self._order.remove(item_id)
        del self._items[item_id]
        return item

    def truncate(self, item_id: str, content_index: int, audio_end_ms: int, rate: int) -> Item:
        """Cut the assistant's audio at `audio_end_ms`; its transcript goes with the cut.

        `rate` is the audio's bytes per millisecond. Raises `Refusal` where the item is no
        assistant audio, or shorter than that.
        """
        item = self.need(item_id, "truncate")
        if not item.is_assistant_audio:
            raise Refusal(
                "Only model output audio messages can be truncated",
                code="unsupported_content_type",
                param="item_id",
            )
        if content_index != 0:
            raise refusal.wrong_value("content_index", f"No audio content at {content_index}.")
        if audio_end_ms > item.audio_ms:
            raise refusal.wrong_value(
                "audio_end_ms",
                f"Audio content of {item.audio_ms}ms is already shorter than {audio_end_ms}ms",
            )
        item.audio_ms = audio_end_ms
        item.audio = item.audio[: audio_end_ms * rate]
        item.truncated = True
        part = {key: value for key, value in item.wire["content"][0].items() if key != "transcript"}
        item.wire["content"] = [part, *item.wire["content"][1:]]
        return item
