"""What programs are told of plays, line by line."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest

from app.__main__ import main
from app.rehearsal.callers.lines import Lines, checks_of
from app.rehearsal.callers.trials import grouped
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.outcome import Outcome, TurnSeen
from app.rehearsal.retell_caller.results import ScenarioResult

EVERYTHING = """
calls:
  - name: books
    steps: [{hang_up: true}]
    expect:
      ended: user_hangup
      tools: [check_availability, {name: book_appointment, successful: true}]
      never_tools: [cancel_appointment]
      actions: []
      bookings: [{name: Dana, status: booked}]
      heard: [welcome]
      never_heard: [error]
      heard_once: [goodbye]
      record: {status: ended}
      max_silence: 3s
      tone: friendly
  - steps: [{hang_up: true}]
    expect: {bookings: []}
"""


def told(write: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    write(Lines(out))
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


def test_a_play_is_told_from_its_beginning_to_its_end() -> None:
    outcome = Outcome("try_1", turns=[TurnSeen(1, "Hello.", False, 0.1, 0.2, 1.234)])
    passed = ScenarioResult("booking", "", 2.04, (outcome,), seed=3)
    failed = ScenarioResult("booking", "", 1.0, (Outcome("try_2", failures=["no"]),), seed=4)
    results = [passed, failed]

    def write(lines: Lines) -> None:
        lines.play("booking", 3)
        lines.call("try_1")
        for result in results:
            lines.result(result)
        lines.end(results, grouped(results))
        lines.end([passed], [])
        lines.end([], [])

    play, call, first, second, end, all_passed, nothing = told(write)
    assert play == {"what": "play", "scenario": "booking", "seed": 3}
    assert call == {"what": "call", "call_id": "try_1"}
    assert (first["state"], first["seconds"], first["silence"]) == ("passed", 2.0, 1.23)
    assert (second["state"], second["problems"], second["silence"]) == ("failed", ["no"], None)
    assert (end["passed"], end["summary"]) == (False, "1 passed, 1 failed, 0 left out")
    assert end["trials"] == ["booking: 1 of 2 passed; pass^1 0.50, pass^2 0.00"]
    assert all_passed["passed"]
    assert not nothing["passed"]


def test_a_play_that_could_not_be_judged_says_why() -> None:
    outcome = Outcome("try_1")
    outcome.model.unjudged = "the model is away"
    (line,) = told(lambda lines: lines.result(ScenarioResult("x", "", outcomes=(outcome,))))
    assert (line["state"], line["problems"]) == ("unjudged", ["the model is away"])


def test_every_expectation_is_a_check_in_words() -> None:
    assert list(checks_of(scenario.parse(EVERYTHING))) == [
        "books: ends with user_hangup",
        "books: tools in this order: check_availability, book_appointment",
        "books: never the tools cancel_appointment",
        "books: actions: none",
        "books: appointments: name Dana, status booked",
        "books: heard: welcome",
        "books: never heard: error",
        "books: heard exactly once: goodbye",
        "books: record: status is ended",
        "books: no silence longer than 3 s",
        "books: tone, told and not judged: friendly",
        "call 2: appointments: none",
    ]


def test_the_list_names_what_can_be_played(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "--list", "--lines"]) == 0
    known = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["name"] for each in known] == scenario.shipped()
    booking = next(each for each in known if each["name"] == "booking")
    assert "ends with agent_hangup" in booking["checks"]
    assert main(["call", "--list"]) == 0
    assert booking["about"] in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["--list", "booking"], ["--list", "--all"], ["--lines"]])
def test_arguments_that_clash_are_refused(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", *wrong]) == 1
    assert wrong[0] in capsys.readouterr().err
