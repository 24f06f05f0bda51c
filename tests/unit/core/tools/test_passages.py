"""Knowledge cut into passages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.tools.passages import MAX_PASSAGE_CHARS, Passage, read_markdown, read_question


def test_a_passage_stands_under_its_headings() -> None:
    text = (
        "Intro.\n# Visits\n## Parking\nBehind the *house*.\n\nFree.\n"
        "### Bikes #\nIn front.\n# Pay\nCash."
    )

    assert read_markdown(text, "faq.md") == [
        Passage("", "Intro.", "faq.md"),
        Passage("Visits / Parking", "Behind the house. Free.", "faq.md"),
        Passage("Visits / Parking / Bikes", "In front.", "faq.md"),
        Passage("Pay", "Cash.", "faq.md"),
    ]


def test_links_are_told_by_their_words() -> None:
    found = read_markdown("See [our map](https://x.example/map) and ![logo](l.png).", "a.md")
    assert found[0].text == "See our map and logo."


def test_a_question_is_a_passage() -> None:
    assert read_question(" Do you deliver? ", " Yes. ").title == "Do you deliver?"


@given(st.lists(st.text("ab #\n", max_size=60), max_size=40))
def test_no_word_is_lost_and_no_passage_is_too_long(parts: list[str]) -> None:
    text = "\n\n".join(parts)
    found = read_markdown(text, "a.md")

    assert all(0 < len(passage.text) <= MAX_PASSAGE_CHARS for passage in found)
    body = "".join(passage.text + passage.title for passage in found)
    kept = "".join(line for line in text.splitlines() if not line.startswith("#"))
    assert body.count("a") >= kept.count("a")


def test_a_long_word_is_cut() -> None:
    found = read_markdown("x" * 2000, "a.md")
    assert "".join(passage.text for passage in found) == "x" * 2000
