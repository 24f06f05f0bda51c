"""A call's conversation while it is spoken, read from its flight record.

On Retell's socket the transcript tells what was heard, words of the sentence that is being spoken
included; what was sent to Retell and is not in it yet is still to be heard. In an audio call the
model's transcripts tell both sides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from app.core.language.words import cut_after, is_prefix, words
from app.core.record.compact import WORDS_DELTA
from app.core.record.moments import expand

_HEARD_DELTA = "conversation.item.input_audio_transcription.delta"
_HEARD = "conversation.item.input_audio_transcription.completed"
_ADDED = "conversation.item.added"
_ROLES = {"assistant": "agent", "user": "user"}
#: What happens beside the words and is worth a line.
_HAPPENS = ("tool", "lost", "step_in", "end")


@dataclass(slots=True)
class Line:
    """What one side said. `rest` was generated and is not heard yet. `role` is ``event`` for what
    happens beside the words."""

    role: str
    text: str
    rest: str = ""
    item: str = ""


class Conversation:
    """Takes entries of the record in order; `changes` gives what to show anew."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._sent = ""
        self._response: Any = None
        self._changed: int | None = None

    def add(self, whole: dict[str, Any]) -> None:
        """Take one entry of the record."""
        for entry in expand(whole):
            frame = entry.get("frame")
            if entry.get("in") == "retell" and isinstance(frame, dict):
                self._from_retell(frame)
            elif entry.get("out") == "retell" and isinstance(frame, dict):
                self._to_retell(frame)
            elif entry.get("in") == "model" and isinstance(frame, dict):
                self._from_model(frame)
            elif (entry.get("out") or entry.get("in")) in _HAPPENS:
                self._append(Line("event", _happened(entry)))

    def changes(self) -> dict[str, Any] | None:
        """``{"from": index, "lines": [...]}``: the lines from that index on are these now; None
        where nothing changed since it was asked last."""
        if self._changed is None:
            return None
        start, self._changed = self._changed, None
        lines = [asdict(line) for line in self.lines[start:]]
        return {"from": start, "lines": lines}

    # Retell

    def _from_retell(self, frame: dict[str, Any]) -> None:
        transcript = frame.get("transcript")
        if not isinstance(transcript, list):
            return
        said = [
            (str(one.get("role")), str(one.get("content") or "").strip())
            for one in transcript
            if isinstance(one, dict)
        ]
        # An update holds what each side said last; the newest words may belong to either.
        for role, text in said[-2:]:
            self._hear(role, text, newest=(role, text) == said[-1])

    def _hear(self, role: str, text: str, *, newest: bool) -> None:
        if not text:
            return
        spoken = [n for n, line in enumerate(self.lines) if line.role != "event"]
        mine = [n for n in spoken if self.lines[n].role == role]
        last = mine[-1] if mine else None
        goes_on = last is not None and (not newest or last == spoken[-1])
        if last is None or not goes_on:
            if last is not None and self.lines[last].text == text:
                return
            self._append(Line(role, text))
            last = len(self.lines) - 1
        elif self.lines[last].text != text:
            self.lines[last].text = text
            self._touch(last)
        if role == "agent" and last == len(self.lines) - 1:
            self._still_to_come(last)

    def _to_retell(self, frame: dict[str, Any]) -> None:
        kind, content = frame.get("response_type"), str(frame.get("content") or "")
        if kind not in ("response", "agent_interrupt") or not content:
            return
        number = (kind, frame.get("response_id", frame.get("interrupt_id")))
        if number != self._response:
            self._response, self._sent = number, ""
        self._sent += content
        if not self.lines or self.lines[-1].role != "agent":
            self._append(Line("agent", ""))
        self._still_to_come(len(self.lines) - 1)

    def _still_to_come(self, index: int) -> None:
        line = self.lines[index]
        heard, sent = words(line.text), words(self._sent)
        # One line may hold several answers: its end is a beginning of the newest.
        common = next(
            (n for n in range(min(len(heard), len(sent)), 0, -1) if is_prefix(heard[-n:], sent)), 0
        )
        rest = self._sent[cut_after(self._sent, common) :].strip()
        if rest != line.rest:
            line.rest = rest
            self._touch(index)

    # The model of an audio call

    def _from_model(self, frame: dict[str, Any]) -> None:
        kind = frame.get("type")
        if kind == _ADDED:
            self._add_item(frame.get("item"))
            return
        index = self._of_item(str(frame.get("item_id") or ""))
        if index is None:
            return  # speech that is made to be kept is no part of the conversation
        if kind in (WORDS_DELTA, _HEARD_DELTA):
            self.lines[index].text += str(frame.get("delta") or "")
            self._touch(index)
        elif kind == _HEARD:
            self.lines[index].text = str(frame.get("transcript") or "").strip()
            self._touch(index)

    def _add_item(self, item: Any) -> None:
        """A message of either side begins. What comes with its words was said before."""
        if not isinstance(item, dict) or item.get("type") != "message":
            return
        role = _ROLES.get(str(item.get("role")))
        parts = item.get("content")
        told = any(part.get("text") for part in parts) if isinstance(parts, list) else False
        if role is not None and not told:
            self._append(Line(role, "", item=str(item.get("id"))))

    def _of_item(self, item: str) -> int | None:
        for index in range(len(self.lines) - 1, -1, -1):
            if item and self.lines[index].item == item:
                return index
        return None

    def _append(self, line: Line) -> None:
        if self.lines and self.lines[-1].rest:
            self.lines[-1].rest = ""  # never heard: what follows took its place
            self._touch(len(self.lines) - 1)
        self.lines.append(line)
        self._touch(len(self.lines) - 1)

    def _touch(self, index: int) -> None:
        self._changed = index if self._changed is None else min(self._changed, index)


def _happened(entry: dict[str, Any]) -> str:
    if entry.get("out") == "tool":
        return f"asks for {entry.get('name')}"
    if entry.get("in") == "tool":
        return "the tool has answered" if entry.get("ok") else "the tool has refused or failed"
    if entry.get("in") == "step_in":
        return f"{entry.get('by') or 'somebody'}: {entry.get('kind')} {entry.get('text')}".strip()
    if entry.get("out") == "end":
        return f"the call ends: {entry.get('kind')}"
    return "the model's session is lost"
