"""One vocabulary of yes, no and taken back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.agreement import (
    Sense,
    agrees,
    answer,
    objects,
    opening,
    postpones,
    senses,
    withdraws,
)

YES, NO, UNSURE = Sense.YES, Sense.NO, Sense.UNSURE
TAKEN_BACK, HOLD_ON, LATER, CHANGE = Sense.TAKEN_BACK, Sense.HOLD_ON, Sense.LATER, Sense.CHANGE


@pytest.mark.parametrize(
    ("text", "sense"),
    [
        ("Yes.", YES),
        ("uh huh", YES),
        ("mm-hm", YES),
        ("that\u2019s right", YES),
        ("sure, go ahead", YES),
        ("No problem, yes", YES),
        ("why not", YES),
        ("no, that's all", YES),
        ("I can't wait", YES),
        ("great", YES),
        ("No.", NO),
        ("yeah no", NO),
        ("uh-uh", NO),
        ("yes but not at two", NO),
        ("I don't think so", NO),
        ("maybe", UNSURE),
        ("yes, I'm not sure though", UNSURE),
        ("never mind", TAKEN_BACK),
        ("yes, no, forget it", TAKEN_BACK),
        ("I've changed my mind", TAKEN_BACK),
        ("wait", HOLD_ON),
        ("yes, hang on", HOLD_ON),
        ("let me ask my wife first", LATER),
        ("not right now", LATER),
        ("yes, I'll call you back", LATER),
        ("yes, actually make it Monday", CHANGE),
        ("I'll be there right after lunch", None),
        ("the right side", None),
        ("Hmm.", None),
        ("", None),
    ],
)
def test_what_an_answer_comes_to(text: str, sense: Sense | None) -> None:
    assert answer(text) is sense
    assert agrees(text) is (sense is YES)
    assert objects(text) is (sense not in (YES, None))


def test_cancel_it_is_a_yes_where_cancelling_is_asked() -> None:
    assert answer("cancel it please") is TAKEN_BACK
    assert agrees("yes, cancel it please", cancelling=True)
    assert not agrees("no, don't cancel it", cancelling=True)


@pytest.mark.parametrize(
    "text",
    [
        "never mind",
        "Sorry, never mind that.",
        "oh forget about it then",
        "Actually no",
        "actually no, don't",
        "no wait",
        "don't",
        "you know what, forget it",
        "Actually cancel that.",
        "I've changed my mind",
        "not any more",
        "leave it",
        "no thanks, don't bother",
    ],
)
def test_withdrawals(text: str) -> None:
    assert withdraws(text)


@pytest.mark.parametrize(
    "text",
    ["no", "no, Thursday", "wait, make it Tuesday", "cancel that and book Tuesday", "yes",
     "cancel my appointment", "cancel it", "never mind Tuesday, what about Friday", "actually",
     "I don't", ""],
)  # fmt: skip
def test_what_asks_for_something_else_withdraws_nothing(text: str) -> None:
    assert not withdraws(text)


def test_putting_off() -> None:
    assert postpones("Hang on, let me check with my boss")
    assert postpones("I need to think about it")
    assert not postpones("hang on, make it Tuesday")


def test_places_are_those_of_the_text() -> None:
    text = "Caf\u00e9 \u0130 \u2026 well, never mind that \u2014 yes"
    assert [(said.sense, text[said.start : said.end]) for said in senses(text)] == [
        (TAKEN_BACK, "never mind that"),
        (YES, "yes"),
    ]
    long = "x " * 3000 + "forget it"
    assert [long[said.start : said.end] for said in senses(long)] == ["forget it"]


def test_how_a_text_begins() -> None:
    assert opening("oh yes please, Tuesday, no Wednesday")[:1] == (YES,)
    assert opening("um no, Tuesday would be great") == (NO,)
    assert opening("Tuesday, yes") == ()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=100))
def test_no_text_raises_and_spans_lie_inside(text: str) -> None:
    for said in senses(text):
        assert 0 <= said.start < said.end <= len(text)
    answer(text), withdraws(text), postpones(text), opening(text)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(("yes", "yeah sure", "that's right", "ok", "please do")),
    st.sampled_from(("never mind", "hang on", "maybe", "not that one", "let me check first")),
)
def test_whatever_stands_against_it_outweighs_a_yes(agreed: str, against: str) -> None:
    assert not agrees(f"{agreed}, {against}")
    assert not agrees(f"{against}, {agreed}")
