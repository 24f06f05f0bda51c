"""A call's story as one line of time."""

from __future__ import annotations

from typing import Any

from app.core.record.timeline import Entry, timeline, waits

AT = 1_795_212_000.0


def story(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "started_at": AT,
        "ended_at": AT + 30,
        "transcript": [
            {"role": "agent", "content": "Hello, how can I help?"},
            {"role": "user", "content": "A cleaning, please."},
            {"role": "agent", "content": "On which day"},
            {"role": "user", "content": "Tuesday."},
            {"role": "agent", "content": "Tuesday at nine is free."},
        ],
        "turns": [
            turn(1, 5, "On which day would you like to come?", ended="superseded"),
            turn(2, 9, "Tuesday at nine is free.", total_ms=800.0),
        ],
        "events": [
            {"at": AT + 9.0, "kind": "barge_in", "response_id": 2},
            {"at": AT + 9.2, "kind": "tool_asked", "name": "check_availability"},
            {"at": AT + 20, "kind": "model_lost", "code": "1006"},
        ],
        "tool_calls": [tool(9.2, 9.5)],
        "intents": [{"at": AT + 5, "intent": "schedule_meeting", "confidence": 0.9}],
    }
    return told | changes


def turn(number: int, after: float, text: str, **more: Any) -> dict[str, Any]:
    told = {"response_id": number, "asked_at": AT + after, "first_ms": 200.0, "total_ms": 500.0}
    return {**told, "ended": "answered", "text": text, "tools": [], **more}


def tool(asked: float, ended: float | None, **more: Any) -> dict[str, Any]:
    output = {"status": "free", "message": "Tuesday at nine."}
    told = {
        "tool": "check_availability",
        "state": "done",
        "arguments": {"date": "2026-12-01"},
        "result": {"ok": True, "output": output, "say": None},
        "asked_at": AT + asked,
        "ended_at": None if ended is None else AT + ended,
        "attempts": 1,
        "error": None,
    }
    return {**told, **more}


def spoken(entries: list[Entry]) -> list[tuple[str, str, str]]:
    return [(e.kind, e.text, e.unheard) for e in entries if e.kind in ("caller", "agent")]


def test_what_was_generated_and_not_heard_is_told_apart() -> None:
    assert spoken(timeline(story())) == [
        ("agent", "Hello, how can I help?", ""),
        ("caller", "A cleaning, please.", ""),
        ("agent", "On which day", "would you like to come?"),
        ("caller", "Tuesday.", ""),
        ("agent", "Tuesday at nine is free.", ""),
    ]


def test_everything_stands_in_its_place() -> None:
    kinds = [(entry.kind, entry.text) for entry in timeline(story())]
    assert kinds == [
        ("agent", "Hello, how can I help?"),
        ("caller", "A cleaning, please."),
        ("intent", "schedule_meeting"),
        ("agent", "On which day"),
        ("caller", "Tuesday."),
        ("interruption", "barge in"),
        ("agent", "Tuesday at nine is free."),
        ("tool", "check_availability"),
        ("fault", "model lost"),
    ]


def test_an_answer_nobody_heard_is_struck_through_whole() -> None:
    told = story(
        transcript=[
            {"role": "user", "content": "Hello?"},
            {"role": "user", "content": "Are you there?"},
            {"role": "agent", "content": "Yes, I am here."},
        ],
        turns=[turn(1, 2, "Good morning.", ended="superseded"), turn(2, 4, "Yes, I am here.")],
        events=[],
        tool_calls=[],
        intents=[],
    )
    assert spoken(timeline(told)) == [
        ("caller", "Hello?", ""),
        ("caller", "Are you there?", ""),
        ("agent", "", "Good morning."),
        ("agent", "Yes, I am here.", ""),
    ]


def test_a_reminder_before_the_caller_speaks_is_not_the_greeting() -> None:
    told = story(
        transcript=[
            {"role": "agent", "content": "Hello."},
            {"role": "agent", "content": "Are you"},
            {"role": "user", "content": "Yes."},
        ],
        turns=[turn(1, 10, "Are you still there?")],
    )
    assert spoken(timeline(told)) == [
        ("agent", "Hello.", ""),
        ("agent", "Are you", "still there?"),
        ("caller", "Yes.", ""),
    ]


def test_words_after_the_last_turn_are_kept() -> None:
    transcript = [
        *story()["transcript"],
        {"role": "user", "content": "Thank you."},
        {"role": "agent", "content": "Goodbye!"},
    ]
    assert spoken(timeline(story(transcript=transcript)))[-2:] == [
        ("caller", "Thank you.", ""),
        ("agent", "Goodbye!", ""),
    ]


def test_a_booking_made_is_an_entry_of_its_own() -> None:
    made = {
        "ok": True,
        "output": {"status": "booked", "booking_id": "bk-1", "name": "Dana Reyes"},
    }
    told = story(tool_calls=[tool(9.2, 9.5, tool="book_appointment", result=made)])
    (booking,) = [entry for entry in timeline(told) if entry.kind == "booking"]
    assert (booking.text, booking.about["name"], booking.at) == ("booked", "Dana Reyes", AT + 9.5)


def test_waits_hold_the_tools_of_their_turn_only() -> None:
    (first, one), (second, two) = waits(story())
    assert (first, one.tools) == (1, ())
    assert (second, two.first_ms, two.total_ms) == (2, 200.0, 800.0)
    ((name, began, ended),) = two.tools
    assert name == "check_availability"
    assert (round(began), round(ended)) == (200, 500)


def test_odd_stories_do_no_harm() -> None:
    assert timeline({}) == []
    assert waits({"turns": [None]}) == []
    odd = {"transcript": [None, {"role": "user"}], "turns": [{}], "events": ["x"], "intents": [1]}
    assert [entry.kind for entry in timeline(odd)] == ["caller", "agent"]
    unanswered = timeline(story(tool_calls=[tool(9.2, None, state="running", result=None)]))
    (asked,) = [entry for entry in unanswered if entry.kind == "tool"]
    assert (asked.about["ok"], asked.about["seconds"]) == (False, None)


def test_a_greeting_that_is_a_turn_is_told_once() -> None:
    turns = [
        turn(0, 0, "Hello, how can I help?"),
        turn(1, 5, "On which day would you like to come?"),
        turn(2, 9, "Tuesday at nine is free."),
    ]
    told = spoken(timeline(story(turns=turns)))
    assert told == spoken(timeline(story()))
    cut = [turn(0, 0, "Hello, how can I help you today?"), *turns[1:]]
    first = spoken(timeline(story(turns=cut)))[0]
    assert first == ("agent", "Hello, how can I help", "you today?")


def test_the_course_of_a_turn_from_the_callers_last_word_on() -> None:
    told = turn(3, 9, "Nine is free.", first_ms=1000.0, sentence_ms=1200.0, total_ms=1500.0)
    told["pause_ms"] = 340.0
    tools = [tool(9.2, 9.6), tool(9.5, 9.8), tool(10.3, 10.4)]
    [(number, waited)] = waits(story(turns=[told], tool_calls=tools))
    assert number == 3
    assert (waited.pause_ms, waited.sentence_ms) == (340.0, 1200.0)
    assert round(waited.tools_ms) == 700, "two at a time are waited for once"
    assert waited.model_ms is not None
    assert round(waited.model_ms) == 400
    [(_, old)] = waits(story(turns=[turn(1, 5, "Hello.")]))
    assert (old.pause_ms, old.sentence_ms, old.model_ms) == (None, None, 200.0)
    [(_, silent)] = waits(story(turns=[turn(1, 5, "", first_ms=None)]))
    assert silent.model_ms is None
