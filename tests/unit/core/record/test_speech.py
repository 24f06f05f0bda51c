"""When each side spoke, from a flight record."""

from __future__ import annotations

from typing import Any

from app.core.record.speech import speech

AT = 1_795_212_000.0


def frames(loud: list[tuple[int, int]], ms: int = 6000) -> list[dict[str, Any]]:
    """Entries of a caller's frames, loud from millisecond to millisecond."""
    moments = [[20, 90 if any(a <= at < b for a, b in loud) else 5] for at in range(0, ms, 20)]
    return [{"t": AT - 0.02, "s": 1, "session": 1, "moments": moments}]


def test_the_callers_sounds_are_joined_over_short_pauses() -> None:
    found = speech(frames([(1000, 1500), (1700, 2200), (4000, 4060), (5000, 5600)]))
    assert [(round(a, 1), round(b, 1)) for a, b in found.caller] == [(1.0, 2.2), (5.0, 5.6)]
    assert found.agent == ()
    assert round(found.length, 1) == 6.0


def test_what_the_agent_said_was_played_after_it_was_sent() -> None:
    sent = [
        {"t": AT, "s": 1, "begin": {}},
        *({"t": AT + 1, "s": 1, "out": "phone", "audio": 8000} for _ in range(3)),
        {"t": AT + 2.5, "s": 1, "out": "phone", "frame": {"event": "clear"}},
        {"t": AT + 8, "s": 1, "out": "phone", "audio": 8000},
        {"t": AT + 10, "s": 1, "in": "tick"},
    ]
    assert speech(sent).agent == ((1.0, 2.5), (8.0, 9.0))


def test_a_call_without_a_media_stream_has_none() -> None:
    found = speech([{"t": AT, "s": 1, "in": "retell", "frame": {}}])
    assert (found.caller, found.agent, found.length) == ((), (), 0.0)
    assert speech([]).length == 0.0
