"""Opening the calendar that CALENDAR_URL names."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.calendars.factory import open_calendar
from app.core.booking.rules import BookingRules
from app.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "extra"),
    [("caldav+https://user:secret@dav.example/", "caldav"), ("google:desk@example", "google")],
)
def test_a_calendar_whose_library_is_missing_says_what_to_install(
    url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(SettingsError, match=f"extra '{extra}'") as caught:
        open_calendar(url, Redis(), BookingRules())

    assert "requirements-all.txt" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_cal_com_cannot_keep_resources() -> None:
    rules = BookingRules.model_validate({"resources": [{"name": "Anna"}]})
    with pytest.raises(SettingsError, match=r"booking\.resources: Cal\.com"):
        open_calendar("calcom:key?event_type=1", Redis(), rules)
    open_calendar("calcom:key?event_type=1", Redis(), BookingRules())
