"""The labelled arguments of `check_availability`: what is understood, and what is refused.

The held-out half is only counted: nothing of it may be shown, so that nobody writes rules by it.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from app.adapters.agents import files
from app.core.booking.wanted import NotUnderstood, Wanted, read_wanted

CORPUS = Path(__file__).parents[3] / "corpus"
RULES = files.load().default.booking
GOAL = 0.98
_BOUNDS = {"from": "first", "to": "last", "not_before": "not_before", "not_after": "not_after"}


def rows(name: str) -> list[dict[str, Any]]:
    lines = (CORPUS / f"arguments_{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def read(row: dict[str, Any]) -> Wanted | NotUnderstood:
    now = dt.datetime.fromisoformat(row["now"]).astimezone(RULES.zone)
    return read_wanted(row["arguments"], now, RULES.hours)


def shown(wish: Wanted) -> dict[str, str | None]:
    """The wish in the form of the labels; a part of the day as its hours."""
    found: dict[str, str | None] = {}
    for key, name in _BOUNDS.items():
        value = getattr(wish, name)
        if isinstance(value, dt.time):
            found[key] = f"{value:%H:%M}"
        else:
            found[key] = value.isoformat() if value else None
    hours = {"morning": (None, "12:00"), "afternoon": ("12:00", None), "evening": ("17:00", None)}
    low, high = hours.get(wish.part or "", (None, None))
    found["not_before"] = found["not_before"] or low
    found["not_after"] = found["not_after"] or high
    return found


def is_right(row: dict[str, Any]) -> bool:
    wish, expected = read(row), dict(row["expect"])
    if not expected.pop("understood"):
        return isinstance(wish, NotUnderstood)
    if isinstance(wish, NotUnderstood):
        return False
    found = shown(wish)
    if wish.time is not None and expected.get("not_before") == expected.get("not_after") is None:
        del found["not_before"], found["not_after"]  # some labels give one time no bounds
    return all(found[key] == value for key, value in expected.items() if key in found)


@pytest.mark.parametrize("name", ["dev", "written"])
def test_arguments_are_read_as_labelled(name: str) -> None:
    labelled = rows(name)
    wrong = [(row["arguments"], row["expect"], read(row)) for row in labelled if not is_right(row)]
    assert len(wrong) <= (1 - GOAL) * len(labelled), wrong


@pytest.mark.skipif(
    not (CORPUS / "arguments_heldout.jsonl").is_file(), reason="the held-out half is not there"
)
def test_unseen_arguments_are_read_as_well() -> None:
    right = [is_right(row) for row in rows("heldout")]
    assert sum(right) >= GOAL * len(right), f"{sum(right)} of {len(right)}"
