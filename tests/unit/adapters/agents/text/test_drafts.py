"""A document as somebody is typing it: each mistake with its line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.agents.text.drafts import MAX_DEPTH, read_draft

GOOD = """\
name: Ada
business: Bakery
instructions: |
  Be brief.
  Sell cake.
booking:
  services:
    - {id: cake, name: cake, minutes: 15}
    - id: pie
      name: pie
      minutes: 5
"""


def test_a_draft_says_what_its_text_says() -> None:
    draft = read_draft(GOOD)
    assert draft.document is not None
    assert draft.document.data["instructions"] == "Be brief.\nSell cake.\n"
    assert draft.flaws == ()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("name", 1),
        ("instructions", 3),
        ("booking.services.0.minutes", 8),
        ("booking.services.1.minutes", 11),
        ("booking.services.7.minutes", 7),
        ("booking.hours", 6),
        ("nothing.like.that", 1),
        ("", 0),
    ],
)
def test_problems_have_the_line_of_their_part(path: str, line: int) -> None:
    (found,) = read_draft(GOOD).locate([{"path": path, "message": "wrong"}])
    assert (found.path, found.message, found.line) == (path, "wrong", line)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("name: Ada\nbusiness: [}", 2, "did not find"),
        ("name: Ada\n\tbusiness: x", 2, "tab"),
        ("- name", 1, "mapping"),
        ("", 1, "mapping"),
        ("agents: [{name: Ada}]", 1, "keys of one agent"),
        ("businesses: {}", 1, "keys of one agent"),
        ("default: ada", 1, "keys of one agent"),
        ("a: &a [x]\nb: *a", 2, "aliases"),
        ("a: " + "[" * 10_000, 1, "too deep"),
        ("name: \x00", 1, ""),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, line: int, message: str) -> None:
    draft = read_draft(text)
    assert draft.document is None
    assert draft.flaws[0].line == line
    assert message in draft.flaws[0].message


def test_a_key_given_twice_is_a_mistake() -> None:
    (flaw,) = read_draft("name: Ada\nbusiness: x\nname: Ben\n").flaws
    assert (flaw.line, flaw.message) == (3, '"name" given twice')


def test_a_few_lines_do_not_become_gigabytes() -> None:
    names = [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    draft = read_draft("\n".join(["a0: &a0 lol", *names]))
    assert draft.document is None
    deep = "".join(f"{' ' * n}a:\n" for n in range(2 * MAX_DEPTH))
    assert "deep" in read_draft(deep).flaws[0].message


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    draft = read_draft(text)
    assert draft.document is not None or draft.flaws


def test_a_business_is_read_the_same_way() -> None:
    draft = read_draft("name: Bakery\nnumbers:\n  - '12'\n", "business")
    assert draft.document is not None
    assert (draft.document.kind, draft.document.data["name"]) == ("business", "Bakery")
    (flaw,) = draft.locate([{"path": "numbers.0", "message": "is no number"}])
    assert flaw.line == 3
    several = read_draft("businesses: {bakery: {name: Bakery}}", "business")
    assert several.document is None
    assert "write the keys of one business" in several.flaws[0].message
