"""The conversation as the model's session holds it, kept equal to what was heard.

Retell's transcript is the truth about what the caller heard and said. Before each turn the items of
the session are compared with it, and the fewest edits that make them equal are given. Text items
cannot be truncated, so one that was heard in part is deleted and created again with that part
(OpenAI guide "Realtime conversations"). Function calls and their results keep their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from app.core.language.words import cut_after, is_prefix, words
from app.protocol import realtime
from app.protocol.retell_llm import Utterance

ItemKind = Literal["user", "assistant", "note", "summary", "call", "output"]
_ROLES: dict[str, ItemKind] = {"agent": "assistant", "user": "user"}
#: Items kept at most; the oldest leave first, as the server's own truncation does.
LIMIT = 600


@dataclass(slots=True)
class Item:
    """One item. `text` is the message, the call's arguments or the output; `name` the tool's."""

    id: str
    kind: ItemKind
    text: str = ""
    call_id: str = ""
    name: str = ""

    def wire(self) -> dict[str, Any]:
        """The item in the protocol's form."""
        if self.kind == "call":
            return realtime.call_item(self.id, self.call_id, self.name, self.text)
        if self.kind == "output":
            return realtime.output_item(self.id, self.call_id, self.text)
        role = "system" if self.kind in ("note", "summary") else self.kind
        return realtime.message_item(self.id, role, self.text)


@dataclass(frozen=True, slots=True)
class Delete:
    """Take the item out of the session."""

    item_id: str


@dataclass(frozen=True, slots=True)
class Create:
    """Put `item` after `previous` ("root" is the start)."""

    item: Item
    previous: str


Edit = Delete | Create


@dataclass(slots=True)
class _Run:
    """Neighbouring messages of one speaker, whatever tool items stand between them."""

    kind: ItemKind
    items: list[Item]

    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.kind, tuple(word for item in self.items for word in words(item.text))


@dataclass(slots=True)
class History:
    """The items of the session, in order. New ids are counted, never random."""

    items: list[Item] = field(default_factory=list)
    made: int = 0

    def new_id(self) -> str:
        """An id no item of this call had before."""
        self.made += 1
        return f"it_{self.made}"

    def find(self, item_id: str) -> Item | None:
        """The item of that id, newest first."""
        for item in reversed(self.items):
            if item.id == item_id:
                return item
        return None

    def append(
        self, kind: ItemKind, text: str, *, item_id: str = "", call_id: str = "", name: str = ""
    ) -> Item:
        """Add an item at the end."""
        item = Item(item_id or self.new_id(), kind, text, call_id, name)
        self.items.append(item)
        if len(self.items) > LIMIT:
            del self.items[: len(self.items) - LIMIT]
        return item

    def remove(self, item_id: str) -> bool:
        """Forget the item; whether it was there."""
        for index in range(len(self.items) - 1, -1, -1):
            if self.items[index].id == item_id:
                del self.items[index]
                return True
        return False

    def has_output(self, call_id: str) -> bool:
        """Whether the result of that function call is known."""
        return any(item.kind == "output" and item.call_id == call_id for item in self.items)

    def tidy(self) -> None:
        """Drop what a new session need not or cannot be given: notes, empty messages, outputs of
        calls that are not there."""
        calls: set[str] = set()
        kept = []
        for item in self.items:
            if item.kind == "call":
                calls.add(item.call_id)
            if item.kind == "note" or (item.kind == "output" and item.call_id not in calls):
                continue
            if item.kind in ("user", "assistant") and not item.text.strip():
                continue
            kept.append(item)
        self.items = kept

    def keep_messages(self) -> None:
        """Drop all but what was said."""
        self.items = [item for item in self.items if item.kind in ("user", "assistant")]

    def spoken(self) -> list[tuple[str, str]]:
        """The messages alone, as (kind, text) with neighbours of one speaker joined."""
        return [
            (run.kind, " ".join(item.text.strip() for item in run.items)) for run in self._runs()
        ]

    def reconcile(self, heard: Sequence[Utterance]) -> list[Edit]:
        """Make the messages equal to `heard`; the edits to send, in order.

        Notes are dropped: they were for one turn.
        """
        edits: list[Edit] = []
        for item in [item for item in self.items if item.kind == "note"]:
            self._delete(item, edits)
        truth = merge(heard)
        runs = self._runs()
        have = [run.key() for run in runs]
        want = [(kind, words(text)) for kind, text in truth]
        if have == want:
            return edits
        matcher = SequenceMatcher(None, have, want, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                continue
            old, new = runs[i1:i2], truth[j1:j2]
            while old and new and self._adjust(old[0], new[0], edits):
                old, new = old[1:], new[1:]
            anchor = self._anchor(runs, i2 - len(old))
            for run in old:
                for item in run.items:
                    self._delete(item, edits)
            for kind, text in new:
                anchor = self._create(kind, text, anchor, edits)
        return edits

    def _adjust(self, run: _Run, truth: tuple[ItemKind, str], edits: list[Edit]) -> bool:
        """Lengthen or cut a run where the one is a beginning of the other; whether it was."""
        kind, text = truth
        if run.kind != kind:
            return False
        have, want = run.key()[1], words(text)
        if have and is_prefix(have, want):
            if have != want:
                rest = text[cut_after(text, len(have)) :].strip()
                self._create(kind, rest, run.items[-1].id, edits)
            return True
        if not want or not is_prefix(want, have):
            return False
        left = len(want)
        for item in list(run.items):
            size = len(words(item.text))
            if left >= size and (left or size):
                left -= size
            elif left > 0:
                anchor = self._before(item)
                heard = item.text[: cut_after(item.text, left)].strip()
                self._delete(item, edits)
                self._create(kind, heard, anchor, edits)
                left = 0
            else:
                self._delete(item, edits)
        return True

    def _runs(self) -> list[_Run]:
        runs: list[_Run] = []
        for item in self.items:
            if item.kind not in ("user", "assistant"):
                continue
            if runs and runs[-1].kind == item.kind:
                runs[-1].items.append(item)
            else:
                runs.append(_Run(item.kind, [item]))
        return runs

    def _anchor(self, runs: list[_Run], index: int) -> str:
        """The id after which a message before run `index` stands."""
        for run in reversed(runs[:index]):
            alive = [item for item in run.items if self.find(item.id)]
            if alive:
                # An agent's adjusted run may have grown by one item made just now.
                last = self.items.index(alive[-1])
                while (
                    last + 1 < len(self.items) and self.items[last + 1].kind in ("call", "output")
                ) or (last + 1 < len(self.items) and self._fresh(last + 1, runs)):
                    last += 1
                return self.items[last].id
        first = runs[index].items[0] if index < len(runs) else None
        if first is not None:
            return self._before(first)
        return self.items[-1].id if self.items else "root"

    def _fresh(self, index: int, runs: list[_Run]) -> bool:
        return not any(self.items[index] in run.items for run in runs)

    def _before(self, item: Item) -> str:
        index = self.items.index(item)
        return self.items[index - 1].id if index else "root"

    def _delete(self, item: Item, edits: list[Edit]) -> None:
        self.items.remove(item)
        edits.append(Delete(item.id))

    def _create(self, kind: ItemKind, text: str, previous: str, edits: list[Edit]) -> str:
        item = Item(self.new_id(), kind, text)
        index = 0
        if previous != "root":
            anchor = self.find(previous)
            index = self.items.index(anchor) + 1 if anchor is not None else len(self.items)
        self.items.insert(index, item)
        edits.append(Create(item, previous))
        return item.id

    def to_state(self) -> dict[str, Any]:
        """A JSON value that `from_state` understands."""
        items = [
            {"id": i.id, "kind": i.kind, "text": i.text, "call_id": i.call_id, "name": i.name}
            for i in self.items
        ]
        return {"made": self.made, "items": items}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> History:
        """The history that `to_state` was given."""
        return cls([Item(**item) for item in state.get("items", ())], int(state.get("made", 0)))


def merge(heard: Iterable[Utterance]) -> list[tuple[ItemKind, str]]:
    """What was heard as (kind, text): blanks tidied, empty entries dropped, neighbours joined.

    Speech of anybody but the agent and the caller (a transfer target, say) is no part of the
    model's conversation.
    """
    out: list[tuple[ItemKind, str]] = []
    for utterance in heard:
        kind = _ROLES.get(utterance.role)
        text = " ".join(utterance.content.split())
        if kind is None or not words(text):
            continue
        if out and out[-1][0] == kind:
            out[-1] = (kind, f"{out[-1][1]} {text}")
        else:
            out.append((kind, text))
    return out
