"""The local handset: a buffer that plays in real time, marks, clear."""

from __future__ import annotations

import pytest

from app.protocol.twilio import Writer
from app.rehearsal.twilio_phone.handset import Handset

WRITER = Writer("MZ1")


def test_marks_come_back_when_the_audio_before_them_was_played() -> None:
    phone = Handset()
    phone.take(WRITER.media(b"\x01" * 160))
    phone.take(WRITER.mark("a"))
    phone.take(WRITER.media(b"\x02" * 160))
    phone.take(WRITER.mark("b"))
    phone.take(WRITER.mark("c"))
    assert phone.marks == []
    assert phone.play(0.02) == b"\x01" * 160
    assert phone.marks == ["a"]
    phone.play(0.01)
    assert phone.marks == ["a"]
    phone.play(0.01)
    assert phone.marks == ["a", "b", "c"]
    assert not phone.playing


def test_a_mark_with_nothing_before_it_comes_back_at_once() -> None:
    phone = Handset()
    phone.take(WRITER.mark("a"))
    assert phone.marks == ["a"]


def test_clear_empties_the_buffer_and_returns_its_marks() -> None:
    phone = Handset()
    phone.take(WRITER.media(bytes(1600)))
    phone.take(WRITER.mark("a"))
    assert phone.take(WRITER.clear()) == "clear"
    assert phone.marks == ["a"]
    assert phone.play(0.1) == b"\xff" * 800
    assert phone.clears == 1


def test_gaps_are_heard_and_counted() -> None:
    phone = Handset()
    phone.take(WRITER.media(b"\x01" * 80))
    assert phone.play(0.02) == b"\x01" * 80 + b"\xff" * 80
    assert phone.dry == 1
    phone.play(0.02)
    assert phone.dry == 1
    assert len(phone.heard) == 320


def test_what_twilio_does_not_know_is_refused() -> None:
    with pytest.raises(ValueError, match="transcript"):
        Handset().take('{"event":"transcript"}')
