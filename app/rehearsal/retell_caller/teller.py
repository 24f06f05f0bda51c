"""What Retell tells the server of a call: the transcript as it grows, and requests for speech."""

from __future__ import annotations

from typing import Any

from app.rehearsal.retell_caller import frames
from app.rehearsal.retell_caller.link import Link
from app.rehearsal.retell_caller.transcript import Transcript


class Teller:
    """Writes frames with the call's transcript, in the form the server asked for."""

    def __init__(self, link: Link, transcript: Transcript) -> None:
        self._link = link
        self._transcript = transcript

    def update(self, turntaking: str | None = None) -> None:
        """The transcript changed, or the turn."""
        self._link.send(frames.update(self._members(), turntaking))

    def request(self, response_id: int, *, reminder: bool = False) -> bool:
        """Ask for speech. False where that reached nobody."""
        return self._link.send(frames.request(response_id, self._members(), reminder=reminder))

    def action(self, action: str, response_id: int) -> None:
        """Note an action of Retell's own in the transcript, as Retell does."""
        verb, _, value = action.partition(" ")
        self._transcript.note(
            {
                "role": "tool_call_invocation",
                "tool_call_id": f"retell_{verb}_{response_id}",
                "name": verb,
                "arguments": "{}",
            }
        )
        if verb == "press_digit":
            self._transcript.note({"role": "dtmf", "digit": value})

    def _members(self) -> dict[str, Any]:
        out: dict[str, Any] = {"transcript": self._transcript.plain()}
        if self._link.flags.get("transcript_with_tool_calls"):
            out["transcript_with_tool_calls"] = self._transcript.with_tool_calls()
        return out
