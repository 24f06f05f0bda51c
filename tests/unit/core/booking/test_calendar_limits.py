"""What a calendar cannot keep."""

from __future__ import annotations

import pytest

from app.core.booking.calendar_limits import cannot_keep
from app.core.booking.rules import BookingRules

SALON = BookingRules.model_validate({"resources": [{"name": "Anna"}]})


@pytest.mark.parametrize("url", ["calcom:key?event_type=1", "calcom+http://key@host?event_type=1"])
def test_cal_com_keeps_no_resources(url: str) -> None:
    problem = cannot_keep(url, SALON)
    assert problem
    assert problem[0] == "resources"
    assert cannot_keep(url, BookingRules()) is None


@pytest.mark.parametrize("url", ["redis:", "caldav+https://dav.example/", "google:desk@example"])
def test_the_others_do(url: str) -> None:
    assert cannot_keep(url, SALON) is None
