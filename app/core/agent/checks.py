"""What several parts of the agents' file check alike: time zones, languages, countries, numbers."""

from __future__ import annotations

from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from app.core.language.phone_numbers import dialled_number, is_country

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]
"""A BCP 47 tag."""


@cache
def _zones() -> frozenset[str]:
    """All IANA names; looking them up reads the whole database."""
    return frozenset(available_timezones())


def check_time_zone(value: str) -> str:
    """The name itself. Raises ValueError."""
    if value not in _zones():
        raise ValueError(f"{value!r} is not an IANA time zone")
    return value


def check_country(value: str) -> str:
    """The code itself. Raises ValueError."""
    if not is_country(value):
        raise ValueError(f"{value!r} is not a country; write its ISO 3166 code, such as US")
    return value


def check_number(value: str) -> str:
    """A dialled number in E.164, or the address of a SIP line. Raises ValueError."""
    found = dialled_number(value)
    if found is None:
        raise ValueError(f"{value!r} is no number in full; write it as E.164, such as +493055501")
    return found


TimeZone = Annotated[str, AfterValidator(check_time_zone)]
"""An IANA name."""
Country = Annotated[str, AfterValidator(check_country)]
"""An ISO 3166 code."""
