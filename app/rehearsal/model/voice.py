"""The rehearsal model's voice: speech for a text in the session's audio format."""

from __future__ import annotations

from app.rehearsal.model import spoken


class Voice:
    """Tones of a word's length, 60 ms a letter."""

    def cached(self, request: spoken.Request) -> bytes | None:
        """The audio, where it is known already."""
        return self.speak(request)

    def speak(self, request: spoken.Request) -> bytes:
        """The audio of the request's text; may take a while."""
        milliseconds = int(60 * len(request.text) / request.speed)
        return b"\x00" * (milliseconds * spoken.RATES[request.format])
