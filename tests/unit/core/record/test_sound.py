"""Both sides of a call's sound, each sample at its place in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.record.sound import GAP, LATE, RATE, Peaks, PlayedOut, SoundChunk, SoundTracks

CALLER, AGENT, QUIET = b"\x10", b"\x20", b"\xff"
FRAME = 160


def hear(tracks: SoundTracks, until: int, begin: int = 0, frame: bytes = CALLER * FRAME) -> None:
    """The caller's frames, one each 20 ms."""
    for now in range(begin + FRAME, until + 1, FRAME):
        tracks.caller(now, frame)


def test_frames_sent_ahead_are_played_one_after_the_other() -> None:
    tracks = SoundTracks(0)
    hear(tracks, 1600)
    for _ in range(3):
        tracks.agent(800, AGENT * FRAME)
    chunk = tracks.take(1600)
    assert chunk is not None
    assert (chunk.begin, chunk.end, chunk.length) == (0, 1600, 1600)
    assert chunk.caller == CALLER * 1600
    assert chunk.agent == QUIET * 800 + AGENT * 480 + QUIET * 320


def test_what_was_cleared_was_not_played() -> None:
    tracks = SoundTracks(0)
    for _ in range(10):
        tracks.agent(0, AGENT * FRAME)
    tracks.clear(500)
    tracks.agent(1000, b"\x30" * FRAME)
    hear(tracks, 1600)
    chunk = tracks.take(1600)
    assert chunk is not None
    assert chunk.agent == AGENT * 500 + QUIET * 500 + b"\x30" * FRAME + QUIET * 440


def test_what_is_still_to_be_played_waits_for_the_next_chunk() -> None:
    tracks = SoundTracks(0)
    tracks.agent(0, AGENT * 1000)
    hear(tracks, 800)
    first = tracks.take(800)
    tracks.clear(900)
    hear(tracks, 1600, 800)
    second = tracks.take(1600)
    assert first is not None
    assert second is not None
    assert first.agent == AGENT * 800
    assert second.agent == AGENT * 100 + QUIET * 700
    assert second.begin == first.end


def test_a_side_that_makes_no_sound_takes_no_room() -> None:
    tracks = SoundTracks(0)
    hear(tracks, 1600)
    chunk = tracks.take(1600)
    assert chunk is not None
    assert chunk.agent == b""
    assert chunk.side("agent") == QUIET * 1600


def test_a_gap_is_silence_and_a_late_burst_is_whole() -> None:
    tracks = SoundTracks(0)
    hear(tracks, 1600)
    tracks.caller(1600 + GAP + FRAME + 800, b"\x11" * FRAME)
    chunk = tracks.take(1600 + GAP + FRAME + 800)
    assert chunk is not None
    assert chunk.caller == CALLER * 1600 + QUIET * (GAP + 800) + b"\x11" * FRAME
    burst = SoundTracks(0)
    for _ in range(10):
        burst.caller(1600, CALLER * FRAME)
    late = burst.take(1600)
    assert late is not None
    assert late.caller == CALLER * 1600


def test_a_line_that_sends_nothing_any_more_is_silent() -> None:
    tracks = SoundTracks(0)
    hear(tracks, 1600)
    tracks.agent(1600, AGENT * FRAME)
    assert tracks.take(1600) is not None
    assert tracks.take(1600 + LATE) is None
    chunk = tracks.take(3200 + LATE)
    assert chunk is not None
    assert (chunk.begin, chunk.end, chunk.caller) == (1600, 3200, b"")
    assert chunk.agent == AGENT * FRAME + QUIET * 1440
    last = tracks.take(4000 + LATE, last=True)
    assert last is not None
    assert last.end == 4000 + LATE


def test_a_peer_that_floods_makes_no_time() -> None:
    tracks = SoundTracks(0)
    for _ in range(1000):
        tracks.caller(FRAME, CALLER * FRAME)
    chunk = tracks.take(2 * LATE, last=True)
    assert chunk is not None
    assert chunk.caller.count(CALLER) <= LATE + 2 * FRAME


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.sampled_from(["caller", "agent", "clear", "take"])),
        max_size=60,
    ),
    st.integers(0, 10_000),
)
def test_chunks_join_without_gap_or_overlap(steps: list[tuple[int, str]], begin: int) -> None:
    tracks, now, chunks = SoundTracks(begin), begin, []
    for after, what in steps:
        now += after
        if what == "take":
            chunks.append(tracks.take(now))
        elif what == "clear":
            tracks.clear(now)
        else:
            getattr(tracks, what)(now, CALLER * FRAME)
    chunks.append(tracks.take(now, last=True))
    at = begin
    for chunk in filter(None, chunks):
        assert chunk.begin == at
        assert len(chunk.caller) in (0, chunk.length)
        assert len(chunk.agent) in (0, chunk.length)
        at = chunk.end
    assert at == now


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 400), st.booleans()), max_size=30),
    st.integers(1, 500),
)
def test_playing_out_keeps_every_byte_that_was_not_cleared(
    steps: list[tuple[int, int, bool]], step: int
) -> None:
    play, plain, now = PlayedOut(), PlayedOut(), 0
    by_parts: list[tuple[int, bytes]] = []
    for after, size, clears in steps:
        now += after
        by_parts += play.take(now)
        for one in (play, plain):
            if clears:
                one.clear(now)
            one.add(now, bytes([size % 251]) * size)
    end = now + 100_000
    by_parts += play.take(end)

    def laid(pieces: list[tuple[int, bytes]]) -> dict[int, int]:
        return {start + n: byte for start, audio in pieces for n, byte in enumerate(audio)}

    assert laid(by_parts) == laid(plain.take(end))


def test_peaks_show_when_each_side_is_loud() -> None:
    peaks = Peaks(3 * RATE, RATE)
    peaks.add(SoundChunk(RATE, RATE, QUIET * RATE, b""))
    peaks.add(
        SoundChunk(
            2 * RATE + 100, RATE + 100, b"\x80" + QUIET * (RATE + 99), b"\x00" * (RATE + 100)
        )
    )
    assert list(peaks.sides["caller"]) == [0, 100, 0]
    assert list(peaks.sides["agent"]) == [0, 100, 100]


@pytest.mark.parametrize(("code", "low", "high"), [(b"\xff", 0, 0), (b"\xc0", 20, 30)])
def test_a_quiet_sound_is_drawn_small_and_seen(code: bytes, low: int, high: int) -> None:
    peaks = Peaks(10, 10)
    peaks.add(SoundChunk(10, 10, code * 10, b""))
    assert low <= peaks.sides["caller"][0] <= high
