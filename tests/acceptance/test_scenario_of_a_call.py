"""A call that took place becomes a scenario, which plays and passes without what was people's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.__main__ import main
from app.rehearsal.retell_caller import scenario
from tests.support.stack import RunningStack, end
from tests.support.telephone import AudioCall
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningStack]:
    stack = RunningStack(tmp_path_factory.mktemp("scenario"))
    stack.start()
    yield stack
    end(stack, failed=bool(request.session.testsfailed))


def scenario_of(stack: RunningStack, call_id: str, folder: Path) -> str:
    """The file that the command writes."""
    file = folder / "made.yaml"
    assert main(["scenario", call_id, "--url", stack.base, "--output", str(file)]) == 0
    return file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "gone"),
    [("booking", ["Dana", "Reyes", "0191"]), ("correction", ["Robin", "Marsh", "0151"])],
)
def test_a_call_by_text_plays_again_with_other_people(
    stack: RunningStack, tmp_path: Path, name: str, gone: list[str]
) -> None:
    first = stack.call(name)
    assert first.failures == []
    eventually(lambda: stack.story(first.call_id)["status"] == "ended")
    text = scenario_of(stack, first.call_id, tmp_path)
    for word in gone:
        assert word not in text
    [spec] = scenario.parse(text).calls
    [booking] = spec.expect.bookings or ()
    [booked] = stack.story(first.call_id)["bookings"]
    assert f"T{booked['start'][11:16]}" in booking["start"]
    # Whoever books first has the time: the day is played again as one on which nobody has booked.
    again = stack.call(text, later=12)
    assert again.failures == []
    [rebooked] = stack.story(again.call_id)["bookings"]
    assert rebooked["name"] not in ("", booked["name"])
    assert rebooked["start"][11:16] == booked["start"][11:16]


def test_a_spoken_call_becomes_one_too(stack: RunningStack, tmp_path: Path) -> None:
    call = AudioCall(
        stack,
        "Hi, I would like to book a cleaning for next Wednesday at nine thirty, please.",
        "My name is Dana Reyes.",
        "Yes, please.",
        "No, that is all, thank you. Goodbye.",
        wait=20.0,
    ).start()
    call.finish()
    eventually(lambda: call.story["status"] == "ended")
    text = scenario_of(stack, call.outcome.call_sid, tmp_path)
    for word in ("Dana", "Reyes", call.number, call.number[-7:]):
        assert word not in text
    again = stack.call(text, later=20)
    assert again.failures == []


def test_a_call_that_nobody_knows_is_told(stack: RunningStack, tmp_path: Path) -> None:
    assert main(["scenario", "nobody", "--url", stack.base]) == 1
    assert main(["scenario", "x", "--url", "http://127.0.0.1:9"]) == 1
