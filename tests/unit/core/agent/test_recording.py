"""Whether calls are recorded, and that callers are told."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from app.core.agent.recording import RecordingSettings


def test_it_is_off_and_says_nothing_unless_turned_on() -> None:
    off = RecordingSettings()
    assert not off.enabled
    assert off.announce("Hello.") == "Hello."
    on = RecordingSettings(enabled=True, days=2, announcement="We record this.")
    assert on.announce("Hello.") == "We record this. Hello."
    assert on.announce("") == "We record this."
    assert on.keep_s == 172_800


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 400}, {"announcement": ""}, {"on": True}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RecordingSettings.model_validate(wrong)
