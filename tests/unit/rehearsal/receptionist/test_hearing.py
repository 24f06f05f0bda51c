"""Who is still thinking when they begin has said what they say all the same."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from app.rehearsal.receptionist.hearing import Hearing

NOW = dt.datetime(2026, 11, 27, 10, tzinfo=ZoneInfo("America/Los_Angeles"))


def acts(text: str) -> frozenset[str]:
    return Hearing().understand(text, NOW, ()).acts


@pytest.mark.parametrize("text", ["Uh, Dana Reyes.", "Hm, um, Ida Falk.", "Let me see, Ida Falk."])
def test_a_filler_before_a_name_is_no_doubt(text: str) -> None:
    assert "unsure" not in acts(text)


@pytest.mark.parametrize("text", ["Let me see, yes.", "Um, sure, go ahead.", "Yes."])
def test_a_filler_before_a_yes_is_no_doubt(text: str) -> None:
    assert "yes" in acts(text)


@pytest.mark.parametrize("text", ["Hm.", "Uh, um...", "Um, I don't know."])
def test_who_says_nothing_else_is_unsure(text: str) -> None:
    assert "unsure" in acts(text)
