"""Recording a call's sound: from the announcement on, beside the call, honest where it ends."""

from __future__ import annotations

import gevent
import pytest

from app.bridges.persistence import sound_recorder
from app.bridges.persistence.sound_recorder import MOST_WAITING, SoundRecorder
from app.core.call.events import ToPhone
from app.core.record.sound import SoundChunk
from app.errors import Unavailable
from app.protocol.twilio import Writer

BEGAN = 1000.0
VOICE, WORDS = b"\x10" * 160, b"\x20" * 160
WRITER = Writer("MZ1")


def frame(audio: bytes = WORDS) -> ToPhone:
    return ToPhone(WRITER.media(audio), len(audio))


class Recording:
    """A recorder with a store at hand; time passes by frames."""

    def __init__(self, *, announced: bool = False) -> None:
        self.now = BEGAN
        self.chunks: list[SoundChunk] = []
        self.stopped: list[str] = []
        self.away = self.full = False
        self.recorder = SoundRecorder(
            self._write, self.stopped.append, lambda: BEGAN, lambda: self.now, announced=announced
        )

    def _write(self, chunk: SoundChunk) -> bool:
        if self.away:
            raise Unavailable("Redis is away")
        if not self.full:
            self.chunks.append(chunk)
        return not self.full

    def hear(self, seconds: float, audio: bytes = VOICE) -> None:
        for _ in range(round(seconds * 50)):
            self.now = round(self.now + 0.02, 3)
            self.recorder.caller(audio)

    def say(self, audio: bytes = WORDS) -> None:
        self.recorder.agent(frame(audio), self.now)

    def flush(self) -> None:
        """Let the background do what it does every now and then."""
        gevent.sleep(0.02)

    @property
    def caller(self) -> bytes:
        return b"".join(chunk.side("caller") for chunk in self.chunks)

    @property
    def agent(self) -> bytes:
        return b"".join(chunk.side("agent") for chunk in self.chunks)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_recorder, "FLUSH_S", 0.005)


def test_both_sides_are_kept_in_step() -> None:
    one = Recording()
    one.say()
    one.hear(1.0)
    one.flush()
    assert one.chunks
    one.hear(1.0)
    one.say()
    one.recorder.close()
    assert one.chunks[-1].end == 16_000
    assert one.caller == VOICE * 100
    assert one.agent[:160] == WORDS
    assert one.agent[160:] == b"\xff" * (16_000 - 160)


def test_nothing_is_kept_before_the_caller_was_told() -> None:
    one = Recording()
    one.hear(1.0)
    one.recorder.close()
    assert one.chunks == []
    one = Recording()
    one.hear(1.0)
    one.recorder.agent(ToPhone(WRITER.mark("0:1"), 0, "0:1"), one.now)
    one.recorder.agent(ToPhone(WRITER.clear()), one.now)
    one.hear(1.0)
    one.say()
    one.hear(1.0)
    one.recorder.close()
    assert one.chunks[0].begin == 16_000
    assert one.caller == VOICE * 50


def test_a_call_that_goes_on_here_was_announced() -> None:
    one = Recording(announced=True)
    one.now += 60
    one.hear(1.0)
    one.recorder.close()
    assert one.chunks[0].begin >= 60 * 8000
    assert one.caller == VOICE * 50


def test_a_clear_takes_out_what_was_not_played() -> None:
    one = Recording()
    for _ in range(50):
        one.say()
    one.hear(0.5)
    one.recorder.agent(ToPhone(WRITER.clear()), one.now)
    one.hear(1.0)
    one.recorder.close()
    assert one.agent.count(0x20) == 4000


def test_a_short_outage_loses_nothing() -> None:
    one = Recording()
    one.say()
    one.away = True
    one.hear(2.0)
    one.flush()
    assert one.chunks == []
    one.away = False
    one.hear(1.0)
    one.recorder.close()
    assert one.caller == VOICE * 150
    assert one.stopped == []


def test_a_long_outage_ends_the_recording_and_says_so() -> None:
    one = Recording()
    one.say()
    one.away = True
    one.hear(MOST_WAITING / 8000 + 1)
    one.flush()
    assert one.stopped == ["redis"]
    one.away = False
    one.hear(1.0)
    one.say()
    one.recorder.close()
    assert one.chunks == []
    assert one.stopped == ["redis"]


def test_a_full_recording_ends_and_says_so() -> None:
    one = Recording()
    one.say()
    one.hear(1.0)
    one.full = True
    one.flush()
    one.hear(1.0)
    one.recorder.close()
    assert one.stopped == ["full"]


def test_a_fault_of_ours_ends_the_recording_only() -> None:
    one = Recording()
    one.recorder.agent(ToPhone("no frame", 160), one.now)
    one.hear(0.1)
    one.flush()
    one.recorder.close()
    assert one.stopped == ["error"]
