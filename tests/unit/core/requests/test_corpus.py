"""The corpus of whole calls: nothing wrong is done, and little that was clear is missed."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from app.adapters.agents import files
from bench import requests as bench
from tests.corpus import generate, parts

AGENT = files.load().default
DEV = list(bench.load(bench.CORPUS / "calls_dev.jsonl"))


def outcome(call: dict[str, Any]) -> str:
    done, _ = bench.effects(call, AGENT)
    return bench.verdict(call["expect"], done)


@pytest.mark.parametrize("kind", sorted({call["kind"] for call in DEV}))
def test_nothing_wrong_is_done(kind: str) -> None:
    wrong = [call["id"] for call in DEV if call["kind"] == kind and outcome(call) == bench.WRONG]
    assert wrong == []


def test_little_that_is_clear_is_missed() -> None:
    clear = [call for call in DEV if call["expect"]]
    missed = sum(outcome(call) == bench.MISSED for call in clear)
    assert missed <= 0.1 * len(clear)


def test_generated_calls() -> None:
    counts = Counter(outcome(call) for call in generate.calls(7, 300))
    assert counts[bench.WRONG] == 0
    assert counts[bench.MISSED] <= 0.05 * 300


REMARKS = (
    "My wife comes on the 28th of December.",
    "I have to leave at four, by the way.",
    "The bridge is awful at eight but at nine it is worse.",
    "My neighbor was there last Tuesday at ten.",
    "It's been raining all week over here.",
)


def test_a_remark_after_the_agent_has_closed_changes_nothing() -> None:
    """Inserting an utterance that asks for nothing never changes an effect."""
    pick = random.Random(3)
    for call in pick.sample([call for call in DEV if call["expect"]], 60):
        before, _ = bench.effects(call, AGENT)
        last = call["transcript"][-1]
        for remark in (
            *pick.sample(REMARKS, 2),
            pick.choice(list(parts.REMARKS)).format_map(_Any()),
        ):
            more = [
                {"role": "agent", "content": "I see.", "at": last["at"] + 1},
                {"role": "user", "content": remark, "at": last["at"] + 5},
            ]
            if last["role"] == "user":
                more = [{"role": "agent", "content": "Thank you.", "at": last["at"] + 1}, *more]
            after, _ = bench.effects({**call, "transcript": [*call["transcript"], *more]}, AGENT)
            assert after == before, (call["id"], remark)


class _Any(dict[str, str]):
    """Fills the gaps of a wording."""

    def __missing__(self, key: str) -> str:
        return {"when": "on January 12th at nine"}.get(key, "nine")
