"""The input audio buffer of a session: VAD turns, commits, transcription, idle prompts.

Words are not recognised: they come from a side channel (`POST /control/transcripts`), so that a
rehearsal is exact. What was not told is "unintelligible", and its transcription fails.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from app.rehearsal.realtime_server.emitter import Answers, Emitter
from app.rehearsal.realtime_server.protocol import refusal
from app.rehearsal.realtime_server.protocol.items import SILENCE, UNINTELLIGIBLE, Item
from app.rehearsal.realtime_server.protocol.refusal import Refusal
from app.rehearsal.sound.ears import Ears

_LEAST_COMMIT_MS = 100
_TRANSCRIBE_S = 0.15


class Listening:
    """Handles `input_audio_buffer.*` for its session.

    `next_words` gives the words of the utterance to come, where somebody told them.
    """

    def __init__(
        self, session: Emitter, answers: Answers, next_words: Callable[[], str | None]
    ) -> None:
        self._session = session
        self._answers = answers
        self._next_words = next_words
        self._ears: Ears | None = None
        self._item_id = ""
        self._idle_at: float | None = None
        self._told: str | None = None

    @property
    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = self._session.config["audio"]["input"]
        return settings

    def configured(self) -> None:
        """The session's configuration changed."""
        if self._ears is None:
            return
        if self._ears.format != self._settings["format"]["type"]:
            self._ears = None
        else:
            self._ears.configure(self._settings["turn_detection"])

    def forget(self) -> None:
        """Nothing will be heard any more."""
        self._ears = None
        self._idle_at = None

    def _hearing(self) -> Ears:
        if self._ears is None:
            self._ears = Ears(self._settings["format"]["type"], self._settings["turn_detection"])
        return self._ears

    # -- client events --------------------------------------------------------------------

    def append(self, event: dict[str, Any]) -> None:
        """input_audio_buffer.append: there is no acknowledgement."""
        try:
            audio = base64.b64decode(event["audio"], validate=True)
        except (binascii.Error, ValueError):
            raise refusal.wrong_value(
                "audio", "Invalid 'audio'. Expected base64-encoded audio bytes."
            ) from None
        ears = self._hearing()
        for edge in ears.hear(audio):
            if edge.kind == "start":
                self._speech_started(edge.at)
            else:
                self._speech_stopped(edge.at)

    def commit(self, event: dict[str, Any]) -> None:
        """input_audio_buffer.commit: the buffer becomes a user's item; no response by itself."""
        ears = self._hearing()
        if ears.buffered_ms < _LEAST_COMMIT_MS:
            raise Refusal(
                "Error committing input audio buffer: buffer too small. Expected at least 100ms of"
                f" audio, but buffer only has {ears.buffered_ms:.2f}ms of audio.",
                code="input_audio_buffer_commit_empty",
            )
        self._commit(self._session.fresh_id("item_"), self._next_words())

    def clear(self, event: dict[str, Any]) -> None:
        """input_audio_buffer.clear."""
        if self._ears is not None:
            self._ears.clear()
        self._session.emit({"type": "input_audio_buffer.cleared"})

    # -- turns ----------------------------------------------------------------------------

    def _speech_started(self, at: int) -> None:
        session = self._session
        self._idle_at = None
        self._item_id = session.fresh_id("item_")
        self._told = self._next_words()
        ears = self._hearing()
        ears.unfinished = None if self._told is None else not _complete(self._told)
        session.emit(
            {
                "type": "input_audio_buffer.speech_started",
                "item_id": self._item_id,
                "audio_start_ms": at,
            }
        )
        if self._settings["turn_detection"]["interrupt_response"]:
            self._answers.interrupt()

    def _speech_stopped(self, at: int) -> None:
        session = self._session
        session.emit(
            {
                "type": "input_audio_buffer.speech_stopped",
                "item_id": self._item_id,
                "audio_end_ms": at,
            }
        )
        # The words may be told while they are being spoken.
        words = self._told if self._told is not None else self._next_words()
        self._told = None
        self._commit(self._item_id, words)
        if self._settings["turn_detection"]["create_response"]:
            self._answers.respond()

    def _commit(self, item_id: str, words: str | None, *, silent: bool = False) -> None:
        session, ears = self._session, self._hearing()
        audio, start, end = ears.take()
        item = Item(
            {
                "id": item_id,
                "object": "realtime.item",
                "type": "message",
                "status": "completed",
                "role": "user",
                "content": [{"type": "input_audio", "transcript": None}],
            },
            audio=audio,
            audio_ms=end - start,
            heard=SILENCE if silent else words or UNINTELLIGIBLE,
        )
        previous = session.conversation.last_id
        session.emit(
            {
                "type": "input_audio_buffer.committed",
                "item_id": item_id,
                "previous_item_id": previous,
            }
        )
        session.conversation.add(item)
        for kind in ("conversation.item.added", "conversation.item.done"):
            session.emit({"type": kind, "previous_item_id": previous, "item": item.wire})
        if self._settings["transcription"] is not None and not silent:
            session.later(_TRANSCRIBE_S, lambda: self._transcribe(item, words))

    def _transcribe(self, item: Item, words: str | None) -> None:
        session = self._session
        base = {"item_id": item.id, "content_index": 0}
        kind = "conversation.item.input_audio_transcription."
        if words is None:
            error = {
                "type": "transcription_error",
                "code": "audio_unintelligible",
                "message": "The audio could not be transcribed.",
                "param": None,
            }
            session.emit({"type": f"{kind}failed", **base, "error": error})
            return
        model = (self._settings["transcription"] or {}).get("model", "")
        if model != "whisper-1":
            for at, word in enumerate(words.split()):
                delta = word if at == 0 else f" {word}"
                session.emit({"type": f"{kind}delta", **base, "delta": delta})
        part = {**item.wire["content"][0], "transcript": words}
        item.wire["content"] = [part]
        session.emit(
            {
                "type": f"{kind}completed",
                **base,
                "transcript": words,
                "usage": {"type": "duration", "seconds": round(item.audio_ms / 1000, 1)},
            }
        )

    # -- silence --------------------------------------------------------------------------

    def answered(self, audio_ms: int) -> None:
        """A response ended whose audio plays for so long: the caller's silence counts from then."""
        vad = self._settings["turn_detection"]
        idle = vad.get("idle_timeout_ms") if vad else None
        speaking = self._ears is not None and self._ears.speaking
        if idle is not None and not speaking:
            self._idle_at = self._session.now + (audio_ms + idle) / 1000

    def busy(self) -> None:
        """A response begins: nobody waits for the caller."""
        self._idle_at = None

    def deadline(self) -> float:
        """When the caller has been silent for too long."""
        return float("inf") if self._idle_at is None else self._idle_at

    def tick(self, now: float) -> None:
        """Prompt a caller who has been silent for too long."""
        if self._idle_at is None or now < self._idle_at:
            return
        self._idle_at = None
        ears, session = self._hearing(), self._session
        item_id = session.fresh_id("item_")
        session.emit(
            {
                "type": "input_audio_buffer.timeout_triggered",
                "item_id": item_id,
                "audio_start_ms": ears.buffer_start_ms,
                "audio_end_ms": ears.now_ms,
            }
        )
        self._commit(item_id, None, silent=True)
        self._answers.respond()


def _complete(words: str) -> bool:
    return words.rstrip().endswith((".", "!", "?"))
