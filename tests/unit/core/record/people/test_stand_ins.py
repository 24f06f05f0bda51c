"""What is people's is replaced, one for one, in the same shape; all else stays."""

from __future__ import annotations

import re

import pytest

from app.core.language.phone_numbers import identify, read_number
from app.core.record.people.stand_ins import StandIns

NUMBER = "+14155550191"


def people(*names: str, number: str = NUMBER, **more: str) -> StandIns:
    return StandIns("c1", names, [number], keep=["Mia", "Harbor Dental"], **more)


def test_a_name_is_one_person_in_full_in_part_and_spelled() -> None:
    who = people("Dana Reyes")
    full = who.text("My name is Dana Reyes.")
    assert "Dana" not in full
    assert "Reyes" not in full
    given, family = full.removeprefix("My name is ").rstrip(".").split()
    assert who.text("Yes, this is Dana.") == f"Yes, this is {given}."
    assert who.text("It's REYES") == f"It's {family.upper()}"
    assert who.text("dana reyes here") == f"{given} {family} here"
    spelled = "-".join(family.upper())
    for said in ("R-E-Y-E-S", "r, e, y, e, s", "R E Y E S", "R as in Romeo, E, Y, E, S"):
        assert who.text(f"It is {said}, please") == f"It is {spelled}, please"
    assert who.name("Dana Reyes") == f"{given} {family}"
    assert people("Dana Reyes").name("Dana Reyes") == f"{given} {family}"
    assert who.name("Reyes") == family


@pytest.mark.parametrize("name", ["Anneke van der Berg", "Dr. Siobhán O'Brien", "William Tate III"])
def test_the_shape_of_a_name_stays(name: str) -> None:
    other = people(name).name(name)
    assert len(other.split()) == len(name.split())
    for word in re.findall(r"\w{4,}", name):
        assert word not in other
    for kept in ("van der", "Dr.", "O'", "III"):
        assert (kept in other) == (kept in name)


def test_two_people_are_two() -> None:
    who = people("Dana Reyes", "Robin Marsh")
    assert len({*who.name("Dana Reyes").split(), *who.name("Robin Marsh").split()}) == 4


def test_names_that_are_words_are_left_where_they_are_words() -> None:
    who = people("Will May")
    assert who.text("I will come in may. Will that do?") == "I will come in may. Will that do?"
    assert "Will" not in who.text("I am Will May.")


def test_what_may_be_no_name_is_one_with_a_capital_only() -> None:
    who = StandIns("c1", perhaps=["Ten", "Teresa Lund"])
    assert who.text("At ten, please.") == "At ten, please."
    assert "Teresa" not in who.text("Teresa.")
    assert "Ten" not in who.text("Ten, like the number.")


def test_the_agent_the_business_and_its_services_keep_their_names() -> None:
    who = people("Mia Harbor")
    assert "Mia" in who.text("Hello Mia, is this Harbor Dental?")
    assert "Harbor Dental" in who.text("Hello Mia, is this Harbor Dental?")


@pytest.mark.parametrize(
    ("number", "country"), [(NUMBER, "US"), ("+491711234567", "DE"), ("+447911123456", "GB")]
)
def test_a_number_is_one_of_the_same_country_and_kind(number: str, country: str) -> None:
    who = people(number=number, country=country)
    before, after = identify(number), identify(who.number(number))
    assert before is not None
    assert after is not None
    assert after.e164 != before.e164
    assert (after.country, after.mobile) == (before.country, before.mobile)


def test_a_number_is_the_same_in_every_writing() -> None:
    who = people()
    other = who.number(NUMBER)
    for said in (
        "call +1 415 555 0191 please",
        "call (415) 555-0191 please",
        "call 415.555.0191 please",
        "call four one five, five five five, oh one nine one please",
        "call four one five triple five zero one nine one please",
    ):
        read = read_number(who.text(said), "US")
        assert read is not None, said
        assert read.e164 == other, said
    assert who.text("ending in 0191") == f"ending in {other[-4:]}"
    german = people(number="+491711234567", country="DE")
    assert "1234567" not in german.text("Meine Nummer ist 0171 1234567.")
    read = read_number(german.text("Meine Nummer ist 0171 1234567."), "DE")
    assert read is not None
    assert read.e164 == german.number("+491711234567")


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("Write to dana.reyes@mail.example please", "dana"),
        ("It is dana dot reyes at gmail dot com", "gmail"),
        ("I live at 12 Elm Street, Springfield", "Elm"),
        ("We are at 4711 Old Mill Road", "Mill"),
        ("Ich wohne in der Hauptstraße 5", "Haupt"),
        ("my zip code is 94110", "94110"),
        ("It is EC1A 1BB", "EC1A"),
    ],
)
def test_addresses_are_others(said: str, gone: str) -> None:
    other = people().text(said)
    assert gone not in other
    assert len(other.split()) >= len(said.split()) - 2


@pytest.mark.parametrize(
    "said",
    [
        "I'd like a cleaning on December 1st at nine thirty, please.",
        "The first one, at 9:30 on 2026-12-01.",
        "Order 10423, room twelve.",
        "Between one and three, for two people.",
        "My birthday is 3/4/1985",
    ],
)
def test_days_times_and_codes_stay(said: str) -> None:
    assert people().text(said) == said


def test_data_is_replaced_at_every_depth() -> None:
    who = people("Dana Reyes")
    value = {"patient_name": "Kim Novak", "call": [{"to": NUMBER}], "date": "2026-12-01", "n": 3}
    other = who.value(value)
    assert "Kim" not in str(other)
    assert NUMBER not in str(other)
    assert (other["date"], other["n"]) == ("2026-12-01", 3)
