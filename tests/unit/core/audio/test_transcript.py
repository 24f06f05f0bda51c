"""The transcript in the order of speech, and the words that were heard of a cut item."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.audio.transcript import LIMIT, SpokenRecord, heard_part


def test_words_that_come_late_stand_where_they_were_said() -> None:
    record = SpokenRecord()
    record.begin("a", "agent", 1.0).text = "Hello."
    record.begin("u", "user", 2.0)
    record.begin("b", "agent", 3.0).text = "At eight."
    record.begin("u", "user", 9.0).text = "When?"
    assert record.as_heard() == [["agent", "Hello."], ["user", "When?"], ["agent", "At eight."]]
    assert record.last("agent") == "At eight."
    assert record.last("user") == "When?"


def test_neighbours_are_joined_and_what_was_not_heard_is_left_out() -> None:
    record = SpokenRecord()
    record.begin("a", "agent", 1.0).text = "Hello."
    record.begin("b", "agent", 1.0).text = "Again."
    record.begin("c", "agent", 1.0)
    record.begin("d", "user", 1.0).text = "Hi."
    record.drop("d")
    assert record.as_heard() == [["agent", "Hello. Again."]]
    assert record.find("d") is None


def test_it_is_bounded_and_survives_a_process() -> None:
    record = SpokenRecord()
    for number in range(LIMIT + 20):
        record.begin(str(number), "user", number).text = "x"
    assert len(record.entries) == LIMIT
    assert SpokenRecord.from_state(record.to_state()).entries == record.entries


def test_heard_part_ends_with_a_whole_word() -> None:
    text = "We open at eight in the morning."
    assert heard_part(text, 0, 4000) == ""
    assert heard_part(text, 4000, 4000) == text
    assert heard_part(text, 2000, 4000) == "We open at eight"
    assert heard_part(text, 100, 4000) == ""
    assert heard_part(text, 100, 0) == ""


@given(st.text(max_size=200), st.integers(0, 10_000), st.integers(0, 10_000))
def test_heard_part_is_always_a_beginning(text: str, heard: int, received: int) -> None:
    part = heard_part(text, heard, received)
    assert text.startswith(part)


@given(st.text(alphabet="ab ", max_size=60), st.integers(1, 1000))
def test_more_heard_is_never_fewer_words(text: str, received: int) -> None:
    parts = [len(heard_part(text, heard, received)) for heard in range(0, received + 1, 7)]
    assert parts == sorted(parts)
