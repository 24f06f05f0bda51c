"""`python -m app calendar` on a real Redis."""

from __future__ import annotations

import pytest

from app.__main__ import main
from app.adapters.redis import keys
from tests.support.desk import Desk


@pytest.fixture
def desk(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("REDIS_URL", redis_url)
    return Desk(redis_url)


def test_list(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.call("c1").book(3, "10:00")
    assert main(["calendar"]) == 0
    line = capsys.readouterr().out
    assert f"{desk.day(3)} 10:00  booked     Checkup: Dana Reyes" in line


def test_blocks(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    day = desk.day(3)
    assert main(["calendar", "block", f"{day}T10:00", f"{day}T12:00", "--title", "Vet"]) == 0
    assert main(["calendar", "blocks"]) == 0
    listed = capsys.readouterr().out.splitlines()[-1]
    assert listed.endswith("Vet")
    result = desk.call("c1").use("check_availability", date=day, time="10:30")
    assert result["output"]["status"] == "other_times"
    assert main(["calendar", "unblock", listed.split()[0]]) == 0
    result = desk.call("c1").use("check_availability", date=day, time="10:30")
    assert result["output"]["status"] == "free"
    assert main(["calendar", "unblock", "absent"]) == 1


@pytest.mark.parametrize(
    "what", [[], ["x", "y"], ["2026-12-02", "2026-12-01"], ["2026-12-01", "2026-12-01T10:00"]]
)
def test_blocks_that_cannot_be_read(
    desk: Desk, what: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calendar", "block", *what]) != 0
    assert "Traceback" not in capsys.readouterr().err


def test_pause(desk: Desk) -> None:
    assert main(["calendar", "pause", "--minutes", "5"]) == 0
    assert 0 < desk.redis.ttl(keys.BOOKINGS_PAUSED) <= 300
    assert main(["calendar", "resume"]) == 0
    assert not desk.redis.exists(keys.BOOKINGS_PAUSED)
