"""The model's session of an audio call: what `ModelSession` does, and speech.

In audio the server makes the caller's items itself, and items of the agent's can be cut to what was
heard. A new session cannot be given audio again, only its words; many text items of the agent's
would make the model answer in text, so what is older is told in one note (OpenAI community reports
on seeding history in audio mode).
"""

from __future__ import annotations

from binascii import b2a_base64
from dataclasses import dataclass, field

from app.core.call.events import ToModel
from app.core.realtime.history import Item
from app.core.realtime.session import ModelSession
from app.protocol import realtime

#: Messages that a new session is given word for word, as items.
RECENT_MESSAGES = 6
#: The note about what came before is cut to its last so many characters.
SUMMARY_CHARS = 8000
_ASIDE = "Say what you are asked to say, in a friendly telephone voice, and nothing else."
_SUMMARY = "[The conversation before this, for your information only:\n{lines}]"


@dataclass
class AudioModel(ModelSession):
    """See the module. While `hold` is true no fresh connection takes over."""

    hold: bool = False
    furnished: int = 0
    """How many sessions were given the conversation; the caller's audio has to follow each time."""
    seeded: set[str] = field(default_factory=set)
    """Items this session was given in writing: they hold no audio to cut."""
    _waiting: list[bytes] = field(default_factory=list)
    """Changes of items that a running response may still be adding to."""

    @property
    def quiet(self) -> bool:
        """Whether no response runs or is wanted, and nobody speaks."""
        return not self.hold and super().quiet

    def _furnish(self) -> None:
        self._waiting.clear()
        self.history.items = condense(self.history.items)
        self.seeded = {item.id for item in self.history.items}
        super()._furnish()
        self.furnished += 1

    def advance(self, now: float) -> None:
        """As in `ModelSession`; what waited for the response's end goes before a new request."""
        if self.link == "ready" and self.gate.free:
            waiting, self._waiting = self._waiting, []
            for raw in waiting:
                self._send(raw)
        super().advance(now)

    def _change(self, raw: bytes) -> None:
        """Change an item now, or as soon as no response runs that may own it."""
        if self.link == "ready":
            if self.gate.free:
                self._send(raw)
            else:
                self._waiting.append(raw)

    def feed(self, audio: bytes) -> bool:
        """Caller audio for the session; False where there is none."""
        if self.link != "ready":
            return False
        frame = realtime.audio_append(b2a_base64(audio, newline=False).decode())
        self.out.append(ToModel(self.number, frame))
        return True

    def caller_item(self, item_id: str, previous: str | None) -> None:
        """The server made an item of the caller's speech, after the item `previous`."""
        if self.history.find(item_id) is not None:
            return
        item = Item(item_id, "user")
        before = self.history.find(previous) if previous else None
        if before is None:
            self.history.append("user", "", item_id=item_id)
        else:
            self.history.items.insert(self.history.items.index(before) + 1, item)

    def caller_words(self, item_id: str, text: str) -> None:
        """The transcript of an item of the caller's."""
        item = self.history.find(item_id)
        if item is not None:
            item.text = text

    def agent_words(self, item_id: str, delta: str) -> None:
        """More of the transcript of an item of the agent's."""
        item = self.history.find(item_id)
        if item is not None:
            item.text += delta

    def truncate(self, item_id: str, heard_ms: int, words: str) -> None:
        """Cut an item of the agent's to what was heard of it: `heard_ms` of audio, `words`."""
        if item_id in self.seeded:
            self._rewrite(item_id, words)
            return
        item = self.history.find(item_id)
        if item is not None:
            item.text = words
        self._change(realtime.item_truncate(item_id, heard_ms, self._event("t")))

    def _rewrite(self, item_id: str, words: str) -> None:
        """Put a written item in the place of another."""
        item = self.history.find(item_id)
        if item is None:
            return
        index = self.history.items.index(item)
        previous = self.history.items[index - 1].id if index else "root"
        self.delete(item_id)
        if words:
            written = Item(self.history.new_id(), item.kind, words)
            self.history.items.insert(index, written)
            self.seeded.add(written.id)
            event_id = self._event("i")
            self._change(realtime.item_create(written.wire(), previous, event_id))

    def delete(self, item_id: str) -> None:
        """Take an item out of the conversation: nothing of it was heard."""
        self.history.remove(item_id)
        self._change(realtime.item_delete(item_id, self._event("d")))

    def clear_notes(self) -> None:
        """Take back the notes of former requests; each was for one response."""
        for item in [item for item in self.history.items if item.kind == "note"]:
            self.delete(item.id)

    def aside(self, key: str, note: str) -> None:
        """A response beside the conversation, which sees `note` and nothing else."""
        item = realtime.message_item(f"it_{key}", "system", note)
        self._send(
            realtime.response_create(
                key,
                self._event("o"),
                conversation="none",
                instructions=_ASIDE,
                input=[item],
                tool_choice="none",
                tools=[],
            )
        )


def condense(items: list[Item]) -> list[Item]:
    """The items to give to a new session: older messages become one note, tool calls stay."""
    items = [item for item in items if item.text or item.kind in ("call", "output")]
    items = [item for item in items if item.kind != "note"]
    messages = [item for item in items if item.kind in ("user", "assistant")]
    old = {item.id for item in messages[:-RECENT_MESSAGES]}
    if not old:
        return items
    lines: list[str] = []
    rest: list[Item] = []
    summary_id = f"sum_{messages[-RECENT_MESSAGES].id}"
    for item in items:
        if item.kind == "summary":
            lines += item.text.split("\n")[1:]
            lines[-1] = lines[-1].removesuffix("]")
        elif item.id in old:
            speaker = "Caller" if item.kind == "user" else "You"
            lines.append(f"{speaker}: {' '.join(item.text.split())}")
        else:
            rest.append(item)
    told = "\n".join(lines)[-SUMMARY_CHARS:]
    return [Item(summary_id[:32], "summary", _SUMMARY.format(lines=told)), *rest]
