"""When a rehearsed caller speaks, and what sound files are read."""

from __future__ import annotations

import wave
from collections import deque
from pathlib import Path

import numpy as np
import pytest

from app.core.audio.hearing.levels import loudness
from app.core.audio.tones import tone
from app.errors import BadRequest
from app.protocol.twilio import SILENCE
from app.rehearsal.twilio_phone import sounds
from app.rehearsal.twilio_phone.mouth import PATIENCE_S, Line, Mouth
from app.rehearsal.twilio_phone.sounds import Utterance

VOICE = Utterance(SILENCE * 320 + tone((300,), 200, 9000), "Hello.")


def run(mouth: Mouth, agent: list[tuple[float, bool]], until: float) -> dict[str, float]:
    """Run to `until`; the times at which loud frames came first and last."""
    seen: dict[str, float] = {}
    at, audible = 0.0, False
    while at < until:
        for moment, state in agent:
            if at >= moment:
                audible = state
        frame = mouth.frame(at, audible)
        assert len(frame) == 160
        if loudness(frame) > 30:
            seen.setdefault("first", at)
            seen["last"] = at
        at = round(at + 0.02, 4)
    return seen


def test_it_waits_for_the_agent_to_have_spoken_and_stopped() -> None:
    mouth = Mouth(deque([Line(VOICE)]))
    assert run(mouth, [], 5.0) == {}
    mouth = Mouth(deque([Line(VOICE)]))
    seen = run(mouth, [(1.0, True), (3.0, False)], 8.0)
    assert seen["first"] == pytest.approx(4.0 + 0.04, abs=0.06)
    assert seen["last"] - seen["first"] == pytest.approx(0.18, abs=0.03)


def test_it_speaks_over_the_agent() -> None:
    mouth = Mouth(deque([Line(VOICE, over=1.5)]))
    seen = run(mouth, [(1.0, True)], 5.0)
    assert seen["first"] == pytest.approx(2.54, abs=0.06)
    assert mouth.over_agent
    assert mouth.begun_at == pytest.approx(seen["first"], abs=0.03)


def test_it_speaks_at_a_time() -> None:
    seen = run(Mouth(deque([Line(VOICE, at=2.0)])), [], 4.0)
    assert seen["first"] == pytest.approx(2.04, abs=0.04)


def test_lines_take_turns_with_the_agent() -> None:
    mouth = Mouth(deque([Line(VOICE), Line(VOICE)]))
    run(mouth, [(0.0, True), (1.0, False)], 6.0)
    assert len(mouth.lines) == 1
    run(mouth, [(0.0, True), (1.0, False)], 6.0)
    assert not mouth.lines


def test_it_hangs_up_after_the_agents_last_word() -> None:
    mouth = Mouth(deque([Line(VOICE)]), hang_up_after=2.0)
    run(mouth, [(0.0, True), (1.0, False)], 3.0)
    assert not mouth.done(3.5)
    assert mouth.done(6.0)
    assert not Mouth(deque(), hang_up_after=None).done(1000)


def test_it_waits_until_it_is_its_turn() -> None:
    turn = [False]
    mouth = Mouth(deque([Line(VOICE)]), 2.0, lambda: turn[0])
    assert run(mouth, [(0.0, True), (1.0, False)], 9.0) == {}
    turn[0] = True
    mouth.frame(9.0, False)
    assert not mouth.lines


def test_its_patience_has_an_end() -> None:
    mouth = Mouth(deque([Line(VOICE)]), 2.0, lambda: False)
    seen = run(mouth, [(0.0, True), (1.0, False)], 30.0)
    assert seen["first"] == pytest.approx(2.04 + PATIENCE_S, abs=0.06)
    assert not mouth.done(seen["last"] + 2.0 + PATIENCE_S - 0.1)
    assert mouth.done(seen["last"] + 2.0 + PATIENCE_S + 0.2)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_files_of_any_rate_are_read(tmp_path: Path, rate: int, channels: int) -> None:
    samples = (9000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype("<i2")
    file = tmp_path / "a.wav"
    with wave.open(str(file), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat(samples, channels).tobytes())
    (tmp_path / "a.txt").write_text("A tone.\n")
    utterance = sounds.load(file)
    assert abs(len(utterance.audio) - 8000) <= 8
    assert utterance.text == "A tone."
    assert loudness(utterance.audio) > 60


def test_raw_files_are_taken_as_they_are_and_rubbish_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ulaw").write_bytes(b"\x00\x01")
    assert sounds.load(tmp_path / "a.ulaw").audio == b"\x00\x01"
    (tmp_path / "b.wav").write_bytes(b"RIFF....")
    for name in ("b.wav", "none.wav"):
        with pytest.raises(BadRequest):
            sounds.load(tmp_path / name)


def test_a_call_is_saved_on_two_channels(tmp_path: Path) -> None:
    sounds.save(tmp_path / "c.wav", tone((300,), 100, 9000), SILENCE * 1600)
    with wave.open(str(tmp_path / "c.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8000, 1600)
        data = np.frombuffer(file.readframes(1600), dtype="<i2").reshape(-1, 2)
    assert np.abs(data[:800, 0]).max() > 8000
    assert np.abs(data[:, 1]).max() == 0


def test_the_voice_begins_where_it_is_loud() -> None:
    assert VOICE.voice_begins == 320
    assert Utterance(SILENCE * 500).voice_begins == 0
