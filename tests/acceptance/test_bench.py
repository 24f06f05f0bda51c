"""The benchmark measures what it says: callers against the whole program, through its model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from bench.measure import measure
from bench.parts import SCRATCH, Ours, Ports


@pytest.fixture
def program() -> Iterator[Ours]:
    with Ours(Ports()) as running:
        yield running
    shutil.rmtree(SCRATCH, ignore_errors=True)


def test_turns_are_taken_and_every_part_of_them_is_timed(program: Ours) -> None:
    seen = measure(program, calls=3, seconds=2.0, period_s=0.8, gap_s=0.0, before=True)
    assert seen.load["greeted"] == 3
    assert seen.load["turns"] >= 3
    assert len(seen.load["added"]) == seen.load["turns"]
    for one in range(len(seen.load["added"])):
        parts = seen.load["forwarded"][one] + seen.load["returned"][one]
        assert seen.load["added"][one] == parts > 0
    assert seen.cpu_s > 0
    assert seen.rss["stop"] > 10_000_000


def test_a_tool_goes_through_the_worker_and_is_timed(program: Ours) -> None:
    text = "which free times do you have next week for a checkup"
    seen = measure(program, calls=2, seconds=2.0, period_s=1.0, gap_s=0.0, text=text)
    assert len(seen.load["tools"]) >= 2
    assert min(seen.load["tools"]) > 0
