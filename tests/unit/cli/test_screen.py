"""The conversation in the terminal."""

from __future__ import annotations

import io

import pytest

from app.cli.screen import Screen, describe
from app.rehearsal.retell_caller import events


def shown(*happened: events.Event) -> str:
    out = io.StringIO()
    screen = Screen(out)
    for event in happened:
        screen.watch(0, "call_1", 0.0, event)
    screen.line()
    return out.getvalue()


def words(role: str, text: str) -> list[events.Event]:
    return [events.Word(role, word, index == 0) for index, word in enumerate(text.split())]


def test_a_conversation_reads_like_one() -> None:
    text = shown(
        *words("agent", "How can I help?"),
        events.AgentDone(0, "How can I help?", False, False, 0.0031, 0.0042),
        *words("user", "A cleaning."),
        events.ToolCalled("t1", "check_availability", '{"date":"2026-11-24","service":"x"}'),
        events.ToolReturned("t1", "check_availability", '{"ok":true}', True, 0.012),
        *words("agent", "At ten?"),
        events.ActionDone("end_call"),
        events.Ended("agent_hangup"),
    )
    assert text.splitlines() == [
        "  Agent   How can I help? ",
        "    first word after 3 ms, sentence 4 ms",
        "  Caller  A cleaning. ",
        "    tool    check_availability(date=2026-11-24, service=x)",
        '            ok after 12 ms: {"ok":true}',
        "  Agent   At ten? ",
        "    action  end_call",
        "    call ended: agent_hangup",
        "",
    ]


def test_long_speech_is_folded() -> None:
    lines = shown(*words("agent", "word " * 40)).splitlines()
    assert len(lines) == 4
    assert all(len(line) <= 101 for line in lines)
    assert lines[1].startswith("          word")


def test_a_second_call_is_set_off() -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen.watch(0, "call_1", 0.0, events.Word("agent", "Hello.", True))
    screen.watch(1, "call_2", 0.0, events.Word("agent", "Hi.", True))
    assert out.getvalue() == "  Agent   Hello. \n      Agent   Hi. "


def test_without_a_terminal_there_are_no_colours() -> None:
    assert "\x1b" not in shown(*words("agent", "Hello."), events.Fault("x"))


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (events.Refused("refused with HTTP 403"), "no connection: refused with HTTP 403"),
        (events.Reconnecting("socket closed with 1006"), "Retell connects again: "),
        (events.Connected(2), "connected again"),
        (events.ActionLost("end_call"), "end_call was lost"),
        (events.Asked(3, True, False), "Retell reminds"),
        (events.NoAnswer(1, 20.0), "nothing was said for 20 s"),
        (events.Stale(1, "x", None), "content for response 1"),
        (events.ToolReturned("t", "book", "no", False, 12.0), "failed after 12.0 s: no"),
        (events.AgentDone(1, "Well", True, False, 0.1, 0.1), "cut off by the caller"),
    ],
)
def test_trouble_is_told(event: events.Event, text: str) -> None:
    assert text in describe(event)[0]


@pytest.mark.parametrize(
    "event",
    [
        events.Connected(1),
        events.Asked(1, False, False),
        events.Stale(1, "x", 0.1),
        events.AgentDone(2, "", True, False, None, None),
        events.CallerDone("x"),
    ],
)
def test_what_is_normal_is_not_told(event: events.Event) -> None:
    assert describe(event)[0] == ""
