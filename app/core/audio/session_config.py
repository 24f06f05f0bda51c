"""The session object of a call whose speech is the model's own: audio in, audio out.

Source: OpenAI reference, `session.update`; guides "Voice activity detection" and "Realtime
transcription". The server only detects voice: whether a sound interrupts, and when a response is
due, is decided here (`create_response` and `interrupt_response` are off).
"""

from __future__ import annotations

from typing import Any

from app.core.agent.audio import AudioSettings, ServerVad, Transcription
from app.core.agent.definition import Agent
from app.core.agent.session_config import text_session


def audio_session(agent: Agent, details: dict[str, Any], started_at: float) -> dict[str, Any]:
    """The whole session object. Every field that a former session may have had is given."""
    audio = agent.audio
    form = _format(audio)
    reduction = audio.noise_reduction
    return {
        **text_session(agent, details, started_at, "audio"),
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": form,
                "noise_reduction": {"type": reduction.type} if reduction else None,
                "transcription": _transcription(audio.transcription),
                "turn_detection": turn_detection(audio),
            },
            "output": {"format": form, "voice": audio.voice, "speed": audio.speed},
        },
    }


def turn_detection(audio: AudioSettings) -> dict[str, Any]:
    """The voice detection, with nothing left to the server's defaults."""
    settings = audio.turn_detection.model_dump()
    return {**settings, "create_response": False, "interrupt_response": False}


def speech_seconds(audio: AudioSettings, start_ms: int, end_ms: int) -> float:
    """How long a sound was, from the times of voice detection.

    These include the padding before it and, with `server_vad`, the silence that ended it.
    """
    detection = audio.turn_detection
    if isinstance(detection, ServerVad):
        end_ms -= detection.silence_duration_ms
        start_ms += detection.prefix_padding_ms
    return max(0.0, (end_ms - start_ms) / 1000)


def silence_seconds(audio: AudioSettings) -> float:
    """How long the caller has been silent as voice detection tells that a sound is over. How long
    `semantic_vad` waits is not known."""
    detection = audio.turn_detection
    return detection.silence_duration_ms / 1000 if isinstance(detection, ServerVad) else 0.0


def _format(audio: AudioSettings) -> dict[str, Any]:
    if audio.format == "pcm":
        return {"type": "audio/pcm", "rate": 24_000}
    return {"type": "audio/pcmu"}


def _transcription(settings: Transcription | None) -> dict[str, Any] | None:
    if settings is None:
        return None
    out: dict[str, Any] = {"model": settings.model}
    if settings.language:
        out["language"] = settings.language
    if settings.prompt:
        out["prompt"] = settings.prompt
    if settings.keywords:
        out["keywords"] = list(settings.keywords)
    return out
