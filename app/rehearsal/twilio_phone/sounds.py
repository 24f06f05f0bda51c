"""Speech for the local telephone: files and espeak-ng to 8 kHz mu-law, and back to a file."""

from __future__ import annotations

import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from app.core.audio.hearing.levels import loudness
from app.errors import BadRequest
from app.protocol.twilio import FRAME_BYTES, SAMPLE_RATE
from app.rehearsal.sound import pcm

#: Raw mu-law files are told by their names.
RAW = (".pcmu", ".ulaw", ".mulaw", ".ul", ".raw")
#: Frames at least this loud are voice (`app.core.audio.hearing.levels.loudness`).
VOICE = 30


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to say. `text` is its words, where they are known."""

    audio: bytes
    text: str = ""

    @property
    def voice_begins(self) -> int:
        """The offset of its first loud frame."""
        for at in range(0, len(self.audio), FRAME_BYTES):
            if loudness(self.audio[at : at + FRAME_BYTES]) >= VOICE:
                return at
        return 0


def load(path: str | Path) -> Utterance:
    """A WAV file of any rate, or raw 8 kHz mu-law; its words from the text file beside it.

    Raises `BadRequest` where it cannot be read.
    """
    file = Path(path)
    words = file.with_suffix(".txt")
    try:
        text = words.read_text(encoding="utf-8").strip() if words.exists() else ""
        if file.suffix.lower() in RAW:
            return Utterance(file.read_bytes(), text)
        return Utterance(_wav(file), text)
    except (OSError, wave.Error, EOFError, ValueError) as error:
        raise BadRequest(f"{file} cannot be read as audio: {error}") from None


def _wav(file: Path) -> bytes:
    with wave.open(str(file)) as opened:
        if opened.getsampwidth() != 2:
            raise ValueError("samples must have 16 bits")
        channels = opened.getnchannels()
        data = np.frombuffer(opened.readframes(opened.getnframes()), dtype="<i2")
        rate = opened.getframerate()
    samples = data.reshape(-1, channels).mean(axis=1).astype(np.int16) if channels > 1 else data
    return _mulaw(samples, rate)


def _mulaw(samples: NDArray[np.int16], rate: int) -> bytes:
    if rate != SAMPLE_RATE:
        samples = soxr.resample(samples, rate, SAMPLE_RATE, quality="HQ")
    return pcm.encode(samples, "audio/pcmu")


def say(text: str, *, voice: str = "en-us+m3", speed: int = 165) -> Utterance:
    """Speech of `text` by espeak-ng. Raises `BadRequest` where that is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise BadRequest("espeak-ng is not installed; give speech with --wav")
    command = [program, "--stdout", "-v", voice, "-s", str(speed), "--stdin"]
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BadRequest(f"espeak-ng failed: {type(error).__name__}") from None
    # Written to a pipe, the header's lengths are wrong; the rate is at its place.
    rate = int.from_bytes(done.stdout[24:28], "little")
    samples = np.frombuffer(done.stdout[44 : 44 + (len(done.stdout) - 44) // 2 * 2], dtype="<i2")
    return Utterance(_mulaw(samples, rate), text)


def save_one(path: str | Path, audio: bytes) -> None:
    """Write mu-law audio as a WAV file."""
    _save(path, pcm.decode(audio, "audio/pcmu"), 1)


def save(path: str | Path, caller: bytes, agent: bytes) -> None:
    """Write a call as a WAV file: the caller on the left, the agent on the right."""
    size = max(len(caller), len(agent))
    sides = (pcm.decode(side.ljust(size, b"\xff"), "audio/pcmu") for side in (caller, agent))
    _save(path, np.column_stack(list(sides)), 2)


def _save(path: str | Path, samples: NDArray[np.int16], channels: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
