"""Scenario files: what is accepted, and what a mistake is told with."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from app.core.language.time.working_days import working_day
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.placeholders import fill
from app.rehearsal.retell_caller.player import line_settings
from app.rehearsal.retell_caller.scenario import LineSpec, ScenarioError, parse


@pytest.mark.parametrize("name", scenario.shipped())
def test_shipped_scenarios_are_valid_and_say_what_they_show(name: str) -> None:
    script = scenario.load(name)
    assert script.about
    assert all(bool(call.steps) != bool(call.persona) for call in script.calls)


def test_every_key_is_described_in_the_docs() -> None:
    text = (scenario.SHIPPED.parents[2] / "docs" / "scenarios.md").read_text()
    models = (
        scenario.Scenario,
        scenario.CallSpec,
        scenario.CallerSpec,
        scenario.LineSpec,
        scenario.MannerSpec,
        scenario.Persona,
        scenario.Expect,
        scenario.Say,
        scenario.Reply,
        scenario.Converse,
    )
    for model in models:
        for name, field in model.model_fields.items():
            word = re.escape(field.alias or name)
            assert re.search(rf"\b{word}\b", text), f"{name} is not in docs/scenarios.md"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("steps:\n  - say: a\n    foo: 1\n", "s.yaml:3: steps.0.foo: Extra inputs"),
        ("steps:\n  - say: a\n    hear: b", "s.yaml:2: steps.0: a step has exactly one of"),
        ("steps:\n  - hear: ok\n  - hear: '('", "s.yaml:3: steps.1.hear.0: not a regular"),
        ("a: [", "s.yaml:1: "),
        ("- say: x", "a scenario is a mapping"),
        ("about: x", "a call has either steps or a persona"),
        ("persona: {who: Ann, goal: a table}\nsteps: [say: hi]", "either steps or a persona"),
        ("persona: {who: Ann}", "s.yaml:1: persona.goal: Field required"),
        ("persona: {who: Ann, goal: x, seconds: 0}", "seconds: Input should be greater"),
        ("calls:\n  - steps:\n      - sya: x\n", "s.yaml:3: calls.0.steps.0: a step has"),
        ("steps:\n  - meanwhile:\n      steps:\n        - lose: nothing\n", "s.yaml:4: "),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, wrong: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "s.yaml")
    assert wrong in caught.value.message


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(ScenarioError, match="booking"):
        scenario.load("nowhere")


def test_times_have_units() -> None:
    (call,) = parse("steps: [{silence: 500ms}, {silence: 2s}, {silence: 1min}]").calls
    steps: Any = call.steps
    assert [step.silence for step in steps] == [0.5, 2.0, 60.0]


def test_one_call_is_the_short_form_of_a_list() -> None:
    body = "[{say: hi}]"
    short = parse(f"about: x\nsteps: {body}\nexpect: {{ended: user_hangup}}")
    long = parse(f"about: x\ncalls: [{{steps: {body}, expect: {{ended: user_hangup}}}}]")
    assert short == long


def test_speed() -> None:
    assert line_settings(LineSpec(words_per_minute=60), speed=2).word_s == 0.5
    assert line_settings(LineSpec(), speed=0).word_s == 0.0


FRIDAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{day+1} please", "Monday, November 23rd please"),
        ("{weekday+2}", "Tuesday"),
        ("{date+3}T09", "2026-11-25T09"),
        ("{time} it is", "10:15 it is"),
        ("{unknown} {2} {", "{unknown} {2} {"),
    ],
)
def test_placeholders(text: str, filled: str) -> None:
    assert fill(text, FRIDAY, {"time": "10:15"}) == filled


def test_what_was_heard_is_no_pattern() -> None:
    assert fill("^{x}$", FRIDAY, {"x": "a.b"}, pattern=True) == r"^a\.b$"


@pytest.mark.parametrize(("n", "day"), [(0, 20), (1, 23), (3, 25), (4, 27), (5, 30)])
def test_working_days_leave_out_weekends_and_holidays(n: int, day: int) -> None:
    assert working_day(FRIDAY, n) == dt.date(2026, 11, day)
