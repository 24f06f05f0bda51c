"""Searching an agent's knowledge."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.knowledge import KnowledgeIndex, read_folder, search_knowledge
from app.core.tools.passages import Passage
from app.errors import SettingsError

INDEX = KnowledgeIndex(
    [
        Passage("Do you deliver?", "Within the city, from 20 euros.", "questions"),
        Passage("Parking", "Cars park behind the house.", "visit.md"),
        Passage("Öffnungszeiten", "Montag bis Freitag von neun bis fünf.", "zeiten.md"),
    ]
)


@pytest.mark.parametrize(
    ("query", "source"),
    [
        ("do you do deliveries", "questions"),
        ("where can I park my car?", "visit.md"),
        ("Wie sind die Offnungszeiten", "zeiten.md"),
    ],
)
def test_the_passage_that_fits_is_found_with_its_source(query: str, source: str) -> None:
    assert INDEX.search(query)[0].source == source


@pytest.mark.parametrize("query", ["", "what is the", "helicopter", '" OR *', "NEAR("])
def test_nothing_is_found_where_nothing_fits(query: str) -> None:
    assert INDEX.search(query) == []
    assert search_knowledge(INDEX, query)["output"]["error"] == "nothing_found"


@given(st.text(max_size=300))
def test_no_query_is_an_error(query: str) -> None:
    assert len(INDEX.search(query)) <= 3


def test_the_tool_answers_with_text_and_source() -> None:
    found = search_knowledge(INDEX, "parking")
    assert found["output"]["passages"][0] == {
        "title": "Parking", "text": "Cars park behind the house.", "source": "visit.md",
    }  # fmt: skip


def test_a_folder_is_read_with_its_subfolders(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.md").write_text("# A\nOne.")
    (tmp_path / "more" / "b.md").write_text("Two.")
    (tmp_path / "c.txt").write_text("no")

    assert {passage.source for passage in read_folder(tmp_path)} == {"a.md", "more/b.md"}


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no folder"):
        read_folder(tmp_path / "none")
    (tmp_path / "a.md").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match=r"a\.md cannot be read"):
        read_folder(tmp_path)
