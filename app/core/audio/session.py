"""The model's session of an audio call: the items that hold speech, and speech that goes up.

In audio the server makes the caller's items itself, and items of the agent's can be cut to what was
heard. A new session cannot be given audio again, only its words; many text items of the agent's
would make the model answer in text, so what is older is told in one note (OpenAI community reports
on seeding history in audio mode).
"""

from __future__ import annotations

from binascii import b2a_base64

from app.core.call.events import Actions, ToModel
from app.core.realtime.event_ids import Purpose
from app.core.realtime.history import Item
from app.core.realtime.session import ModelSession
from app.protocol import realtime

#: Messages that a new session is given word for word, as items.
RECENT_MESSAGES = 6
#: The note about what came before is cut to its last so many characters.
SUMMARY_CHARS = 8000
_LINE = "Say what you are asked to say, in a friendly telephone voice, and nothing else."
_SUMMARY = "[The conversation before this, for your information only:\n{lines}]"


class SpokenItems:
    """The items of a session that hold speech. Changes wait while a response may still be adding
    to them."""

    def __init__(self, model: ModelSession) -> None:
        self._model = model
        self._conversation = model.conversation

    def add_caller(self, item_id: str, previous: str | None) -> None:
        """The server made an item of the caller's speech, after the item `previous`."""
        history = self._conversation.history
        if history.find(item_id) is not None:
            return
        before = history.find(previous) if previous else None
        if before is None:
            history.append("user", "", item_id=item_id)
        else:
            history.items.insert(history.items.index(before) + 1, Item(item_id, "user"))

    def set_words(self, item_id: str, text: str) -> None:
        """The transcript of an item of the caller's."""
        item = self._conversation.history.find(item_id)
        if item is not None:
            item.text = text

    def add_words(self, item_id: str, delta: str) -> None:
        """More of the transcript of an item of the agent's."""
        self._conversation.add_words(item_id, delta)

    def truncate(self, item_id: str, heard_ms: int, words: str) -> Actions:
        """Cut an item of the agent's to what was heard of it: `heard_ms` of audio, `words`."""
        if item_id in self._conversation.seeded:
            return self._rewrite(item_id, words)
        self.set_words(item_id, words)
        event_id = self._conversation.ids.new(Purpose.TRUNCATE)
        return self._model.change(realtime.item_truncate(item_id, heard_ms, event_id))

    def _rewrite(self, item_id: str, words: str) -> Actions:
        """Put a written item, which holds no audio to cut, in the place of another."""
        history = self._conversation.history
        item = history.find(item_id)
        if item is None:
            return []
        index = history.items.index(item)
        previous = history.items[index - 1].id if index else "root"
        actions = self.delete(item_id)
        if words:
            written = Item(history.new_id(), item.kind, words)
            history.items.insert(index, written)
            self._conversation.seeded.add(written.id)
            actions += self._model.change(self._conversation.create(written, previous))
        return actions

    def delete(self, item_id: str) -> Actions:
        """Take an item out of the conversation: nothing of it was heard."""
        self._conversation.history.remove(item_id)
        return self._model.change(self._conversation.delete(item_id))

    def clear_notes(self) -> Actions:
        """Take back the notes of former requests; each was for one response."""
        actions: Actions = []
        for item in [i for i in self._conversation.history.items if i.kind == "note"]:
            actions += self.delete(item.id)
        return actions


def feed(model: ModelSession, audio: bytes) -> Actions:
    """Caller audio for the session, in its own format; nothing where there is no session."""
    if not model.connection.ready:
        return []
    frame = realtime.audio_append(b2a_base64(audio, newline=False).decode())
    return [ToModel(model.connection.number, frame, len(audio))]


def ask_line(model: ModelSession, key: str, note: str) -> Actions:
    """Ask for a response beside the conversation, which sees `note` and nothing else."""
    event = realtime.response_create(
        key,
        model.conversation.ids.new(Purpose.LINE),
        conversation="none",
        instructions=_LINE,
        input=[realtime.message_item(f"it_{key}", "system", note)],
        tool_choice="none",
        tools=[],
    )
    return [ToModel(model.connection.number, event)]


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
