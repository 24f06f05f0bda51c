"""The small parts of a live call: writing, ticking, tasks, the caller, the flight recorder."""

from __future__ import annotations

from typing import Any

import gevent
import orjson
import pytest

from app.bridges import calls_here
from app.bridges.caller import Caller
from app.bridges.persistence.flight_recorder import MAX_LINES, FlightRecorder
from app.bridges.persistence.state_writer import StateWriter
from app.bridges.tasks import Tasks
from app.bridges.ticker import Ticker
from app.core.call import events
from app.errors import Unavailable
from tests.support.bridge_desk import until
from tests.support.simulated_call import make_agent


def test_saves_that_come_together_are_one_write() -> None:
    written: list[int] = []
    writer = StateWriter("call_1", lambda: written.append(1))
    for _ in range(5):
        writer.save()
    assert written == [], "not on the path of a frame"
    until(lambda: written)
    writer.save_now()
    assert len(written) == 2


def test_what_is_asked_for_during_a_write_is_written_after_it() -> None:
    written: list[int] = []

    def write() -> None:
        written.append(1)
        if len(written) == 1:
            writer.save()
        gevent.sleep(0)

    writer = StateWriter("call_1", write)
    writer.save_now()
    assert len(written) == 2


@pytest.mark.parametrize("error", [Unavailable("away"), ValueError("odd")])
def test_a_write_that_fails_is_tried_with_the_next_save(error: Exception) -> None:
    failures = [error]
    written: list[int] = []

    def write() -> None:
        if failures:
            raise failures.pop()
        written.append(1)

    writer = StateWriter("call_1", write)
    writer.save_now()
    assert written == []
    writer.save_now()
    assert written == [1]
    writer.close()
    writer.save_now()
    assert written == [1]


def test_a_ticker_keeps_the_nearest_deadline() -> None:
    fired: list[int] = []
    ticker = Ticker(lambda: fired.append(1))
    ticker.arm(lambda: 100.0, 0.0)
    ticker.arm(lambda: None, 0.0)
    ticker.arm(lambda: 0.01, 0.0)
    ticker.arm(lambda: 50.0, 0.0)
    until(lambda: fired)
    assert fired == [1]
    ticker.arm(lambda: 0.0, 1.0)
    ticker.stop()
    gevent.sleep(0.02)
    assert fired == [1], "nothing after stop"


def test_a_timer_that_fires_soon_is_left_alone() -> None:
    asked: list[int] = []

    def deadline() -> float:
        asked.append(1)
        return 0.05

    ticker = Ticker(lambda: None, soon_s=0.1)
    ticker.arm(deadline, 0.0)
    ticker.arm(deadline, 0.0)
    assert len(asked) == 1
    ticker.stop()


def test_a_task_that_fails_harms_nothing_else() -> None:
    done: list[str] = []

    def fail() -> None:
        raise RuntimeError("odd")

    def refuse() -> None:
        raise Unavailable("away")

    tasks = Tasks("call_1")
    for task in (fail, refuse):
        tasks.spawn(task)
    tasks.spawn(done.append, "x")
    tasks.join(5)
    assert done == ["x"]


@pytest.mark.parametrize(
    ("direction", "number"), [("inbound", "+14155550187"), ("outbound", "+14155550100")]
)
def test_the_caller_is_the_person_on_the_line(direction: str, number: str) -> None:
    details = {
        "direction": direction,
        "from_number": "+14155550187",
        "to_number": "+14155550100",
        "agent_id": "agent_7",
        "secret": "x",
        "retell_llm_dynamic_variables": {"caller_time_zone": "Europe/Berlin"},
    }
    caller = Caller("retell", details)
    assert caller.number == number
    assert number not in caller.safety_identifier
    context = caller.context(make_agent())
    assert context["caller_number"] == number
    assert context["caller_time_zone"] == "Europe/Berlin"
    assert context["channel"] == "retell"
    assert "secret" not in caller.fields()
    assert caller.fields()["agent_id"] == "agent_7"


def test_nobody_is_nobody() -> None:
    caller = Caller("retell")
    assert (caller.number, caller.safety_identifier) == ("", "")
    assert caller.fields() == {}


def test_the_newest_socket_of_a_call_cuts_off_the_older() -> None:
    cut: list[str] = []
    with (
        calls_here.entered("call_9", lambda: cut.append("one")),
        calls_here.entered("call_9", lambda: cut.append("two")),
    ):
        assert cut == ["one"]
    assert cut == ["one"]


def test_the_record_has_events_and_actions_in_their_order() -> None:
    written: list[bytes] = []
    recorder = FlightRecorder(written.extend)
    recorder.socket = 4
    recorder.begin(1.0, {"call_id": "call_1"})
    recorder.event(1.5, events.Drain())
    recorder.action(1.5, events.SaveState())
    recorder.action(1.5, events.DropSocket())
    recorder.keep(1.6, {"caller_audio": {"why": "short"}})
    recorder.flush(last=True)
    lines = [orjson.loads(line) for line in written]
    assert [line["t"] for line in lines] == [1.0, 1.5, 1.5, 1.6]
    assert all(line["s"] == 4 for line in lines)
    assert lines[1]["in"] == "drain"
    assert lines[2]["out"] == "drop"


def test_a_record_has_an_end_that_says_so() -> None:
    written: list[bytes] = []
    recorder = FlightRecorder(written.extend)
    for _ in range(MAX_LINES + 5):
        recorder.event(1.0, events.Drain())
    recorder.flush(last=True)
    recorder.event(2.0, events.Drain())
    recorder.flush(last=True)
    assert len(written) == MAX_LINES + 1
    assert orjson.loads(written[-1])["full"] == MAX_LINES
    assert recorder.full


def test_a_store_that_is_away_loses_its_part_of_the_record_only() -> None:
    written: list[bytes] = []
    failures: list[Exception] = [Unavailable("away"), RuntimeError("odd")]

    def write(lines: list[bytes]) -> Any:
        if failures:
            raise failures.pop(0)
        written.extend(lines)

    recorder = FlightRecorder(write)
    for at in (1.0, 2.0, 3.0):
        recorder.event(at, events.Drain())
        recorder.flush()
    assert [orjson.loads(line)["t"] for line in written] == [3.0]
