"""The intent engine with the shipped weights: own sentences, and what must hold for any text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters.intent.engine import engine
from app.core.language.intent import plain_requests
from app.core.language.intent.engine import (
    ACTS,
    CANCEL,
    QUERY,
    RESCHEDULE,
    SCHEDULE,
    IntentEngine,
    IntentResult,
)
from app.core.language.intent.features import Utterance, normalise
from app.core.language.settings import DefaultIntents
from app.core.language.text import plain


def may_act(result: IntentResult) -> bool:
    """Whether a result is named, complete and at the default threshold."""
    sure = result.confidence >= DefaultIntents().act_threshold
    sure = sure and result.complete and not result.negated
    return result.intent is not None and sure


REQUESTS = {
    SCHEDULE: (
        "I'd like to book an appointment next Tuesday at half past three|"
        "can I come in for a cleaning on Friday|I need a checkup next week|"
        "Schedule a meeting with Bob tomorrow|why don't you book me in for an appointment|"
        "um, so, uh, I would like to make an appointment please|reserve a table for two tonight|"
        "put me down for Wednesday at ten|My daughter needs a filling."
    ),
    CANCEL: (
        "I want to cancel my appointment|cancel my meeting tomorrow|"
        "I no longer need my appointment|please take my appointment off the calendar|"
        "I don't think I can make it so please cancel my appointment|"
        "delete the meeting with Sam|we won't be coming, take us off the schedule"
    ),
    RESCHEDULE: (
        "Hi, I need to move my cleaning to next Thursday|can we reschedule our meeting to Friday|"
        "I'd like to change my appointment to next week|could you push my appointment back an hour|"
        "can't you move my appointment to Friday|I need a different time for my appointment|"
        "I have a booking that I need to change|I can't make it tomorrow, can we reschedule?"
    ),
    QUERY: (
        "what times do you have on Monday?|do you have anything available on Thursday afternoon?|"
        "when is my next appointment?|what's your availability next week|any openings this week?|"
        "do I have any meetings tomorrow|is Doctor Patel available on Wednesday"
    ),
}
NOTHING = (
    "book me a flight to Paris|cancel my credit card|set an alarm for seven|change my address|"
    "what are your opening hours|yes please|tomorrow at three|order a pizza|thank you, bye|"
    "move some money to my savings|I have an appointment on Tuesday|how much is a cleaning|"
    "cancel|what is your cancellation policy|why was my appointment cancelled|"
    "I can't make my appointment tomorrow|remove milk from my shopping list"
)
REFUSALS = (
    "don't book it|I can't schedule anything|I don't want to book anything|don't cancel it|"
    "please don't cancel my appointment|no need to reschedule|I would rather not book right now|"
    "you don't have to book me in|I didn't ask you to cancel my appointment|"
    "there is no reason to move my appointment|I'm not going to make a reservation today|"
    "I refuse to cancel my meeting|never delete my appointments|I'm unable to book a meeting"
)


def cases() -> list[tuple[str, str]]:
    return [(text, intent) for intent, texts in REQUESTS.items() for text in texts.split("|")]


@pytest.mark.parametrize(("text", "intent"), cases())
def test_requests(text: str, intent: str) -> None:
    result = engine().analyse(text)
    assert (result.intent, result.complete, result.negated) == (intent, True, False)
    assert may_act(result)


@pytest.mark.parametrize("text", NOTHING.split("|"))
def test_nothing_is_asked(text: str) -> None:
    assert not may_act(engine().analyse(text))


NOT_ASKED = (
    "did my wife book an appointment|you told me to book an appointment|"
    "before you cancel my appointment, what does it cost|make sure nobody cancels my appointment|"
    "are you going to cancel my appointment|if it rains I'll cancel my appointment|"
    "I might have to cancel my appointment|I'm thinking about moving my appointment|"
    "should I book an appointment|hold off on cancelling my appointment|"
    "who told you to book an appointment|nobody asked you to move my appointment|"
    "I decided against cancelling my appointment|there's no way I'm cancelling my appointment|"
    "don't you dare cancel my appointment|why can't I cancel my appointment|"
    "un-cancel my appointment|quit moving my appointment around"
)


@pytest.mark.parametrize("text", NOT_ASKED.split("|"))
def test_what_is_told_or_weighed_is_not_acted_upon(text: str) -> None:
    assert not may_act(engine().analyse(text))


@pytest.mark.parametrize("text", REFUSALS.split("|"))
def test_refusals(text: str) -> None:
    result = engine().analyse(text)
    assert (result.intent, result.negated) == (None, True)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("not cancel, move it", RESCHEDULE),
        ("don't cancel it, move it to Friday", RESCHEDULE),
        ("I don't need to cancel, I need to reschedule", RESCHEDULE),
        ("cancel my appointment, no wait, move it to Friday", RESCHEDULE),
        ("I want to make an appointment, not cancel one", SCHEDULE),
        ("I want to book an appointment. Actually, I want to cancel my appointment.", CANCEL),
        ("Is it sunny? I'd like to book an appointment.", SCHEDULE),
    ],
)
def test_corrections_and_last_sentences(text: str, intent: str) -> None:
    result = engine().analyse(text)
    assert result.intent == intent
    assert may_act(result)


@pytest.mark.parametrize(
    "text",
    ["Cancel my appointment. No wait, don't.", "Book me an appointment. Actually, never mind."],
)
def test_what_is_taken_back_is_gone(text: str) -> None:
    result = engine().analyse(text)
    assert (result.intent, result.negated) == (None, True)


@pytest.mark.parametrize(
    "text",
    [
        "I want to cancel my",
        "I want to cancel my.",
        "I'd like to cancel",
        "cancel my",
        "can I move",
        "move my appointment to",
        "I want to cancel my appointment and",
        "I need to reschedule...",
    ],
)
def test_high_stakes_wait_for_the_rest(text: str) -> None:
    result = engine().analyse(text)
    assert not result.complete
    assert not may_act(result)


def test_what_is_high_stakes_is_a_setting() -> None:
    text = "something came up, I need to cancel"
    assert not engine().analyse(text).complete
    assert engine().analyse(text, settings=DefaultIntents(high_stakes=())).complete


def test_an_agents_own_intents() -> None:
    own = DefaultIntents(custom={"opening_hours": ("what are your opening hours", "when open")})
    said = engine().analyse("Hello, what are your opening hours please", settings=own)
    assert (said.intent, may_act(said)) == ("opening_hours", True)
    assert engine().analyse("when are you open on Sunday", settings=own).intent == "opening_hours"
    assert engine().analyse("cancel my appointment", settings=own).intent == CANCEL
    refund = DefaultIntents(custom={"refund": ("give me a refund",)})
    assert engine().analyse("don't book it, give me a refund", settings=refund).intent == "refund"
    assert engine().analyse("please don't give me a refund", settings=refund).intent is None


def test_an_agents_own_services_count_as_appointments() -> None:
    text = "I have to cancel my beard trim"
    assert engine().analyse(text, services=("Beard trim",)).intent == CANCEL
    assert may_act(engine().analyse(text, services=("Beard trim",)))


def test_without_weights_the_rules_decide() -> None:
    bare = IntentEngine()
    assert bare.analyse("cancel my appointment").intent == CANCEL
    assert bare.analyse("move my appointment to Friday").intent == RESCHEDULE
    assert bare.analyse("I'd like to book an appointment").intent == SCHEDULE
    assert bare.analyse("do you have any openings tomorrow").intent == QUERY
    assert bare.analyse("don't book an appointment").negated
    assert bare.analyse("order a pizza").intent is None


def test_a_broken_weights_file_is_refused() -> None:
    with pytest.raises(ValueError, match="not an intent weights file"):
        IntentEngine(b"something else")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    result = engine().analyse(text)
    assert 0.0 <= result.confidence <= 1.0
    assert not (result.negated and result.intent)


@pytest.mark.parametrize("text", ["", "  ", "...", "um, uh", "?!"])
def test_no_words(text: str) -> None:
    result = engine().analyse(text)
    assert (result.intent, result.complete) == (None, False)


PLAIN = [text for text, intent in cases() if intent in ACTS and " not" not in text]


@given(st.sampled_from(PLAIN), st.sampled_from(("um, ", "so, uh, ", "okay. ", "Hi there. ", "")))
def test_fillers_change_nothing(text: str, opening: str) -> None:
    assert engine().analyse(opening + text).intent == engine().analyse(text).intent


def test_the_same_text_gives_the_same_answer() -> None:
    text = "I'd like to move my appointment to next Friday at noon"
    assert IntentEngine().analyse(text) == IntentEngine().analyse(text)
    assert engine().analyse(text) == engine().analyse(text)


@pytest.mark.parametrize(
    ("text", "intent", "complete"),
    [
        ("Actually cancel it altogether", CANCEL, False),
        ("can I come Wednesday instead of Tuesday", RESCHEDULE, True),
        ("could we do Thursday rather than Friday", RESCHEDULE, True),
        ("instead of cancelling could we move it", RESCHEDULE, True),
        ("let's postpone", RESCHEDULE, False),
        ("something came up, can we push it back", RESCHEDULE, False),
        ("cancel mine and book a new one", CANCEL, True),
        ("move mine to Thursday", RESCHEDULE, True),
        ("can I swap my Tuesday for Thursday", RESCHEDULE, True),
        ("I can't make it on Tuesday, can I come Wednesday", RESCHEDULE, True),
        ("switch the alarm to Thursday", None, True),
    ],
)
def test_moves_and_cancellations_in_few_words(
    text: str, intent: str | None, complete: bool
) -> None:
    result = engine().analyse(text)
    assert (result.intent, result.complete) == (intent, complete)


@pytest.mark.parametrize(
    "more",
    ["Actually cancel that.", "Sorry, never mind that.", "Actually no, don't.",
     "Hang on, let me ask my wife first.", "On second thought, no.", "I'll call you back."],
)  # fmt: skip
def test_what_is_taken_back_or_put_off_is_not_asked_for(more: str) -> None:
    result = engine().analyse(f"I want to book a cleaning for Tuesday at ten. {more}")
    assert (result.intent, result.negated) == (None, True)


@pytest.mark.parametrize("row", plain_requests.PLAIN, ids=lambda row: row.example)
def test_every_plain_request_has_its_example(row: plain_requests.Row) -> None:
    utterance = Utterance(normalise(plain(row.example)))
    assert row.shows(utterance)
    assert engine().analyse(row.example).intent == row.intent
