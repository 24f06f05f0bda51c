"""Playback arithmetic: what is sent when, and what was heard."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.audio.playback import Heard, Playback

MS = 8  # bytes


def pieces(out: list[bytes | str]) -> tuple[bytes, list[str]]:
    audio = b"".join(piece for piece in out if isinstance(piece, bytes))
    return audio, [piece for piece in out if isinstance(piece, str)]


def test_frames_are_twenty_milliseconds_and_paced() -> None:
    play = Playback(lead_ms=100)
    play.add("a", bytes(1000 * MS))
    first = play.due(0.0)
    assert [len(p) for p in first if isinstance(p, bytes)] == [160] * 5
    assert play.due(0.0) == []
    sent = []
    for step in range(1, 46):
        audio, _ = pieces(play.due(step * 0.02, beat=True))
        sent.append(len(audio))
    assert sent == [160] * 45
    assert play.next_due(1.0) is None


@pytest.mark.parametrize("seed", range(5))
def test_spacing_is_as_even_as_the_beats_and_drift_does_not_add_up(seed: int) -> None:
    """Beats that wobble, and a phone whose clock is half a per cent off: one frame for each beat,
    but for the few that make up for the drift."""
    rng, play, phone = random.Random(seed), Playback(lead_ms=200), Phone()
    play.add("a", bytes(160) * 3000)
    phone.take(play.due(0.0))
    counts = []
    for step in range(1, 2900):
        at = step * 0.02 * 1.005 + rng.uniform(-0.009, 0.009)
        out = play.due(max(at, phone.now), beat=True)
        counts.append(sum(isinstance(piece, bytes) for piece in out))
        phone.take(out)
        for _, name in phone.back:
            play.acked(name, phone.now)
        phone.back.clear()
        phone.run(max(0.0, at - phone.now))
        assert phone.buffer, "the phone ran dry"
    assert counts.count(1) >= 0.99 * len(counts)
    assert max(counts) <= 2


def test_between_beats_only_what_is_late_is_sent() -> None:
    play = Playback(lead_ms=100)
    play.add("a", bytes(1000 * MS))
    play.due(0.0)
    assert play.due(0.03) == []
    assert play.next_due(0.03) == pytest.approx(0.04)
    assert len(pieces(play.due(0.061))[0]) == 320


def test_first_frame_every_fifth_and_the_last_are_marked() -> None:
    play = Playback(lead_ms=1000)
    play.add("a", bytes(12 * 160 + 40))
    play.end("a")
    out = play.due(0.0)
    shape = ["m" if isinstance(piece, str) else len(piece) for piece in out]
    assert shape == [160, "m", *[160] * 5, "m", *[160] * 5, "m", 160, 40, "m"]
    assert len({p for p in out if isinstance(p, str)}) == 4


def test_half_a_frame_waits_for_more_unless_it_is_the_end() -> None:
    play = Playback()
    play.add("a", bytes(200))
    assert len(pieces(play.due(0.0))[0]) == 160
    assert play.next_due(0.0) is None
    play.add("a", bytes(120))
    assert len(pieces(play.due(0.01))[0]) == 160
    play.add("a", bytes(8))
    assert play.due(0.02) == []
    play.end("a")
    audio, marks = pieces(play.due(0.03))
    assert len(audio) == 8
    assert len(marks) == 1


def test_nothing_is_heard_before_a_mark_says_so() -> None:
    play = Playback()
    play.add("a", bytes(800 * MS))
    play.due(0.0)
    heard = play.heard("a", 5.0)
    assert heard == Heard("a", 0, 0, 800, False)


def test_between_marks_time_counts_and_stops_at_the_next_mark() -> None:
    play = Playback(lead_ms=400)
    play.add("a", bytes(800 * MS))
    marks = pieces(play.due(0.0))[1]
    assert play.acked(marks[0], 0.05) == []
    assert play.heard("a", 0.05).heard_ms == 20  # type: ignore[union-attr]
    assert play.heard("a", 0.08).heard_ms == 50  # type: ignore[union-attr]
    assert play.heard("a", 9.0).heard_ms == 120  # type: ignore[union-attr]
    play.acked(marks[2], 9.1)  # a later mark covers the ones before
    assert play.heard("a", 9.1).heard_ms == 220  # type: ignore[union-attr]


def test_marks_of_a_cleared_stretch_prove_nothing() -> None:
    play = Playback(lead_ms=400)
    play.add("a", bytes(800 * MS))
    marks = pieces(play.due(0.0))[1]
    play.acked(marks[0], 0.02)
    assert play.mute(0.06)
    for name in marks:
        assert play.acked(name, 0.07) == []
    assert play.heard("a", 0.5).heard_ms == 60  # type: ignore[union-attr]


def test_resume_goes_on_from_where_it_was_muted() -> None:
    audio = bytes(index // MS % 251 for index in range(800 * MS))
    play = Playback(lead_ms=400)
    play.add("a", audio)
    marks = pieces(play.due(0.0))[1]
    play.acked(marks[0], 0.02)
    play.mute(0.06)
    assert play.due(1.0) == []
    assert play.next_due(1.0) is None
    play.add("a", b"")  # more may come while muted
    play.resume()
    again = pieces(play.due(2.0))[0]
    assert again == audio[60 * MS : 60 * MS + len(again)]


def test_cut_reports_each_item_and_bars_late_audio() -> None:
    play = Playback(lead_ms=400)
    play.add("a", bytes(100 * MS))
    play.end("a")
    play.add("b", bytes(300 * MS))
    play.end("b")
    play.add("c", bytes(50 * MS))
    marks = pieces(play.due(0.0))[1]
    play.acked(marks[0], 0.02)
    finished = play.acked(marks[1], 0.12)
    assert finished == [Heard("a", 0, 100, 100, True)]
    assert play.cut(0.15) == [Heard("b", 0, 50, 300, False), Heard("c", 0, 0, 50, False)]
    assert not play.add("b", bytes(160))
    assert not play.add("c", bytes(160))
    assert play.add("d", bytes(160))
    assert not play.muted


def test_forgotten_items_are_dropped() -> None:
    play = Playback()
    play.forget("x")
    assert not play.add("x", bytes(160))
    assert not play.pending


def test_an_item_is_complete_when_its_last_mark_is_back() -> None:
    play = Playback()
    play.add("a", bytes(160))
    marks = pieces(play.due(0.0))[1]
    assert play.acked(marks[0], 0.02) == []
    play.end("a")
    assert play.finish_ended() == [Heard("a", 0, 20, 20, True)]
    assert not play.pending
    assert not play.sounding


def test_foreign_marks_are_ignored() -> None:
    play = Playback()
    play.add("a", bytes(160))
    play.due(0.0)
    for name in ("", "x", "0:", "0:x", "7:1", "0:-1", ":", "0:٣x"):
        assert play.acked(name, 1.0) == []
    assert play.heard("a", 2.0).heard_ms == 0  # type: ignore[union-attr]


@dataclass
class Phone:
    """A phone that plays its buffer at eight bytes a millisecond and answers marks like Twilio."""

    now: float = 0.0
    buffer: deque[bytes | str] = field(default_factory=deque)
    played: bytearray = field(default_factory=bytearray)
    back: list[tuple[float, str]] = field(default_factory=list)

    def take(self, out: list[bytes | str]) -> None:
        self.buffer.extend(out)
        self._flush_marks()

    def _flush_marks(self) -> None:
        while self.buffer and isinstance(self.buffer[0], str):
            self.back.append((self.now, str(self.buffer.popleft())))

    def run(self, seconds: float) -> None:
        left = round(seconds * 8000)
        while left and self.buffer:
            piece = self.buffer.popleft()
            assert isinstance(piece, bytes)
            take = min(left, len(piece))
            self.played += piece[:take]
            self.now += take / 8000
            left -= take
            if take < len(piece):
                self.buffer.appendleft(piece[take:])
            self._flush_marks()
        self.now += left / 8000

    def clear(self) -> None:
        for piece in self.buffer:
            if isinstance(piece, str):
                self.back.append((self.now, piece))
        self.buffer.clear()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("audio"), st.integers(0, 3), st.integers(1, 4000)),
        st.tuples(st.just("end"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("time"), st.just(0), st.integers(1, 500)),
        st.tuples(st.just("mute"), st.just(0), st.just(0)),
        st.tuples(st.just("resume"), st.just(0), st.just(0)),
        st.tuples(st.just("cut"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


class Line:
    """A playback and a phone, with the random content of every item between them."""

    def __init__(self, latency: float, lead_ms: int) -> None:
        self.play, self.phone = Playback(lead_ms), Phone()
        self.latency = latency
        self.content: dict[str, bytes] = {}
        self.streams: dict[str, bytes] = {}
        self.ended: set[str] = set()
        self.cut_off: set[str] = set()
        self.turn = self.mutes = 0

    def take(self, kind: str, which: int, amount: int) -> None:
        """One step of what may happen."""
        match kind:
            case "audio":
                self.audio(f"{self.turn}.{which}", amount)
            case "end":
                self.end(f"{self.turn}.{which}")
            case "mute":
                self.mute()
            case "resume":
                self.play.resume()
            case "cut":
                self.cut()
            case "time":
                self.pass_time(amount)

    def audio(self, item_id: str, amount: int) -> None:
        if item_id in self.ended | self.cut_off:
            return
        same_turn = [other for other in self.content if other.startswith(f"{self.turn}.")]
        # Items come one after the other: adding to a later one ends the earlier ones.
        for other in same_turn:
            if other < item_id:
                self.play.end(other)
                self.ended.add(other)
        if any(other > item_id for other in same_turn):
            return
        have = len(self.content.get(item_id, b""))
        stream = self.streams.setdefault(item_id, random.Random(item_id).randbytes(250_000))
        assert self.play.add(item_id, stream[have : have + amount])
        self.content[item_id] = stream[: have + amount]

    def end(self, item_id: str) -> None:
        if item_id in self.content and item_id not in self.cut_off:
            self.play.end(item_id)
            self.ended.add(item_id)

    def mute(self) -> None:
        if self.play.muted:
            return
        self.mutes += 1
        if self.play.mute(self.phone.now):
            self.phone.clear()
        assert not self.phone.buffer

    def cut(self) -> None:
        sounding = self.play.sounding
        for heard in self.play.cut(self.phone.now):
            assert self.reached(heard.item_id, heard.heard_ms * MS)
            self.cut_off.add(heard.item_id)
        if sounding:
            self.phone.clear()
        assert not self.phone.buffer
        self.turn += 1

    def pass_time(self, amount: int) -> None:
        for _ in range(amount // 10 + 1):
            self.pump()
            self.phone.run(0.01)
            self.check()

    def pump(self) -> None:
        """Marks come back after the latency, and what is due goes out."""
        phone = self.phone
        ready = [name for at, name in phone.back if at + self.latency <= phone.now]
        phone.back = [(at, name) for at, name in phone.back if at + self.latency > phone.now]
        for name in ready:
            for heard in self.play.acked(name, phone.now):
                length = len(self.content[heard.item_id])
                assert heard.complete
                assert self.reached(heard.item_id, length)
                assert heard.heard_ms == heard.received_ms == length // MS
        phone.take(self.play.due(phone.now))

    def check(self) -> None:
        for item_id, audio in self.content.items():
            heard = self.play.heard(item_id, self.phone.now)
            if heard is not None:
                assert self.reached(item_id, heard.heard_ms * MS)
                assert 0 <= heard.heard_ms <= heard.received_ms == len(audio) // MS

    def reached(self, item_id: str, offset: int) -> bool:
        """Random content: if the bytes before `offset` were played, `offset` was reached."""
        return self.content[item_id][max(0, offset - 12) : offset] in self.phone.played

    def play_to_the_end(self) -> None:
        if self.play.muted:
            self.play.resume()
        for item_id in self.content:
            self.play.end(item_id)
        for _ in range(6000):
            self.pump()
            self.play.finish_ended()
            if not self.play.pending:
                return
            self.phone.run(0.02)
        raise AssertionError("it plays for ever")

    def pieces_lost(self, item_id: str) -> int:
        audio, played = self.content[item_id], bytes(self.phone.played)
        return sum(audio[at : at + 12] not in played for at in range(0, len(audio), 12))


@settings(max_examples=300, deadline=None)
@given(STEPS, st.sampled_from([0.0, 0.03, 0.2]), st.sampled_from([20, 100, 400]))
def test_never_more_is_said_to_be_heard_than_was_played(
    steps: list[tuple[str, int, int]], latency: float, lead_ms: int
) -> None:
    """Whatever happens, `heard` is played audio, and what the phone plays is each item in order."""
    line = Line(latency, lead_ms)

    for step in steps:
        line.take(*step)
        line.pump()
        line.check()
    line.play_to_the_end()

    for item_id in set(line.content) - line.cut_off:
        assert line.pieces_lost(item_id) <= line.mutes, "audio was lost"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=30), st.integers(1, 15))
def test_without_barge_in_every_byte_is_played_once_and_evenly(
    deltas: list[int], every: int
) -> None:
    """Deltas of any size come out whole, in order, and the phone never runs dry meanwhile."""
    audio = bytes(index % 256 for index in range(sum(deltas)))
    play, phone = Playback(), Phone()
    at = 0
    for size in deltas:
        play.add("a", audio[at : at + size])
        at += size
    play.end("a")
    steps = 0
    while len(phone.played) < len(audio):
        for _, name in phone.back:
            play.acked(name, phone.now)
        phone.back.clear()
        phone.take(play.due(phone.now))
        before = len(phone.played)
        phone.run(0.001 * every)
        dry = len(phone.played) - before < 8 * every and len(phone.played) < len(audio)
        assert not dry
        steps += 1
        assert steps < 200_000
    assert bytes(phone.played) == audio
