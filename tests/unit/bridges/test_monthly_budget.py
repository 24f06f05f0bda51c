"""What Retell hears where the business's month is used up."""

from __future__ import annotations

from typing import Any

import pytest

from app.bridges import monthly_budget
from app.bridges.channels.retell import RetellChannel
from tests.support.bridge_desk import Desk


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(monthly_budget, "over_budget", lambda *_: "the budget is used up")
    return Desk(RetellChannel())


def said(one: Desk) -> list[dict[str, Any]]:
    return [frame for frame in one.ws.sent if frame["response_type"] == "response"]


def test_the_line_is_said_and_the_call_is_ended(refusing: Desk) -> None:
    one = refusing
    one.until(lambda: said(one))
    (first,) = said(one)
    assert "cannot take your call" in first["content"]
    assert first["end_call"]
    assert first["content_complete"]
    assert first["no_interruption_allowed"]
    one.ws.put({"interaction_type": "update_only", "transcript": []})
    one.ws.put({"interaction_type": "response_required", "response_id": 4, "transcript": []})
    one.until(lambda: len(said(one)) == 2)
    assert said(one)[1]["response_id"] == 4
    assert said(one)[1]["end_call"]
    assert one.model.sessions == []
    assert one.store.ended
    assert one.store.fields["refused"] == "the budget is used up"
    one.ws.hang_up(1000)
    one.greenlet.join(5)
    assert one.greenlet.ready()


def test_a_caller_who_stays_is_hung_up_on(refusing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monthly_budget, "GOODBYE_S", 0.05)
    one = refusing
    one.greenlet.join(5)
    assert one.greenlet.ready()
    assert one.ws.close_code == 1000
