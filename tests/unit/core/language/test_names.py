"""The reader of names, on labelled lines and on odd ones."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.intent.entities import extract
from app.core.language.names import (
    Name,
    is_placeholder,
    join_names,
    mask_name,
    read_name,
)

CORPUS = Path(__file__).parents[3] / "corpus"
ASKED = "And what is your full name?"


def last_name_given(turns: list[tuple[str, str]]) -> Name | None:
    """The name after a conversation of `("agent" | "user", words)`, joined turn by turn."""
    known: Name | None = None
    question: str | None = None
    for role, words in turns:
        if role == "agent":
            question = words
            continue
        name = read_name(words, question)
        if name is not None:
            known = join_names(known, name, question)
        question = None
    return known


def lines(file: str) -> list[dict[str, Any]]:
    text = (CORPUS / file).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def plain(name: str | None) -> str | None:
    return name and name.casefold().replace("\u2019", "'")


def wrong_in(file: str) -> list[dict[str, Any]]:
    """The lines that are read otherwise than their label says."""
    wrong = []
    for line in lines(file):
        found = read_name(line["text"], line["question"])
        if plain(found.text if found else None) != plain(line["name"]):
            wrong.append(line)
    return wrong


@pytest.mark.parametrize("file", ["names_written.jsonl", "names_written2.jsonl", "names_dev.jsonl"])
def test_names_are_read_as_labelled(file: str) -> None:
    wrong = wrong_in(file)
    assert len(wrong) <= 0.02 * len(lines(file)), wrong


def test_the_written_lines_are_many_and_of_all_kinds() -> None:
    written = lines("names_written.jsonl")
    assert len(written) >= 400
    assert sum(line["name"] is None for line in written) >= 150
    assert len({line["kind"] for line in written}) >= 20


def test_unseen_lines_are_read_as_labelled() -> None:
    """Only counted: what the lines say is not shown to whoever changes the rules."""
    wrong = len(wrong_in("names_heldout.jsonl"))
    assert wrong <= 0.02 * len(lines("names_heldout.jsonl")), wrong


def test_the_agents_name_is_not_the_callers() -> None:
    assert read_name("This is Mia?", agent="Mia") is None
    assert read_name("Okay, Mia.", ASKED, agent="Mia") is None
    assert read_name("My name is Mia, too.", agent="Mia") == Name("Mia", ((11, 14),))


@pytest.mark.parametrize(
    ("turns", "name"),
    [
        ([("user", "This is Kim."), ("user", "sorry, it's Kim Vo")], "Kim Vo"),
        (
            [
                ("agent", "What is your first name?"),
                ("user", "Teresa"),
                ("agent", "And your last name?"),
                ("user", "Quintero."),
            ],
            "Teresa Quintero",
        ),
        (
            [
                ("agent", "May I have your name?"),
                ("user", "Dana Reyes"),
                ("agent", "So that is a cleaning on Tuesday for Dana Reyes. Is that right?"),
                ("user", "It's Rayes, with an a."),
            ],
            "Dana Rayes",
        ),
        (
            [
                ("agent", "May I have your name?"),
                ("user", "Dana Reyes"),
                ("agent", "Could you spell the last name for me?"),
                ("user", "R, A, Y, E, S"),
            ],
            "Dana Rayes",
        ),
        ([("agent", "What day works for you?"), ("user", "Friday")], None),
    ],
)
def test_the_last_name_given_in_a_call_wins(turns: list[tuple[str, str]], name: str | None) -> None:
    found = last_name_given(turns)
    assert (found and found.text) == name


def test_another_name_replaces_the_known_one() -> None:
    known, new = Name("Dana Reyes"), Name("Carl Weber")
    assert join_names(known, new).text == "Carl Weber"
    assert join_names(None, new) == new


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("My name is April Jones, Tuesday at ten, please.", None),
        ("April Jones. Tuesday at ten.", ASKED),
        ("This is Friday Okafor, can I come on Tuesday at ten?", None),
    ],
)
def test_a_name_is_no_date(text: str, question: str | None) -> None:

    now = dt.datetime(2026, 11, 27, 12, 0, tzinfo=dt.UTC)
    slots = extract(text, now, question=question)
    assert slots.name in ("April Jones", "Friday Okafor")
    assert slots.date == dt.date(2026, 12, 1)


def test_masking_keeps_all_other_words_in_their_places() -> None:
    text = "Siobh\u00e1n O\u2019Brien, on Friday"
    masked = mask_name(text, read_name(text, ASKED))
    assert len(masked) == len(text)
    assert masked.endswith(", on Friday")
    assert "Brien" not in masked
    assert mask_name(text, None) == text


@settings(max_examples=300)
@given(st.text(max_size=200), st.one_of(st.none(), st.just(ASKED), st.text(max_size=80)))
def test_any_text_can_be_read(text: str, question: str | None) -> None:
    found = read_name(text, question)
    assert found is None or 0 < len(found.text) <= 80
    assert isinstance(mask_name(text, found), str)


@pytest.mark.parametrize(
    "text", ["a " * 20_000, "B-" * 20_000, "my name is " * 5_000, "J. " * 9_000]
)
def test_long_texts_are_read_in_time(text: str) -> None:
    read_name(text, ASKED)


@pytest.mark.parametrize(
    "name",
    [
        *("caller", "The Caller", "Unknown", "{{customer_name}}", "N/A", "null", "John Doe"),
        *("customer", "[name]", "not provided", "Full Name", "Mr. Unknown", "<name>", "${name}"),
        *("first last", "Anonymous", "the patient", "None given", "your name"),
    ],
)
def test_what_stands_for_a_name_is_none(name: str) -> None:
    assert is_placeholder(name)


@pytest.mark.parametrize(
    "name",
    [
        *("John", "Jane Austen", "Doe", "Patience", "Will Guest", "Siobhán", "王伟", "Dana Reyes"),
        *("Prince", "Ana", "Una Known-Smith", "Al", "No Name Given Smith", "राहुल", "Anonda"),
    ],
)
def test_names_are_no_placeholders(name: str) -> None:
    assert not is_placeholder(name)
