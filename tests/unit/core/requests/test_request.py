"""Requests read from finals: gathered, corrected, taken back, confirmed, done once."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.agent.definition import IntentSettings
from app.core.language.intent.engine import (
    CANCEL,
    QUERY,
    RESCHEDULE,
    SCHEDULE,
    IntentResult,
)
from app.core.language.intent.entities import Slots
from app.core.requests.request import Heard, Understanding, Verdict, understand, verdict
from app.core.requests.transcript import heard_in

TUESDAY, WEDNESDAY = dt.date(2026, 11, 24), dt.date(2026, 11, 25)
TEN, ELEVEN = dt.time(10), dt.time(11)


class Said(Slots):
    """Slots whose public form is what the test says."""

    def as_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if self.date:
            out["date"] = self.date.isoformat()
        if self.time:
            out["time"] = f"{self.time:%H:%M}"
        if self.part_of_day:
            out["part_of_day"] = self.part_of_day
        return out


class Unsure(Said):
    """The half of the day is open, and so is which week."""

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "ambiguous": ["am_pm"], "assumed": ["next_weekday"]}


#: What the engine would say of each sentence.
SENTENCES: dict[str, tuple[IntentResult, Slots]] = {
    "book tuesday at ten": (IntentResult(SCHEDULE, 0.9), Said(date=TUESDAY, time=TEN)),
    "book something": (IntentResult(SCHEDULE, 0.9), Said()),
    "maybe book tuesday at ten": (IntentResult(SCHEDULE, 0.7), Said(date=TUESDAY, time=TEN)),
    "another one on wednesday at ten": (
        IntentResult(SCHEDULE, 0.9), Said(date=WEDNESDAY, time=TEN)),
    "tuesday at ten": (IntentResult(None, 0.9), Said(date=TUESDAY, time=TEN)),
    "at eleven": (IntentResult(None, 0.9), Said(time=ELEVEN)),
    "no, at eleven": (IntentResult(None, 0.9), Said(time=ELEVEN)),
    "yes": (IntentResult(None, 0.9), Said()),
    "no": (IntentResult(None, 0.9), Said()),
    "never mind": (IntentResult(None, 0.9), Said()),
    "cancel that": (IntentResult(CANCEL, 0.8, complete=False), Said()),
    "cancel my": (IntentResult(CANCEL, 0.9, complete=False), Said()),
    "cancel my appointment": (IntentResult(CANCEL, 0.9), Said()),
    "don't book it": (IntentResult(None, 0.9, negated=True), Said()),
    "move it to wednesday at ten": (
        IntentResult(RESCHEDULE, 0.9), Said(date=WEDNESDAY, time=TEN)),
    "is tuesday at ten free": (IntentResult(QUERY, 0.9), Said(date=TUESDAY, time=TEN)),
    "then book it": (IntentResult(SCHEDULE, 0.9), Said()),
    "book the day after next": (IntentResult(SCHEDULE, 0.9), Said()),
    "hello": (IntentResult(None, 0.9), Said()),
    "book tuesday at eight": (
        IntentResult(SCHEDULE, 0.9), Unsure(date=TUESDAY, time=dt.time(8))),
    "wednesday": (IntentResult(None, 0.9), Said(date=WEDNESDAY)),
    "in the evening": (IntentResult(None, 0.9), Said(part_of_day="evening")),
}  # fmt: skip


def read(*sentences: str) -> Understanding:
    heard = [Heard(2000 * (place + 1), text) for place, text in enumerate(sentences)]
    return understand(heard, lambda text, at_ms: SENTENCES[text])


def decide(
    seen: Understanding, done: list[dict[str, Any]] | None = None, **changes: Any
) -> Verdict:
    options = IntentSettings(**changes)
    return verdict(seen, options, now_ms=10**9, quiet_ms=1500, over=False, done=done or [])


def act(tool: str, number: int = 1, ok: bool | None = True, **slots: str) -> dict[str, Any]:
    return {"tool": tool, "number": number, "slots": slots, "ok": ok, "key": f"{tool}-{slots}"}


def test_a_sure_and_complete_request_may_be_acted_upon() -> None:
    said = decide(read("book tuesday at ten"))
    assert (said.kind, said.tool) == ("act", "book_appointment")


def test_it_waits_until_the_caller_is_quiet() -> None:
    seen = read("book tuesday at ten")
    options = IntentSettings()
    early = verdict(seen, options, now_ms=3499, quiet_ms=1500, over=False, done=[])
    assert (early.kind, early.due_ms) == ("wait", 3500)
    late = verdict(seen, options, now_ms=3500, quiet_ms=1500, over=False, done=[])
    assert late.kind == "act"
    gone = verdict(seen, options, now_ms=2000, quiet_ms=1500, over=True, done=[])
    assert gone.kind == "act"


def test_finals_close_together_are_one_utterance() -> None:
    heard = [
        Heard(3000, "at ten"),
        Heard(1000, "I'd like to book"),
        Heard(2000, " for tuesday"),
        Heard(3000, "at ten"),
        Heard(4600, "please"),
    ]
    texts: list[tuple[str, int]] = []

    def analyse(text: str, at_ms: int) -> tuple[IntentResult, Slots]:
        texts.append((text, at_ms))
        return IntentResult(None, 1.0), Said()

    understand(heard, analyse)
    assert texts == [("I'd like to book for tuesday at ten", 3000), ("please", 4600)]
    texts.clear()
    understand([heard[1], Heard(1500, interruption=True), heard[2]], analyse)
    assert [text for text, _ in texts] == ["I'd like to book", "for tuesday"]
    texts.clear()
    understand(heard[:3], analyse, merge_ms=0)
    assert len(texts) == 3


def test_an_interruption_makes_it_wait_anew() -> None:
    heard = [Heard(1000, "book tuesday at ten"), Heard(2000, interruption=True)]
    seen = understand(heard, lambda text, at_ms: SENTENCES[text])
    said = verdict(seen, IntentSettings(), now_ms=2600, quiet_ms=1500, over=False, done=[])
    assert (said.kind, said.due_ms) == ("wait", 3500)


@pytest.mark.parametrize(
    ("sentences", "why"),
    [
        (["hello"], "nothing was asked"),
        (["maybe book tuesday at ten"], "not sure enough"),
        (["book something"], "waits for date and time"),
        (["cancel my"], "incomplete"),
        (["is tuesday at ten free"], "asks only"),
        (["don't book it"], "does not want it"),
        (["book tuesday at ten", "never mind"], "took schedule_meeting back"),
        (["book tuesday at ten", "don't book it"], "took schedule_meeting back"),
        (["book tuesday at ten", "cancel that"], "took schedule_meeting back"),
    ],
)
def test_what_is_not_acted_upon_says_why(sentences: list[str], why: str) -> None:
    said = decide(read(*sentences))
    assert said.kind == "none"
    assert why in said.why


def test_details_are_gathered_over_several_finals() -> None:
    seen = read("book something", "tuesday at ten", "hello", "at eleven")
    assert seen.request is not None
    assert seen.request.slots == {"date": "2026-11-24", "time": "11:00"}
    assert decide(seen).kind == "act"


def test_an_answered_question_keeps_its_time() -> None:
    seen = read("is tuesday at ten free", "then book it")
    assert seen.request is not None
    assert seen.request.slots == {"date": "2026-11-24", "time": "10:00"}


def test_said_again_a_lower_bound_holds() -> None:
    assert decide(read("maybe book tuesday at ten")).kind == "none"
    assert decide(read("maybe book tuesday at ten", "maybe book tuesday at ten")).kind == "act"
    strict = decide(read(*["maybe book tuesday at ten"] * 2), repeat_threshold=0.75)
    assert strict.kind == "none"


def test_confirmation_where_the_agents_file_asks_for_it() -> None:
    asks = {"confirm": (CANCEL,)}
    assert "confirmation" in decide(read("cancel my appointment"), **asks).why
    assert decide(read("cancel my appointment", "yes"), **asks).kind == "act"
    assert decide(read("cancel my appointment", "no"), **asks).kind == "none"
    assert decide(read("cancel my appointment", "yes", "no"), **asks).kind == "none"
    assert decide(read("cancel my appointment"), confirm=(SCHEDULE,)).kind == "act"


def test_a_new_time_needs_a_new_confirmation() -> None:
    asks = {"confirm": (SCHEDULE,)}
    assert decide(read("book tuesday at ten", "yes"), **asks).kind == "act"
    assert decide(read("book tuesday at ten", "yes", "at eleven"), **asks).kind == "none"


def test_what_was_done_is_not_done_again() -> None:
    seen = read("book tuesday at ten")
    done = [act("book_appointment", date="2026-11-24", time="10:00")]
    assert "done for this already" in decide(seen, done).why
    assert decide(read("book tuesday at ten", "book tuesday at ten"), done).kind == "none"


def test_a_correction_after_the_booking_moves_it() -> None:
    done = [act("book_appointment", date="2026-11-24", time="10:00")]
    said = decide(read("book tuesday at ten", "no, at eleven"), done)
    assert (said.kind, said.tool) == ("act", "reschedule_appointment")
    moved = [*done, act("reschedule_appointment", date="2026-11-24", time="11:00")]
    assert decide(read("book tuesday at ten", "no, at eleven"), moved).kind == "none"


def test_after_a_refused_booking_another_time_is_booked_not_moved() -> None:
    done = [act("book_appointment", ok=False, date="2026-11-24", time="10:00")]
    said = decide(read("book tuesday at ten", "at eleven"), done)
    assert (said.kind, said.tool) == ("act", "book_appointment")
    assert decide(read("book tuesday at ten"), done).kind == "none"


def test_another_one_is_another_booking() -> None:
    done = [act("book_appointment", date="2026-11-24", time="10:00")]
    said = decide(read("book tuesday at ten", "another one on wednesday at ten"), done)
    assert (said.kind, said.tool) == ("act", "book_appointment")


def test_cancelling_what_was_booked_and_booking_it_again() -> None:
    booked = act("book_appointment", date="2026-11-24", time="10:00")
    said = decide(read("book tuesday at ten", "cancel my appointment"), [booked])
    assert (said.kind, said.tool) == ("act", "cancel_appointment")
    done = [booked, act("cancel_appointment", 2)]
    assert decide(read("book tuesday at ten", "cancel my appointment"), done).kind == "none"
    again = read("book tuesday at ten", "cancel my appointment", "book tuesday at ten")
    said = decide(again, done)
    assert (said.kind, said.tool) == ("act", "book_appointment")


def test_moving() -> None:
    said = decide(read("move it to wednesday at ten"))
    assert (said.kind, said.tool) == ("act", "reschedule_appointment")


@given(st.lists(st.sampled_from(sorted(SENTENCES)), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(sentences: list[str], mix: random.Random) -> None:
    heard = [Heard(2000 * (place + 1), text) for place, text in enumerate(sentences)]
    mixed = list(heard)
    mix.shuffle(mixed)
    analyse = SENTENCES.__getitem__
    first = understand(heard, lambda text, at_ms: analyse(text))
    second = understand(mixed, lambda text, at_ms: analyse(text))
    assert first == second
    assert decide(first) == decide(second)


@given(st.lists(st.sampled_from(sorted(SENTENCES)), max_size=10))
def test_the_same_finals_lead_to_no_second_action(sentences: list[str]) -> None:
    seen = read(*sentences)
    done: list[dict[str, Any]] = []
    for _ in range(3):
        said = decide(seen, done)
        if said.kind != "act":
            break
        assert seen.request is not None
        done.append(act(said.tool, seen.request.number, **seen.request.slots))
    assert len(done) <= 1


def test_turns_of_a_transcript() -> None:
    entries = [
        {"role": "agent", "content": "Hello. ", "start": 0.5, "end": 1.0},
        {"role": "user", "content": "I'd like to book ", "start": 2.0, "end": 3.0},
        {"role": "tool_call_invocation", "name": "x"},
        {"role": "user", "content": "for Tuesday. ", "start": 3.2, "end": 4.0},
        {"role": "agent", "content": " ", "start": 4.0, "end": 4.1},
        {"role": "agent", "content": "At what time? ", "start": 4.5, "end": 5.0},
        {"role": "user", "content": "Ten.", "start": 6.0, "end": 6.5},
    ]
    assert heard_in(entries, 1_000_000, 1_009_000) == [
        Heard(1_004_000, "I'd like to book for Tuesday."),
        Heard(1_009_000, "Ten."),
    ]


def test_turns_without_times_or_of_another_clock_are_in_order() -> None:
    entries = [
        {"role": "user", "content": "one", "end": 1.0},
        {"role": "agent", "content": "two"},
        {"role": "user", "content": "three"},
    ]
    last_ms = 1_795_300_000_000
    for start_ms in (0, 5000, last_ms + 10**6):
        heard = heard_in(entries, start_ms, last_ms)
        assert [item.text for item in heard] == ["one", "three"]
        assert all(item.at_ms <= last_ms for item in heard)
        assert heard[0].at_ms <= heard[1].at_ms
    assert heard_in([], 0, 5) == []


def test_a_doubt_goes_with_the_value_it_is_about() -> None:
    moved = read("book tuesday at eight", "wednesday").request
    assert moved is not None
    assert moved.slots == {"date": "2026-11-25", "time": "08:00", "ambiguous": ["am_pm"]}
    told = read("book tuesday at eight", "in the evening").request
    assert told is not None
    assert (told.slots["time"], "ambiguous" in told.slots) == ("20:00", False)
    anew = read("book tuesday at eight", "at eleven").request
    assert anew is not None
    assert (anew.slots["time"], "ambiguous" in anew.slots) == ("11:00", False)
