"""Resources of the agent's file: what is valid, and whom callers mean."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.booking.resources import NOTHING_ASKED, Asked, Resource, named_in
from app.core.booking.rules import BookingRules

SALON = [
    Resource(name="Anna", also=("Ann",)),
    Resource(name="Ben"),
    Resource(name="Mary Ann", also=("senior stylist",)),
    Resource(name="terrace table", seats=4, also=("terrace", "outside")),
    Resource(name="terrace bench", seats=6, also=("terrace", "outside")),
]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("Anna", ("Anna",)),
        ("with anna please", ("Anna",)),
        ("Ann", ("Anna",)),
        ("Mary-Ann", ("Mary Ann",)),
        ("a senior stylist", ("Mary Ann",)),
        ("Anna or Ben", ("Anna", "Ben")),
        ("the terrace", ("terrace table", "terrace bench")),
        ("terrace bench", ("terrace bench",)),
        ("anyone", ()),
        ("whoever is free", ()),
        ("Anyone is fine", ()),
        ("", ()),
        ("Carla", None),
        ("Benjamin", None),
    ],
)
def test_whom_the_words_mean(words: str, meant: tuple[str, ...] | None) -> None:
    assert named_in(words, SALON) == meant


def rules(**fields: Any) -> BookingRules:
    return BookingRules.model_validate(fields)


TABLES = [{"name": "small", "seats": 2}, {"name": "large", "seats": 6, "count": 2}]


def cut(*resources: str) -> dict[str, Any]:
    return {"id": "cut", "name": "cut", "minutes": 30, "resources": list(resources)}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"resources": [{"name": "Anna"}, {"name": "anna"}]}, "two resources are named"),
        ({"resources": [{"name": "anyone"}]}, "cannot be the name"),
        ({"resources": [{"name": " Anna"}]}, "single blanks"),
        ({"resources": [{"name": "Anna", "seats": 0}]}, "greater than or equal to 1"),
        ({"resources": [{"name": "Anna"}], "services": [cut("Ben")]}, "no resource is named 'Ben'"),
        ({"resources": [{"name": "Anna"}], "services": [cut()]}, "name a resource"),
        ({"services": [cut("Anna")]}, "no resource is named 'Anna'"),
        ({"resources": [{"name": "Anna"}, TABLES[0]]}, "either all of its resources have seats"),
        ({"resources": [{"name": f"r{n}"} for n in range(65)]}, "at most 64 resources"),
    ],
)
def test_mistakes_are_named(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        rules(**fields)


def test_a_service_without_resources_may_have_any() -> None:
    found = rules(resources=TABLES)
    service = found.services[0]
    assert [item.name for item in found.resources_of(service)] == ["small", "large"]
    assert [item.name for item in found.candidates(service, Asked(party_size=3))] == ["large"]
    assert [item.name for item in found.candidates(service, NOTHING_ASKED)] == ["small", "large"]
    assert found.largest_party(service) == 6


def test_people_have_no_party() -> None:
    found = rules(resources=[{"name": "Anna"}, {"name": "Ben"}], services=[cut("Ben")])
    assert found.largest_party(found.services[0]) is None
    assert [item.name for item in found.resources_of(found.services[0])] == ["Ben"]


def test_days_off() -> None:
    anna = Resource.model_validate({"name": "Anna", "off": [dt.date(2027, 3, 9), "12-24"]})
    assert anna.is_off(dt.date(2027, 3, 9))
    assert anna.is_off(dt.date(2028, 12, 24))
    assert not anna.is_off(dt.date(2027, 3, 10))


def test_marks_tell_apart_what_was_asked_for() -> None:
    asked = [NOTHING_ASKED, Asked(("Anna",)), Asked(("Ben",)), Asked(anyone=True)]
    asked += [Asked(party_size=2), Asked(("Anna",), party_size=2), Asked(("Anna", "Ben"))]
    assert len({item.mark for item in asked}) == len(asked)
    assert NOTHING_ASKED.mark == ""
