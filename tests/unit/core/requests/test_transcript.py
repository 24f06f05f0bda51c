"""Transcripts as utterances, each at the moment it was said."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from app.core.requests.transcript import Heard, heard_by, quiet_since_ms, said_in

ZONE = ZoneInfo("America/Los_Angeles")
START = dt.datetime(2026, 11, 30, 23, 58, tzinfo=ZONE)
START_MS = int(START.timestamp() * 1000)


def test_turns_of_a_transcript() -> None:
    entries: list[dict[str, Any]] = [
        {"role": "agent", "content": "Hello. ", "start": 0.5, "end": 1.0},
        {"role": "user", "content": "I'd like to book ", "start": 2.0, "end": 3.0},
        {"role": "tool_call_invocation", "name": "x"},
        {"role": "user", "content": "for Tuesday. ", "start": 3.2, "end": 4.0},
        {"role": "agent", "content": " ", "start": 4.0, "end": 4.1},
        {"role": "agent", "content": "At what time? ", "start": 4.5, "end": 5.0},
        {"role": "user", "content": "Ten.", "start": 6.0, "end": 180.0},
    ]
    said = said_in(entries, START_MS, ZONE)
    assert [(item.role, item.text) for item in said] == [
        ("agent", "Hello."),
        ("caller", "I'd like to book for Tuesday."),
        ("agent", "At what time?"),
        ("caller", "Ten."),
    ]
    assert said[1].at == START + dt.timedelta(seconds=4)
    assert said[3].at is not None
    assert said[3].at.date() == dt.date(2026, 12, 1)


def test_a_bad_member_costs_itself() -> None:
    entries: list[dict[str, Any]] = [
        {"role": "user", "content": None},
        {"role": 5, "content": "x"},
        {"content": "x"},
        {"role": "user", "content": ["x"]},
        {"role": "user", "content": "Hello.", "end": "soon"},
    ]
    assert [item.text for item in said_in(entries, START_MS, ZONE)] == ["Hello."]


def test_without_times_the_start_of_the_call_counts_and_never_an_arrival() -> None:
    entries = [{"role": "user", "content": "one"}, {"role": "agent", "content": "two"}]
    assert [item.at for item in said_in(entries, START_MS, ZONE)] == [START, START]
    assert [item.at for item in said_in(entries, 0, ZONE)] == [None, None]
    chat = [{"role": "user", "content": "one", "at_ms": START_MS}]
    assert said_in(chat, 0, ZONE)[0].at == START


def test_an_agents_mm_hm_does_not_end_a_turn() -> None:
    entries = [
        {"role": "user", "content": "I'd like to come in"},
        {"role": "agent", "content": "Mm-hm."},
        {"role": "user", "content": "on Thursday."},
        {"role": "agent", "content": "Sure."},
        {"role": "user", "content": "Thanks."},
    ]
    assert [item.text for item in said_in(entries, START_MS, ZONE)] == [
        "I'd like to come in on Thursday.", "Sure.", "Thanks.",
    ]  # fmt: skip


def test_finals_close_together_are_one_utterance() -> None:
    heard = [
        Heard(3000, "at ten"),
        Heard(1000, "I'd like to book"),
        Heard(2000, " for tuesday"),
        Heard(3000, "at ten"),
        Heard(4600, "please"),
    ]
    assert [item.text for item in heard_by(heard, ZONE)] == [
        "I'd like to book for tuesday at ten", "please",
    ]  # fmt: skip
    cut = [heard[1], Heard(1500, interruption=True), heard[2]]
    assert [item.text for item in heard_by(cut, ZONE)] == ["I'd like to book", "for tuesday"]


def test_how_long_the_caller_has_been_quiet() -> None:
    talk = [
        {"role": "user", "content": "one", "end": 2.0},
        {"role": "agent", "content": "two", "end": 4.0},
    ]
    assert quiet_since_ms(talk, (), START_MS, START_MS + 9000) == START_MS + 2000
    assert quiet_since_ms(talk[:1], (), START_MS, START_MS + 9000) == START_MS + 9000
    assert quiet_since_ms([], [Heard(5), Heard(7, interruption=True)], 0, 99) == 7
