"""A call's story as a scenario that can be played."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from app.adapters.agents import files
from app.core.language.time.working_days import number_of, working_day
from app.core.record.as_scenario import scenario_of
from app.errors import BadRequest
from app.rehearsal.retell_caller import scenario
from tests.unit.core.record.test_timeline import AT, tool, turn

AGENT = files.load().default
NUMBER = "+14155550191"


def story(**changes: Any) -> dict[str, Any]:
    """A call of Friday 2026-11-20, 14:00 in Los Angeles, in which a cleaning is booked."""
    told: dict[str, Any] = {
        "call_id": "c1",
        "started_at": AT,
        "ended_at": AT + 60,
        "from_number": NUMBER,
        "to_number": "+14155550100",
        "pending_action": "end",
        "outcome": "booked",
        "transcript": [
            {"role": "agent", "content": "Hello, how can I help?"},
            {"role": "user", "content": "A cleaning next Tuesday in the morning, please."},
            {"role": "agent", "content": "What is your name and"},
            {"role": "user", "content": "Dana Reyes, and my number is 415 555 0191."},
            {"role": "agent", "content": "Shall I book it?"},
            {"role": "user", "content": "Yes, for Dana."},
            {"role": "agent", "content": "It is booked. Goodbye."},
        ],
        "turns": [
            turn(1, 5, "What is your name and your number?", ended="superseded"),
            turn(2, 9, "Shall I book it?"),
            turn(3, 20, "It is booked. Goodbye."),
        ],
        "events": [],
        "tool_calls": [
            tool(5.1, 5.3),
            tool(9.1, 9.3),
            tool(20.1, 20.9, tool="book_appointment", arguments={"name": "Dana Reyes"}),
        ],
        "bookings": [
            {
                "id": "b1",
                "status": "booked",
                "service": "cleaning",
                "name": "Dana Reyes",
                "start": "2026-11-24T09:30:00-08:00",
            }
        ],
    }
    return told | changes


def made(**changes: Any) -> tuple[dict[str, Any], scenario.CallSpec]:
    """The scenario as data, and as the player reads it."""
    data = scenario_of(story(**changes), AGENT)
    [call] = scenario.parse(yaml.safe_dump(data, allow_unicode=True, sort_keys=False)).calls
    return data, call


def test_the_caller_says_what_was_said_on_days_to_come() -> None:
    data, call = made()
    first, second, third = (step.say for step in call.steps if isinstance(step, scenario.Say))
    assert first == "A cleaning {day+2} in the morning, please."
    assert third.startswith("Yes, for ")
    assert "Dana" not in str(data)
    assert "Reyes" not in str(data)
    assert "0191" not in str(data)
    name = second.split(",")[0]
    assert data["expect"]["bookings"] == [
        {
            "status": "^booked$",
            "service": "^cleaning$",
            "name": f"^{name}$",
            "start": "{date+2}T09:30",
        }
    ]
    assert third == f"Yes, for {name.split()[0]}."
    assert data["expect"]["ended"] == "agent_hangup"
    assert data["expect"]["tools"] == [
        {"name": "check_availability", "successful": True},
        {"name": "book_appointment", "successful": True},
    ]
    assert call.caller.from_number != NUMBER
    assert call.caller.to_number == "+14155550100"
    assert data["time_zone"] == "America/Los_Angeles"


def test_the_caller_cuts_in_where_they_did() -> None:
    _, call = made()
    says = [step for step in call.steps if isinstance(step, scenario.Say)]
    assert [step.barge_in for step in says] == [None, 5, None]


def test_who_hung_up_hangs_up() -> None:
    data, _ = made(pending_action="")
    assert data["steps"][-1] == {"hang_up": True}
    assert data["expect"]["ended"] == "user_hangup"
    spoken = [{"at": AT + 60, "kind": "ending", "how": "end"}]
    assert made(pending_action="", events=spoken)[0]["expect"]["ended"] == "agent_hangup"
    data, _ = made(disconnection_reason="call_transfer")
    assert data["expect"]["ended"] == "call_transfer"


def test_silence_and_a_lost_line_are_played_too() -> None:
    quiet = [
        *story()["transcript"],
        {"role": "agent", "content": "Are you still there?"},
        {"role": "user", "content": "Yes."},
        {"role": "agent", "content": "Good."},
    ]
    turns = [*story()["turns"], turn(4, 40, "Are you still there?"), turn(5, 44, "Good.")]
    events = [{"at": AT + 8, "kind": "resumed"}]
    data, _ = made(transcript=quiet, turns=turns, events=events)
    kinds = [next(iter(step)) for step in data["steps"]]
    assert kinds == ["say", "lose", "say", "say", "silence", "say"]


def test_of_a_call_that_we_placed_the_other_number_is_the_callers() -> None:
    _, call = made(direction="outbound", from_number="+14155550100", to_number=NUMBER)
    assert call.caller.direction == "outbound"
    assert call.caller.from_number == "+14155550100"
    assert call.caller.to_number not in (NUMBER, None)


def test_dynamic_variables_are_kept_without_what_is_peoples() -> None:
    variables = {"customer_name": "Kim Novak", "tier": "gold", "visit": "2026-11-24"}
    data, call = made(details={"retell_llm_dynamic_variables": variables})
    assert call.caller.dynamic_variables["tier"] == "gold"
    assert "Kim" not in str(data)


def test_a_call_in_which_nobody_spoke_is_nothing_to_play() -> None:
    with pytest.raises(BadRequest, match="said nothing"):
        scenario_of(story(transcript=[{"role": "agent", "content": "Hello?"}], turns=[]), AGENT)


def test_days_of_work_are_counted_as_scenarios_count_them() -> None:
    import datetime as dt

    today = dt.date(2026, 11, 20)
    for number in range(1, 60):
        assert number_of(working_day(today, number), today) == number
    for other in (today, dt.date(2026, 11, 21), dt.date(2026, 11, 26), dt.date(2026, 11, 2)):
        assert number_of(other, today) is None
    assert number_of(dt.date(2029, 1, 3), today) is None
