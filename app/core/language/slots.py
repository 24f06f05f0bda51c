"""What a booking needs, picked out of one utterance: date, time, window, name, service."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.core.language import spoken_time
from app.core.language.settings import TimePreferences
from app.core.language.spoken_time import Spoken, Window

NOTHING_SPOKEN = Spoken()


@dataclass(frozen=True, slots=True)
class Slots:
    """Empty fields are None. `spoken` is the full reading of date and time."""

    date: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    part_of_day: str | None = None
    """morning, afternoon, evening or night."""
    name: str | None = None
    """The caller's name, as they gave it ("this is Ana Diaz", "my name is ...")."""
    service: str | None = None
    """One of the names in the list of services that was passed in."""
    spoken: Spoken = NOTHING_SPOKEN

    def as_json(self) -> dict[str, Any]:
        """The public form: only what was said; dates ``YYYY-MM-DD``, times ``HH:MM``.

        Keys: date, time, window {start?, end?}, dates [first, last], part_of_day, name, service,
        ambiguous [str], alternatives [{date?, time?}].
        """
        return {}


def extract(
    text: str,
    now: dt.datetime,
    *,
    services: Iterable[str] = (),
    prefer: TimePreferences = spoken_time.DEFAULTS,
) -> Slots:
    """Pick the slots out of `text`. now: aware, in the agent's zone. Never raises on any text."""
    return Slots()
