"""What was said in an audio call, by both sides, in the order of speech.

Transcripts come late and in any order: the caller's may follow the answer to it. An entry takes its
place when its speech begins, and its words whenever they come; both are joined by the item's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Role = Literal["user", "agent"]
#: Entries kept at most; the oldest leave first.
LIMIT = 400


@dataclass(slots=True)
class Spoken:
    """One item of speech. `at` is Unix seconds; `cut` tells that the rest of it was not heard."""

    item_id: str
    role: Role
    at: float
    text: str = ""
    cut: bool = False


@dataclass(slots=True)
class SpokenRecord:
    """The entries of one call."""

    entries: list[Spoken] = field(default_factory=list)

    def begin(self, item_id: str, role: Role, at: float) -> Spoken:
        """The entry of that item; a new one takes the last place."""
        found = self.find(item_id)
        if found is None:
            found = Spoken(item_id, role, at)
            self.entries.append(found)
            del self.entries[:-LIMIT]
        return found

    def find(self, item_id: str) -> Spoken | None:
        """The entry of that item, newest first."""
        for entry in reversed(self.entries):
            if entry.item_id == item_id:
                return entry
        return None

    def drop(self, item_id: str) -> None:
        """Nothing of the item was heard."""
        self.entries = [entry for entry in self.entries if entry.item_id != item_id]

    def last(self, role: Role) -> str:
        """What that side said last, as far as it is known."""
        for entry in reversed(self.entries):
            if entry.role == role and entry.text:
                return entry.text
        return ""

    @property
    def awaits_words(self) -> bool:
        """Whether the caller's newest item has no words yet."""
        mine = (entry for entry in reversed(self.entries) if entry.role == "user")
        newest = next(mine, None)
        return newest is not None and not newest.text.strip()

    def said_by_caller(self) -> Iterator[str]:
        """What the caller said, as far as the words are known, the newest first."""
        return (entry.text for entry in reversed(self.entries) if entry.role == "user")

    def as_heard(self) -> list[list[str]]:
        """The conversation as [role, text] pairs; neighbours of one speaker are joined."""
        out: list[list[str]] = []
        for entry in self.entries:
            text = entry.text.strip()
            if not text:
                continue
            if out and out[-1][0] == entry.role:
                out[-1][1] += f" {text}"
            else:
                out.append([entry.role, text])
        return out

    def to_state(self) -> list[dict[str, Any]]:
        """A JSON value that `from_state` understands."""
        return [asdict(entry) for entry in self.entries]

    @classmethod
    def from_state(cls, state: list[dict[str, Any]]) -> SpokenRecord:
        """The record that `to_state` was given."""
        return cls([Spoken(**entry) for entry in state])


def heard_part(text: str, heard_ms: int, received_ms: int) -> str:
    """The words of `text` that fit into the part of its audio that was heard.

    The transcript has no times of its own, so the share of the audio is taken for the share of the
    text. The last word counts only when it is whole.
    """
    if received_ms <= 0 or heard_ms <= 0:
        return ""
    if heard_ms >= received_ms:
        return text
    end = len(text) * heard_ms // received_ms
    if end < len(text) and not text[end].isspace():
        end = max(text.rfind(" ", 0, end + 1), 0)
    return text[:end].rstrip()
