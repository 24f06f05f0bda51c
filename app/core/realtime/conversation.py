"""The items of the model's conversation, and the events that put them there.

Keeps what the session holds equal to `History`, whatever becomes of the session: a new one is given
everything again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.realtime.event_ids import EventIds, Purpose
from app.core.realtime.history import Create, History, Item
from app.protocol import realtime
from app.protocol.retell_llm import Utterance

Writable = Literal["user", "assistant", "note", "output"]


def _as_they_are(items: list[Item]) -> list[Item]:
    return items


@dataclass(slots=True)
class Conversation:
    """See the module. `condense` chooses what a new session is given of the items.

    Methods that change it return the events to send.
    """

    history: History = field(default_factory=History)
    ids: EventIds = field(default_factory=EventIds)
    condense: Callable[[list[Item]], list[Item]] = _as_they_are
    seeded: set[str] = field(default_factory=set)
    """Items that the session was given in writing."""

    def seed(self) -> list[bytes]:
        """Give a new session what it has to know."""
        history = self.history
        history.items = self.condense(history.items)
        history.tidy()
        self.seeded = {item.id for item in history.items}
        return [self.create(item, None) for item in history.items]

    def create(self, item: Item, previous: str | None) -> bytes:
        """The event that puts an item after another, or at the end."""
        return realtime.item_create(item.wire(), previous, self.ids.new(Purpose.ITEM))

    def delete(self, item_id: str) -> bytes:
        """The event that takes an item out."""
        return realtime.item_delete(item_id, self.ids.new(Purpose.DELETE))

    def append(self, kind: Writable, text: str, call_id: str = "") -> Item:
        """Add an item at the end."""
        return self.history.append(kind, text, call_id=call_id)

    def reconcile(self, heard: Sequence[Utterance]) -> list[bytes]:
        """Make the messages equal to what was heard."""
        return [
            self.create(edit.item, edit.previous)
            if isinstance(edit, Create)
            else self.delete(edit.item_id)
            for edit in self.history.reconcile(heard)
        ]

    def add_words(self, item_id: str, delta: str) -> None:
        """More of the words of an item of the agent's."""
        item = self.history.find(item_id)
        if item is not None:
            item.text += delta

    def take(self, wire: dict[str, Any]) -> None:
        """An item that the session made by itself, as far as it is known."""
        item_id, kind = str(wire.get("id")), wire.get("type")
        known = self.history.find(item_id)
        if kind == "message" and known is None:
            self.history.append("assistant", "", item_id=item_id)
        elif kind == "function_call":
            if known is None:
                known = self.history.append(
                    "call",
                    "",
                    item_id=item_id,
                    call_id=str(wire.get("call_id")),
                    name=str(wire.get("name")),
                )
            known.text = str(wire.get("arguments") or "") or known.text

    def drop_calls(self, item_ids: list[str]) -> list[bytes]:
        """Take out calls of tools that nobody executes, so that no result is awaited."""
        return [self.delete(item_id) for item_id in item_ids if self.history.remove(item_id)]
