"""The model's view is made equal to what was heard, by edits that can really be sent."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.words import words
from app.core.realtime.history import Create, Delete, Edit, History, merge
from app.protocol.retell_llm import Utterance

WORD = st.sampled_from(["ann", "bob", "cat", "dog", "eve"])
TEXT = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
KIND = st.sampled_from(["user", "assistant", "assistant", "call", "output", "note"])
ITEMS = st.lists(st.tuples(KIND, TEXT), max_size=9)
HEARD = st.lists(
    st.builds(
        Utterance,
        st.sampled_from(["agent", "user", "agent", "user", "transfer_target", "system"]),
        st.one_of(TEXT, TEXT.map(lambda text: text + " "), st.sampled_from(["", " ", "..."])),
    ),
    max_size=9,
)


def make(items: list[tuple[str, str]]) -> History:
    history = History()
    for kind, text in items:
        history.append(kind, text, call_id="c")  # type: ignore[arg-type]
    return history


def mirror(history: History, edits: list[Edit], before: list[tuple[str, str, str]]) -> None:
    """Apply the edits to a copy, as the server would, and compare."""
    for edit in edits:
        ids = [entry[0] for entry in before]
        if isinstance(edit, Delete):
            del before[ids.index(edit.item_id)]
        else:
            at = 0 if edit.previous == "root" else ids.index(edit.previous) + 1
            before.insert(at, (edit.item.id, edit.item.kind, edit.item.text))
    assert before == [(item.id, item.kind, item.text) for item in history.items]


def snapshot(history: History) -> list[tuple[str, str, str]]:
    return [(item.id, item.kind, item.text) for item in history.items]


@given(ITEMS, HEARD)
@settings(max_examples=500, deadline=None)
def test_view_equals_what_was_heard(items: list[tuple[str, str]], heard: list[Utterance]) -> None:
    history = make(items)
    before = snapshot(history)
    mirror(history, history.reconcile(heard), before)
    assert [(k, words(t)) for k, t in history.spoken()] == [(k, words(t)) for k, t in merge(heard)]
    assert history.reconcile(heard) == [], "a second time there is nothing to do"


@given(ITEMS, st.integers(0, 6), HEARD)
@settings(max_examples=300, deadline=None)
def test_view_equals_after_cuts_of_what_it_held(
    items: list[tuple[str, str]], cut: int, more: list[Utterance]
) -> None:
    history = make(items)
    roles = {"assistant": "agent", "user": "user"}
    heard = [Utterance(roles[kind], text) for kind, text in history.spoken()]
    if heard:
        last = heard[-1]
        heard[-1] = Utterance(last.role, " ".join(last.content.split()[:cut]))
    heard += more
    before = snapshot(history)
    mirror(history, history.reconcile(heard), before)
    assert [(k, words(t)) for k, t in history.spoken()] == [(k, words(t)) for k, t in merge(heard)]


def test_growing_words_are_appended_and_nothing_is_deleted() -> None:
    history = make([("assistant", "Hello there."), ("user", "I want")])
    edits = history.reconcile([Utterance("agent", "Hello there."), Utterance("user", "I want tea")])
    assert [type(edit) for edit in edits] == [Create]
    assert isinstance(edits[0], Create)
    assert edits[0].item.text == "tea"


def test_an_interrupted_answer_keeps_its_heard_beginning() -> None:
    history = make([("user", "When?"), ("assistant", "We open at nine. We close at five.")])
    heard = [Utterance("user", "When?"), Utterance("agent", "We open at nine. We ")]
    edits = history.reconcile([*heard, Utterance("user", "and Sunday?")])
    assert [type(edit) for edit in edits] == [Delete, Create, Create]
    assert history.spoken()[1] == ("assistant", "We open at nine. We")


def test_tool_items_keep_their_places() -> None:
    history = make(
        [("user", "Book"), ("call", "{}"), ("output", "{}"), ("assistant", "Booked for nine.")]
    )
    history.reconcile([Utterance("user", "Book"), Utterance("agent", "Booked ")])
    assert [item.kind for item in history.items] == ["user", "call", "output", "assistant"]


def test_other_speakers_are_no_part_of_the_conversation() -> None:
    assert merge([Utterance("transfer_target", "Yes?"), Utterance("user", "Hi")]) == [
        ("user", "Hi")
    ]


def test_state_round_trip() -> None:
    history = make([("user", "Hi"), ("call", "{}"), ("output", "{}")])
    assert History.from_state(history.to_state()) == history


def test_a_new_session_is_given_nothing_it_would_refuse() -> None:
    history = make([("note", "x"), ("assistant", " "), ("user", "Hi")])
    history.append("output", "{}", call_id="lost")
    history.tidy()
    assert [item.kind for item in history.items] == ["user"]
