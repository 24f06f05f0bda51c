"""What the agent makes of the caller's sounds: remarks, breaths and interruptions on several lines.

``python -m bench sounds`` plays synthetic callers (espeak-ng, hums and breaths made here) at
three loudnesses over four kinds of line into the deciding part of a call, 20 ms at a time, beside a
voice detection that knows the truth: it tells of a begin 100 ms after it and of an end 800 ms after
it, as the service does by default, and the words come 400 ms later. Nothing is random but the seed.

Times are those of the decision; the way to the phone and back (30 to 100 ms) is to be added.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from app.core.agent.audio import BargeInSettings
from app.core.agent.definition import TurnTaking
from app.core.audio.hearing.barge_in import BargeIn, Decision, Verdict
from app.core.audio.hearing.levels import LineLevels
from app.core.language.backchannel import Floor
from app.rehearsal.sound import pcm
from app.rehearsal.twilio_phone.sounds import say
from bench.tables import Table

RATE, FRAME, FRAME_S = 8000, 160, 0.02
#: The service's voice detection and transcription, in seconds.
ONSET_S, SILENCE_S, WORDS_S = 0.1, 0.8, 0.4
#: The line is listened to for so long before the sound, and after it.
BEFORE_S, AFTER_S = 8.0, 4.0
PEAKS = {"quiet": 1500, "normal": 8000, "loud": 24_000}

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Sound:
    """A sound of the caller's; `remark` where the agent is to go on."""

    name: str
    samples: Samples
    words: str
    remark: bool


@cache
def spoken(text: str, speed: int, voice: str) -> Samples:
    """Speech without the silence around it, its peak at 1."""
    samples = pcm.decode(say(text, voice=voice, speed=speed).audio, "audio/pcmu").astype(float)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1]]
    scaled: Samples = samples / np.abs(samples).max()
    return scaled


def hum(seconds: float, pitch: float) -> Samples:
    """ "Mm-hm": two humps of a nasal voice, the second higher, with a breath between them."""
    size = int(seconds * RATE)
    at = np.arange(size) / size
    glide = pitch * (1.0 + 0.25 * (at > 0.45))
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    voice = sum(np.sin(k * phase) / k ** (1.2 if k * pitch < 350 else 2.4) for k in range(1, 12))
    first = np.sin(np.pi * np.clip(at / 0.45, 0, 1)) ** 0.5
    second = np.sin(np.pi * np.clip((at - 0.5) / 0.5, 0, 1)) ** 0.5
    out = voice * np.maximum(np.maximum(first, second), 0.06)
    breath = np.random.default_rng(size).normal(0, 0.03, size)
    out = out / np.abs(out).max() + breath * np.clip(first + second, 0.2, 1)
    return np.asarray(out / np.abs(out).max())


def breath(seconds: float) -> Samples:
    """Air, or a click of the line."""
    size = int(seconds * RATE)
    noise = np.random.default_rng(size).normal(0, 1, size) * np.sin(np.pi * np.arange(size) / size)
    return np.asarray(noise / np.abs(noise).max())


@cache
def sounds() -> tuple[Sound, ...]:
    """All sounds, remarks first."""
    made = [
        Sound(f"mm-hm {seconds:.2f} s", hum(seconds, pitch), "mm-hm", True)
        for seconds in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.87, 0.95)
        for pitch in (105, 200)
    ]
    made += [Sound(f"breath {s:.2f} s", breath(s), "", True) for s in (0.08, 0.12, 0.2)]
    for voice in ("en-us+m3", "en-us+f3"):
        for text, speed in (
            ("mm-hm", 160), ("mm-hm", 135), ("uh-huh", 150), ("yeah", 130), ("okay", 150),
            ("right", 150), ("oh okay", 150), ("I see", 150), ("yeah, okay", 170), ("sure", 140),
        ):  # fmt: skip
            made.append(Sound(text, spoken(text, speed, voice), text, True))
        for text, speed in (
            ("stop", 150), ("wait", 150), ("no no no", 160), ("hold on a second", 165),
            ("stop, wait a moment please", 150), ("sorry, can I ask something", 165),
            ("no, I meant Thursday", 165), ("excuse me", 160),
            ("actually I need to move an appointment that I made last week", 165),
        ):  # fmt: skip
            made.append(Sound(text, spoken(text, speed, voice), text, False))
    return tuple(made)


@cache
def babble(seconds: int = 30, voices: int = 7) -> Samples:
    """Several people at once, in the background; its mean power is 1."""
    text = (
        "We were going to meet at the station but the train was late again, so everybody went home "
        "early and nobody told the others what had been decided about the party on Saturday. "
    )
    out = np.zeros(seconds * RATE)
    for number in range(voices):
        voice = f"en-us+{'mf'[number % 2]}{number // 2 + 1}"
        one = np.tile(spoken(text, 140 + 9 * number, voice), 8)
        out += np.roll(one, 4111 * number)[: len(out)] / np.sqrt(np.mean(one**2))
    return np.asarray(out / np.sqrt(np.mean(out**2)))


def line_noise(kind: str, size: int) -> Samples:
    """The noise of a line, in 16 bit samples."""
    rng = np.random.default_rng(7)
    if kind == "hiss":
        return rng.normal(0, 40, size)
    if kind == "mains":
        at = np.arange(size) / RATE
        return 90 * np.sin(2 * np.pi * 100 * at) + rng.normal(0, 12, size)
    if kind == "babble":
        return 90 * np.resize(babble(), size)
    return np.zeros(size)


LINES = ("clean", "hiss", "mains", "babble")


@dataclass
class Heard:
    """What came of one sound. Times are seconds from its begin."""

    sound: Sound
    seconds: float
    muted: list[tuple[float, float]] = field(default_factory=list)
    """From when to when the agent was silent."""
    gave_up: float | None = None
    why: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether the agent went on."""
        return self.gave_up is None

    @property
    def back_after(self) -> float:
        """How long after the end of the sound the agent's voice is back."""
        return max(0.0, max((end for _, end in self.muted), default=0.0) - self.seconds)

    @property
    def talk_over(self) -> float:
        """How long both spoke at once, once the agent had fallen silent."""
        over, since = 0.0, None
        until = self.seconds
        for begin, end in self.muted:
            if since is not None:
                over += max(0.0, min(begin, until) - min(since, until))
            since = end
        if since is not None and since < until:
            over += until - since
        return over


def hear(sound: Sound, peak: int, line: str, settings: BargeInSettings) -> Heard:
    """Play one sound into one call."""
    seconds = len(sound.samples) / RATE
    size = int((BEFORE_S + seconds + AFTER_S) * RATE) // FRAME * FRAME
    samples = line_noise(line, size)
    at = int(BEFORE_S * RATE)
    asked = spoken("When are you open on Fridays, please?", 165, "en-us+m3")
    samples[RATE : RATE + len(asked)] += peak * asked
    samples[at : at + len(sound.samples)] += peak * sound.samples
    audio = pcm.encode(np.clip(samples, -32_000, 32_000).astype(np.int16), "audio/pcmu")
    levels, barge = LineLevels(), BargeIn(settings, TurnTaking())
    out = Heard(sound, seconds)
    since: float | None = None
    events: list[tuple[float, Callable[[float], Decision | None]]] = [
        (min(ONSET_S, seconds), lambda now: barge.started(Floor.AGENT, now)),
        (seconds + SILENCE_S, lambda now: barge.stopped(seconds, now)),
        (
            seconds + SILENCE_S + WORDS_S,
            lambda now: (
                barge.heard(sound.words, True, now)
                if barge.deciding
                else barge.late(sound.words, Floor.AGENT)
            ),
        ),
    ]

    def told(decisions: Iterator[Decision | None], now: float) -> None:
        nonlocal since
        for decision in decisions:
            if decision is None or out.gave_up is not None:
                continue
            if decision.verdict is Verdict.MUTE:
                since = now
                continue
            out.why.append(decision.why)
            if decision.verdict is Verdict.YIELD:
                out.gave_up = now
            if since is not None:
                out.muted.append((since, now if decision.verdict is Verdict.RESUME else 99.0))
                since = None
            elif decision.verdict is Verdict.YIELD:
                out.muted.append((now, 99.0))

    for offset in range(0, size, FRAME):
        now = round(offset / RATE + FRAME_S - BEFORE_S, 3)
        voice = levels.hear(audio[offset : offset + FRAME])
        told(iter([barge.level(voice, FRAME_S, now), barge.tick(now)]), now)
        while events and events[0][0] <= now:
            told(iter([events.pop(0)[1](now)]), now)
    return out


def tables() -> list[Table]:
    """What was measured."""
    table = Table(
        "Sounds of the caller while the agent speaks",
        (
            "caller",
            "line",
            "remarks that hold",
            "voice back after p50 / p95 (ms)",
            "interruptions heard",
            "talk-over p50 / max (ms)",
        ),
    )
    settings = BargeInSettings()
    for loud, peak in PEAKS.items():
        for line in LINES:
            seen = [hear(sound, peak, line, settings) for sound in sounds()]
            remarks = [one for one in seen if one.sound.remark]
            others = [one for one in seen if not one.sound.remark]
            back = sorted(one.back_after * 1000 for one in remarks if one.held)
            over = sorted(one.talk_over * 1000 for one in others)
            table.add(
                loud,
                line,
                f"{sum(one.held for one in remarks)} of {len(remarks)}",
                f"{median(back):.0f} / {back[int(0.95 * len(back))]:.0f}" if back else "-",
                f"{sum(not one.held for one in others)} of {len(others)}",
                f"{median(over):.0f} / {over[-1]:.0f}",
            )
    return [table]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.backchannels", description=__doc__)
    parser.add_argument("--each", action="store_true", help="print every sound on every line")
    options = parser.parse_args()
    if options.each:
        for loud, peak in PEAKS.items():
            for line in LINES:
                for sound in sounds():
                    one = hear(sound, peak, line, BargeInSettings())
                    print(
                        f"{loud:6} {line:6} {sound.name[:34]:34} {one.seconds:5.2f} s",
                        "goes on" if one.held else f"given up at {one.gave_up:.2f}",
                        f"back after {one.back_after * 1000:4.0f} ms" if one.held else "",
                        f"talk-over {one.talk_over * 1000:4.0f} ms, {' '.join(one.why)}",
                    )
        return
    for table in tables():
        print(table.markdown())


if __name__ == "__main__":
    main()
