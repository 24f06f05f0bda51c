"""Partials and finals: debounced, merged, flushed; the final wins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.intent.engine import engine
from app.core.language.intent.engine import CANCEL, RESCHEDULE, SCHEDULE
from app.core.language.intent.partial import (
    MAX_CHARS,
    Early,
    EarlyIntent,
    Outcome,
    replay,
)


@pytest.fixture
def machine() -> EarlyIntent:
    return EarlyIntent(engine())


def test_a_partial_is_looked_at_once_it_is_stable(machine: EarlyIntent) -> None:
    assert machine.partial("I'd like to book", 0) is None
    assert machine.partial("I'd like to book an appointment", 200) is None
    assert machine.due_ms == 500
    assert machine.tick(499) is None
    early = machine.tick(500)
    assert early is not None
    assert (early.result.intent, early.final, early.changed) == (SCHEDULE, False, True)
    assert machine.tick(2000) is None, "looked at once"


def test_the_next_partial_brings_up_the_stable_one_before_it(machine: EarlyIntent) -> None:
    machine.partial("I'd like to book an appointment", 0)
    early = machine.partial("I'd like to book an appointment for", 900)
    assert early is not None
    assert early.result.intent == SCHEDULE


def test_a_repeated_partial_does_not_wait_longer(machine: EarlyIntent) -> None:
    machine.partial("cancel my appointment", 0)
    machine.partial("cancel my appointment", 250)
    assert machine.due_ms == 300


def test_late_words_join_what_came_before(machine: EarlyIntent) -> None:
    first = machine.final("I want to cancel my", 0)
    assert (first.result.intent, first.result.complete) == (CANCEL, False)
    second = machine.final("appointment on Friday", 900)
    assert second.text == "I want to cancel my appointment on Friday"
    assert (second.result.intent, second.result.complete) == (CANCEL, True)
    third = machine.final("thanks", 9000)
    assert third.text == "thanks"


def test_a_final_that_repeats_its_beginning_is_not_doubled(machine: EarlyIntent) -> None:
    machine.final("I want to cancel", 0)
    assert machine.final("I want to cancel my appointment", 500).text == (
        "I want to cancel my appointment"
    )
    assert machine.final("my appointment", 600).text == "I want to cancel my appointment"


def test_a_contradicting_final_wins(machine: EarlyIntent) -> None:
    machine.partial("cancel my appointment", 0)
    early = machine.tick(300)
    assert early is not None
    assert early.result.intent == CANCEL
    final = machine.final("can you move my appointment", 400)
    assert (final.result.intent, final.final, final.changed) == (RESCHEDULE, True, True)
    assert machine.due_ms is None


def test_barge_in_flushes(machine: EarlyIntent) -> None:
    machine.final("I want to cancel my", 0)
    machine.partial("appointment", 100)
    machine.barge_in()
    assert machine.tick(1000) is None
    assert machine.text == ""
    assert machine.final("appointment", 1100).text == "appointment"


def test_the_buffer_is_bounded(machine: EarlyIntent) -> None:
    machine.partial("word " * 5000, 0)
    assert len(machine.text) <= MAX_CHARS
    for at in range(200):
        machine.final("and so on and on for ever " * 10, at)
    assert len(machine.text) <= MAX_CHARS


def test_replay_counts_the_first_guess() -> None:
    seen = replay("I want to cancel my appointment on Friday", engine().analyse)
    assert (seen.first, seen.first_at) == (CANCEL, 6), "not before its object"
    assert seen.outcome(CANCEL) is Outcome.RIGHT
    assert seen.outcome(SCHEDULE) is Outcome.WRONG
    assert seen.outcome(None) is Outcome.WRONG
    silent = replay("what is the weather like", engine().analyse)
    assert silent.outcome(CANCEL) is Outcome.ABSENT
    assert silent.outcome(None) is Outcome.RIGHT


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(("partial", "final", "tick", "barge_in")),
        st.sampled_from(("", "cancel", "my appointment", "book a table", "no wait", "at three")),
        st.integers(0, 2000),
    ),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(EVENTS)
def test_any_order_of_events_holds_the_rules(events: list[tuple[str, str, int]]) -> None:
    machine = EarlyIntent(engine())
    now = 0
    for kind, text, gap in events:
        now += gap
        early: Early | None = None
        if kind == "partial":
            early = machine.partial(text, now)
        elif kind == "final":
            early = machine.final(text, now)
            assert early.final
            assert text.strip() in early.text or early.text.endswith(text.strip())
        elif kind == "tick":
            early = machine.tick(now)
        else:
            machine.barge_in()
            assert machine.text == ""
        assert early is None or early.final == (kind == "final")
        assert machine.due_ms is None or machine.due_ms > now or kind == "partial"
