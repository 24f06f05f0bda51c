"""The rehearsal model's voice: espeak-ng where it is installed, tones where it is not."""

from __future__ import annotations

import io
import shutil
import subprocess
import threading
import wave
from collections import OrderedDict
from typing import Literal

import numpy as np
import soxr

from app import logs
from app.rehearsal.sound import pcm
from app.rehearsal.sound.pcm import Samples
from app.rehearsal.sound.spoken import RATES, Request

log = logs.get("app.rehearsal.realtime_server")

Kind = Literal["auto", "espeak", "tones"]
_WORDS_PER_MINUTE = 170
_LETTER_MS = 55
_CACHE_BYTES = 32 * 1024 * 1024
_SAMPLE_RATES = {"audio/pcm": 24000, "audio/pcmu": 8000, "audio/pcma": 8000}
#: Voices of the service, each with a voice of espeak-ng that sounds different from the others.
_ESPEAK_VOICES = {
    "marin": "en-us+f3", "cedar": "en-us+m3", "alloy": "en-us+f4", "ash": "en-us+m1",
    "ballad": "en-gb+m2", "coral": "en-us+f1", "echo": "en-us+m7", "sage": "en-gb+f2",
    "shimmer": "en-us+f5", "verse": "en-us+m4",
}  # fmt: skip


class Voice:
    """Speaks texts; remembers what it said, as greetings and questions come again.

    `kind` "auto" takes espeak-ng if it is there. May be used from several threads.
    """

    def __init__(self, kind: Kind = "auto") -> None:
        self._espeak = shutil.which("espeak-ng") if kind in ("auto", "espeak") else None
        if kind == "espeak" and self._espeak is None:
            raise ValueError("espeak-ng is not installed")
        self._known: OrderedDict[tuple[str, str, str, float], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def cached(self, request: Request) -> bytes | None:
        """The audio, where it need not be made or is made in no time."""
        with self._lock:
            known = self._known.get(_key(request))
            if known is not None:
                self._known.move_to_end(_key(request))
                return known
        return self.speak(request) if self._espeak is None else None

    def speak(self, request: Request) -> bytes:
        """The audio of the request in its format, in whole milliseconds; blocks for a moment."""
        rate = _SAMPLE_RATES[request.format]
        samples = self._espeak_samples(request, rate) if self._espeak else None
        if samples is None:
            samples = tones(request.text, rate, request.speed)
        audio = pcm.encode(samples, request.format)
        audio = audio[: len(audio) // RATES[request.format] * RATES[request.format]]
        self._remember(request, audio)
        return audio

    def _remember(self, request: Request, audio: bytes) -> None:
        with self._lock:
            if _key(request) not in self._known:
                self._known[_key(request)] = audio
                self._bytes += len(audio)
            while self._bytes > _CACHE_BYTES and self._known:
                self._bytes -= len(self._known.popitem(last=False)[1])

    def _espeak_samples(self, request: Request, rate: int) -> Samples | None:
        assert self._espeak is not None
        voice = _ESPEAK_VOICES.get(request.voice, "en-us")
        speed = int(_WORDS_PER_MINUTE * request.speed)
        command = [self._espeak, "--stdout", "-v", voice, "-s", str(speed), "--stdin"]
        try:
            done = subprocess.run(
                command, input=request.text.encode(), capture_output=True, timeout=10, check=True
            )
            return _read_wav(done.stdout, rate)
        except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as error:
            log.warning("espeak-ng failed (%s): tones instead", type(error).__name__)
            return None


def _key(request: Request) -> tuple[str, str, str, float]:
    return request.text, request.format, request.voice, request.speed


def _read_wav(data: bytes, rate: int) -> Samples:
    with wave.open(io.BytesIO(data)) as file:
        # espeak-ng writes to a pipe and so cannot know the length it puts into the header.
        samples = np.frombuffer(data[44:], dtype="<i2")
        samples = samples[: len(samples) // file.getnchannels() * file.getnchannels()]
        return resample(samples, file.getframerate(), rate)


def resample(samples: Samples, have: int, want: int) -> Samples:
    """The same sound at another sample rate."""
    if have == want:
        return samples
    result: Samples = soxr.resample(samples, have, want, quality="HQ")
    return result


def tones(text: str, rate: int, speed: float = 1.0) -> Samples:
    """A tone for every word, as long as the word takes to say, with short gaps."""
    pieces: list[Samples] = []
    for word in text.split():
        length = int(rate * max(120, _LETTER_MS * len(word)) / 1000 / speed)
        pitch = 180 + 13 * (sum(word.encode()) % 17)
        time = np.arange(length) / rate
        envelope = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.01)
        wave_form = 7000 * envelope * np.sin(2 * np.pi * pitch * time)
        pieces.append(wave_form.astype(np.int16))
        pieces.append(np.zeros(int(rate * 0.05 / speed), dtype=np.int16))
    if not pieces:
        return np.zeros(rate // 10, dtype=np.int16)
    return np.concatenate(pieces)
