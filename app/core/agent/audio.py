"""The `audio:` part of an agent's file: its voice, and how it hears."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.core.agent.parts import Milliseconds, Part, Text


class ServerVad(Part):
    """Voice detection by loudness (Realtime `server_vad`).

    A short silence answers fast and cuts into pauses; a third of callers pause 300 ms or more
    inside a sentence, a tenth 800 ms or more.
    """

    type: Literal["server_vad"] = "server_vad"
    threshold: float = Field(default=0.5, ge=0, le=1)
    prefix_padding_ms: int = Field(default=300, ge=0, le=5000)
    silence_duration_ms: int = Field(default=800, ge=50, le=10_000)


class SemanticVad(Part):
    """Voice detection by meaning (Realtime `semantic_vad`): waits while a sentence is unfinished.

    The longest wait is 8 s with low eagerness, 4 s with medium or auto, 2 s with high.
    """

    type: Literal["semantic_vad"]
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"


class NoiseReduction(Part):
    """Noise reduction before voice detection: `far_field` for speakerphones and rooms."""

    type: Literal["near_field", "far_field"]


class Transcription(Part):
    """Who writes down what the caller says. The model itself hears the audio, not this text."""

    model: Text = "gpt-transcribe"
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$")
    prompt: Text | None = None
    keywords: tuple[Text, ...] = ()


class BargeInSettings(Part):
    """A sound of the caller while the agent speaks. All times in milliseconds.

    The agent falls silent at once, and within `window_ms` goes on or gives up its turn. A remark
    ("mm-hm") may last almost a second, so `speech_ms` below that gives up turns for remarks.
    """

    window_ms: int = Field(default=1200, ge=100, le=5000)
    """The longest pause before it is decided what the sound was."""
    speech_ms: int = Field(default=1000, ge=100, le=5000)
    """A sound as long as this is speech, whatever the words."""
    breath_ms: int = Field(default=150, ge=0, le=1000)
    """A sound shorter than this is no speech."""


class AudioSettings(Part):
    """The voice and ears of the audio channel (OpenAI Realtime session settings)."""

    voice: str = "marin"
    speed: float = Field(default=1.0, ge=0.25, le=1.5)
    format: Literal["pcmu", "pcm"] = "pcmu"
    """`pcmu` passes the telephone's audio through; `pcm` converts to 24 kHz for servers that take
    nothing else."""
    turn_detection: ServerVad | SemanticVad = Field(default_factory=ServerVad, discriminator="type")
    noise_reduction: NoiseReduction | None = None
    transcription: Transcription | None = Transcription()
    barge_in: BargeInSettings = BargeInSettings()
    gather_ms: int = Field(default=60, ge=20, le=200)
    """Caller audio goes to the model in stretches of this length."""
    lead_ms: int = Field(default=200, ge=40, le=2000)
    """Agent audio is sent this far ahead of the phone's playback."""
    idle_ms: int = Field(default=12_000, ge=1000, le=600_000)
    """The caller is asked whether they are still there after this much silence."""
    idle_prompts: int = Field(default=2, ge=0, le=10)
    """The call ends at the silence after so many prompts."""
    digits_pause_ms: Milliseconds = 2000
    """Keys pressed are one number until a pause of this length, or a `#`."""
