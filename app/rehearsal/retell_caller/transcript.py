"""The transcript as Retell keeps it: utterances with word times, and tool calls between them.

Source: Retell's API reference, "LLM WebSocket" (utterance, `transcript_with_tool_calls`), and the
types of its SDK (`words`, `metadata.response_id`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WORD_S = 0.25


@dataclass(slots=True)
class Heard:
    """One utterance while it grows. Times are seconds from the start of the call."""

    role: str
    response_id: int | None = None
    interrupt_id: int | None = None
    words: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    backchannel: bool = False

    @property
    def text(self) -> str:
        """The words that were spoken, each followed by a blank, as Retell writes them."""
        return "".join(f"{word['word']} " for word in self.words)

    def add(self, word: str, at: float) -> None:
        """One more word, spoken at `at`."""
        at = round(at, 2)
        self.words.append({"word": word, "start": at, "end": round(at + WORD_S, 2)})

    def entry(self) -> dict[str, Any]:
        """The utterance in Retell's shape."""
        out: dict[str, Any] = {
            "role": self.role,
            "content": self.text,
            "words": list(self.words),
        }
        about: dict[str, Any] = {}
        if self.response_id is not None:
            about["response_id"] = self.response_id
        if self.interrupt_id is not None:
            about["interrupt_id"] = self.interrupt_id
        if self.backchannel:
            about["is_backchannel"] = True
        if about:
            out["metadata"] = about
        return out


class Transcript:
    """All that was said and done in one call, in order."""

    def __init__(self) -> None:
        self._entries: list[Heard | dict[str, Any]] = []

    def begin(
        self,
        role: str,
        *,
        response_id: int | None = None,
        interrupt_id: int | None = None,
    ) -> Heard:
        """A new utterance; it shows once it has a word."""
        heard = Heard(role, response_id, interrupt_id)
        self._entries.append(heard)
        return heard

    def note(self, entry: dict[str, Any]) -> None:
        """A tool call, its result, or an action, between the utterances."""
        self._entries.append(entry)

    def utterances(self) -> list[Heard]:
        """The utterances that hold words."""
        return [item for item in self._entries if isinstance(item, Heard) and item.words]

    def plain(self) -> list[dict[str, Any]]:
        """Retell's `transcript`."""
        return [heard.entry() for heard in self.utterances()]

    def with_tool_calls(self) -> list[dict[str, Any]]:
        """Retell's `transcript_with_tool_calls`."""
        return [
            item.entry() if isinstance(item, Heard) else item
            for item in self._entries
            if not isinstance(item, Heard) or item.words
        ]
