"""Caller audio: gathering and the recent past."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.audio.frames import Gatherer, RecentAudio


def test_frames_are_gathered() -> None:
    gather = Gatherer(60)
    assert gather.add(bytes(160)) is None
    assert gather.add(bytes(160)) is None
    assert gather.add(bytes(160)) == bytes(480)
    assert gather.add(bytes(100)) is None
    assert gather.flush() == bytes(100)
    assert gather.flush() == b""


@given(st.lists(st.binary(max_size=400), max_size=40), st.sampled_from([20, 60, 100]))
def test_gathering_loses_and_reorders_nothing(frames: list[bytes], target: int) -> None:
    gather = Gatherer(target)
    out = b"".join(gather.add(frame) or b"" for frame in frames) + gather.flush()
    assert out == b"".join(frames)


FRAMES = st.one_of(
    st.binary(max_size=900), st.integers(3000, 9001).map(lambda n: bytes(range(250)) * (n // 250))
)


@given(st.lists(FRAMES, max_size=60), st.integers(-5, 60_000))
def test_recent_audio_gives_the_end_and_says_what_is_missing(
    frames: list[bytes], position: int
) -> None:
    recent = RecentAudio(keep_ms=500)
    for frame in frames:
        recent.add(frame)
    whole = b"".join(frames)
    audio, lost = recent.since(position)
    wanted = whole[max(0, position) :]
    assert recent.total == len(whole)
    assert wanted.endswith(audio)
    assert len(audio) + lost == len(wanted)
    assert lost == 0 or len(audio) == 4000


def test_recent_audio_keeps_two_seconds() -> None:
    recent = RecentAudio()
    frames = [bytes([number]) * 160 for number in range(150)]
    for frame in frames:
        recent.add(frame)
    audio, lost = recent.since(0)
    assert audio == b"".join(frames)[-16_000:]
    assert lost == 150 * 160 - 16_000
    assert recent.since(recent.total) == (b"", 0)
    assert recent.since(recent.total + 5) == (b"", 0)
    assert recent.since(recent.total - 160) == (frames[-1], 0)
