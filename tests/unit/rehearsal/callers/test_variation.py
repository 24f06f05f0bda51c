"""A scenario varied by seed: the same for the same seed, valid, and checked for the same."""

from __future__ import annotations

import pytest

from app.rehearsal.callers.variation import vary
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.scenario import MannerSpec, Scenario, parse

FILE = """
steps:
  - say: I'd like to book a cleaning, please.
    exactly: true
  - say: Mhm.
    request: false
  - say: "(unintelligible audio)"
  - converse:
      - {when: name, say: Dana Reyes., exactly: true}
      - {when: sure, say: "Yes, please."}
    until: booked
"""


@pytest.mark.parametrize("name", scenario.shipped())
def test_seeds_differ_and_each_is_the_same_again(name: str) -> None:
    script = scenario.load(name)
    first = [vary(script, seed) for seed in range(8)]
    assert first == [vary(script, seed) for seed in range(8)]
    assert len({each.model_dump_json() for each in first}) == 8
    for each in first:
        assert [call.expect for call in each.calls] == [call.expect for call in script.calls]
        assert Scenario.model_validate(each.model_dump(by_alias=True, exclude_unset=True))


def test_what_is_to_be_said_exactly_is() -> None:
    script = parse(FILE)
    for seed in range(50):
        steps = vary(script, seed).calls[0].steps
        assert steps[:3] == script.calls[0].steps[:3]
        assert steps[3].converse[0].say == "Dana Reyes."  # type: ignore[union-attr]


def test_a_call_that_must_not_be_varied_is_not() -> None:
    script = parse(FILE + "vary: false\n")
    assert vary(script, 3) == script


def test_a_line_that_the_file_sets_stays() -> None:
    script = parse(FILE + "line: {words_per_minute: 100}\n")
    assert {vary(script, seed).calls[0].line.words_per_minute for seed in range(20)} == {100}
    paces = {vary(parse(FILE), seed).calls[0].line.words_per_minute for seed in range(20)}
    assert len(paces) > 2


def test_manners_differ() -> None:
    manners = [vary(parse(FILE), seed).calls[0].manner for seed in range(40)]
    for name in ("interrupts", "hums", "hesitates", "thinks_ms"):
        assert len({getattr(manner, name) for manner in manners}) > 1, name
    assert MannerSpec() not in manners
