"""Results of scenarios as JUnit XML and as a page, whatever they hold."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from app.rehearsal.retell_caller.outcome import Outcome, TurnSeen
from app.rehearsal.retell_caller.results import ScenarioResult, count_of, junit, page


def outcome(*failures: str, faults: tuple[str, ...] = ()) -> Outcome:
    turn = TurnSeen(1, "Hello.", False, 0.1, 0.2, 0.25)
    late = TurnSeen(2, "Well.", False, 0.1, 0.2, 1.5)
    return Outcome("call_1", turns=[turn, late], failures=list(failures), faults=list(faults))


RESULTS = [
    ScenarioResult("booking", "A caller books.", 12.34, (outcome(),)),
    ScenarioResult("move", "<b>&", 3.0, (outcome("no <tool>\x00", faults=("odd",)), outcome())),
    ScenarioResult("away", "", error="nothing listens"),
    ScenarioResult("calendar", "", skipped="requires: a calendar"),
]


def test_states_are_told_apart() -> None:
    assert [result.state for result in RESULTS] == ["passed", "failed", "failed", "skipped"]
    assert count_of(RESULTS, "failed") == 2
    assert RESULTS[1].problems == ["no <tool>\x00", "protocol: odd"]
    assert RESULTS[0].silence == 1.5
    assert RESULTS[2].silence is None


def test_junit_has_a_case_for_each() -> None:
    root = ET.fromstring(junit(RESULTS))  # noqa: S314 - our own
    suite = root[0]
    assert suite.attrib == {
        "name": "scenarios", "tests": "4", "failures": "2", "skipped": "1", "errors": "0",
        "time": "15.340",
    }  # fmt: skip
    assert [case.get("name") for case in suite] == ["booking", "move", "away", "calendar"]
    assert len(suite[0]) == 0
    failure = suite[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "no <tool>\ufffd"
    assert (failure.text or "").splitlines()[-1] == "call call_1"
    skipped = suite[3].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "requires: a calendar"


def test_the_page_escapes_what_it_shows() -> None:
    text = page(RESULTS, "Shop & Co")
    assert "<title>Shop &amp; Co</title>" in text
    assert "1 passed, 2 failed, 1 left out" in text
    assert "&lt;b&gt;&amp;" in text
    assert "no &lt;tool&gt;" in text
    assert "1.50 s" in text
    assert "http" not in text
