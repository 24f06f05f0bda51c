"""What the words of a call say against a tool's arguments, and what they do not."""

from __future__ import annotations

import datetime as dt
import time as clock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking.contradiction import Contradiction, Conversation
from app.core.booking.said import Heard
from app.core.language.settings import TimePreferences

ZONE = ZoneInfo("America/Los_Angeles")
#: A Monday.
NOW = dt.datetime(2026, 11, 30, 10, 0, tzinfo=ZONE)
TODAY = NOW.date()
OFFICE = TimePreferences(opens=dt.time(8), closes=dt.time(19))


def talk(*lines: str, moments: tuple[dt.datetime, ...] = (NOW,), **options: object) -> Conversation:
    """A conversation; lines of the agent begin with ">"."""
    heard = [
        Heard("agent" if line.startswith(">") else "user", line.lstrip("> "), moments)
        for line in lines
    ]
    known = {"prefer": OFFICE, "agent": "Mia", "country": "US", "calling": "+14155550123"}
    return Conversation(heard, **{**known, **options})  # type: ignore[arg-type]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-12-{text}")


def against(start: str, *lines: str, old: str = "") -> Contradiction | None:
    return talk(*lines).against_start(at(start), TODAY, at(old) if old else None)


NOTHING_ON_THURSDAY = "> I have nothing on Thursday. Friday at ten?"


@pytest.mark.parametrize(
    ("start", "lines", "said"),
    [
        ("04T10:00", ["Thursday at ten please"], "Thursday, December third"),
        ("03T15:00", ["Thursday at ten please"], "ten AM"),
        ("02T09:00", ["tomorrow at nine works"], "tomorrow, Tuesday, December first"),
        ("03T10:00", ["Thursday, no wait, Friday at ten"], "Friday, December fourth"),
        ("03T10:00", ["Thursday at ten", "> Okay.", "actually make it Friday"], "Friday"),
        ("04T10:00", ["the fourth", "> Friday the fourth?", "no, the third"], "December third"),
        ("04T10:00", ["Thursday at ten please", NOTHING_ON_THURSDAY, "no"], "December third"),
        ("04T10:00", ["whenever", "> Thursday at ten, is that right?", "yes"], "December third"),
        ("03T13:00", ["Thursday around ten"], "ten AM"),
        (
            "03T10:00",
            ["whenever", "> So that is Tuesday, December", "Mhm.", "> eighth at ten?", "Yes."],
            "Tuesday, December eighth",
        ),
        ("03T17:00", ["Thursday at half past four"], "four thirty PM"),
        ("03T15:30", ["Thursday at half four"], "four thirty PM"),
        ("02T09:00", ["> Wednesday at nine or Wednesday at two?", "two"], "two PM"),
        ("04T15:00", ["anything but Friday"], "Friday, December fourth"),
        ("04T15:00", ["I can't do Friday"], "Friday, December fourth"),
        ("12T10:00", ["the eleventh of December at ten"], "Friday, December eleventh"),
        ("04T10:00", ["Book it for 12/3 at 10 am."], "Thursday, December third"),
        ("10T14:00", ["two p.m. on 2026-12-11"], "Friday, December eleventh"),
        (
            "03T10:00",
            ["Thursday at ten", "> What name?", "Dana. Oh, and make it two p.m."],
            "two PM",
        ),
        (
            "03T12:00",
            ["Thursday at noon", "> And your name?", "Dana, and one p.m. is better"],
            "one",
        ),
    ],
)
def test_another_day_or_time_is_a_contradiction(start: str, lines: list[str], said: str) -> None:
    found = against(start, *lines)
    assert found is not None
    assert said in found.said


@pytest.mark.parametrize(
    ("start", "lines"),
    [
        ("03T10:00", ["Thursday at ten please"]),
        ("03T22:00", ["Thursday at ten please"]),
        ("10T10:00", ["Thursday at ten please"]),
        ("04T10:00", ["Thursday, no wait, Friday at ten"]),
        ("04T10:00", ["Thursday at ten", "> Okay.", "actually make it Friday"]),
        ("03T10:00", ["the fourth", "> Friday the fourth at ten?", "no, the third"]),
        ("04T10:00", ["Thursday at ten please", NOTHING_ON_THURSDAY, "yes"]),
        ("04T10:00", ["Thursday at ten please", NOTHING_ON_THURSDAY, "that works"]),
        ("04T10:00", ["Thursday at ten please", NOTHING_ON_THURSDAY, "if I must"]),
        ("04T10:00", ["Not Friday", "> I only have Friday at ten.", "okay then, yes"]),
        ("09T15:00", ["some time next week please"]),
        ("09T15:00", ["Tuesday or later"]),
        ("09T15:00", ["after Tuesday"]),
        ("03T10:30", ["Thursday around ten"]),
        ("03T16:00", ["Thursday in the afternoon"]),
        ("09T15:00", ["My tooth has hurt since Monday. Whenever you can."]),
        (
            "03T10:00",
            ["Thursday at ten", "> Got it. Your name?", "Dana. I leave at four by the way"],
        ),
        (
            "03T10:00",
            ["Thursday at ten", "> Thursday at ten?", "Yes, but I have to leave at eleven"],
        ),
        ("03T10:00", ["Thursday at ten", "> Your date of birth?", "March ninth eighty five"]),
        ("03T10:00", ["Thursday at ten", "> Your name?", "Dana. My wife comes on the 28th."]),
        ("02T14:00", ["> I have Wednesday at nine, ten thirty or two.", "the last one"]),
        ("02T09:00", ["> Wednesday at nine or Wednesday at two?", "the earlier one"]),
        ("14T10:00", ["Monday at nine", "> Nine is taken on Monday. Ten is free.", "Ten, fine."]),
        ("02T14:00", ["a table for four on Wednesday at two"]),
        ("02T14:00", ["my number is 415 555 0132, Wednesday"]),
        ("08T09:00", ["a week from tomorrow"]),
        ("05T10:00", ["Could you do a day later?"]),
        ("05T10:00", ["Thursday", "> Thursday is full.", "Anything else that week?"]),
        ("03T10:00", ["My name is April Jones.", "> And when?", "the third"]),
        ("03T10:00", ["This is Friday Okafor, Thursday at ten", "> Name again?", "Friday Okafor"]),
        (
            "08T10:00",
            ["whenever", "> So that is Tuesday, December", "I see.", "> eighth at ten?", "Yes."],
        ),
        ("03T10:00", []),
        ("03T10:00", ["hello?", "> Hi, we are open until Friday the fourth.", "great"]),
    ],
)
def test_right_calls_pass(start: str, lines: list[str]) -> None:
    assert against(start, *lines) is None


@pytest.mark.parametrize(
    "words",
    [
        "mañana a las diez por favor",
        "el 4 de diciembre a las 3",
        "am Freitag um 15 Uhr bitte",
        "vendredi à 15 heures s'il vous plaît",
        "venerdì 4 alle 15",
        "sexta-feira às quinze",
        "vrijdag om drie uur",
        "w piątek o piętnastej",
        "星期五下午三点",
        "金曜日の三時",
        "в пятницу в три",
        "يوم الجمعة الساعة الثالثة",
        "cuma günü saat üçte",
    ],
)
def test_words_of_other_languages_pass(words: str) -> None:
    assert against("03T10:00", words) is None


@pytest.mark.parametrize(
    ("start", "old", "lines", "stopped"),
    [
        ("04T14:00", "03T10:00", ["move my Thursday appointment to Friday at two"], False),
        ("07T14:00", "03T10:00", ["move my Thursday appointment to Friday at two"], True),
        ("04T11:00", "03T10:00", ["move it from Thursday at ten to Friday at eleven"], False),
        ("04T10:00", "03T10:00", ["move it from Thursday at ten to Friday at eleven"], True),
        (
            "08T14:00",
            "03T10:00",
            ["> Which one?", "Thursday at ten", "> To when?", "Tuesday"],
            False,
        ),
        ("04T10:00", "03T10:00", ["The one on Thursday. The next free day is fine."], False),
        ("03T11:00", "03T10:00", ["Thursday at ten is too early, can I come at eleven"], False),
        ("08T10:00", "03T10:00", ["Can you push Thursday's by five days, same time?"], False),
    ],
)
def test_where_something_stands_is_no_wish(
    start: str, old: str, lines: list[str], stopped: bool
) -> None:
    assert (against(start, *lines, old=old) is not None) is stopped


def test_relative_days_count_from_when_they_were_said() -> None:
    before, after = NOW.replace(hour=23, minute=59), NOW + dt.timedelta(hours=14, minutes=2)
    told = talk("tomorrow at ten", moments=(before,))
    assert told.against_start(at("01T10:00"), TODAY) is None
    assert told.against_start(at("02T10:00"), TODAY) is not None
    # Where only the call's bounds are known, either may be meant.
    untold = talk("tomorrow at ten", moments=(before, after))
    assert untold.against_start(at("01T10:00"), TODAY) is None
    assert untold.against_start(at("02T10:00"), TODAY) is None
    assert untold.against_start(at("03T10:00"), TODAY) is not None


def test_a_caller_in_another_zone_may_mean_their_own_time() -> None:
    east = talk("Thursday at one p.m.", shift=dt.timedelta(hours=3))
    assert east.against_start(at("03T10:00"), TODAY) is None
    assert east.against_start(at("03T13:00"), TODAY) is None
    assert east.against_start(at("03T12:00"), TODAY) is not None


def test_words_that_are_not_known_yet_say_nothing() -> None:
    assert against("03T10:00", "Friday at ten", "> Friday at ten?", "") is None


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Dana Reyes", ["My name is Dana Reyes"]),
        ("Dana Rayes", ["My name is Dana Reyes"]),
        ("Dana", ["My name is Dana Reyes"]),
        ("Dana Reyes", ["This is Dana"]),
        ("Siobhán O’Brien", ["it's Siobhan O'Brien"]),
        ("Kim Vo", ["It's Kim, sorry, Kim Vo"]),
        ("Tom Reyes", ["I'm Dana Reyes and I'd like to book for my son Tom"]),
        ("Tom Reyes", ["It's for my son Tom Reyes", "> And your name?", "Dana Reyes"]),
        ("Tom", ["My name is Dana Reyes. The cleaning is for Tom, my husband."]),
        ("Jon Smith", ["John Smith", "> Jon without an h?", "yes"]),
        ("Jürgen Müller", ["Juergen Mueller is my name"]),
        ("Reyes", ["Dana, R E Y E S", "> Reyes?", "yes"]),
        ("Xiao Ming", ["> Your name?", "um"]),
        ("Anyone At All", ["Thursday at ten please"]),
        ("Olena Shevchenko", ["мене звати Олена Шевченко"]),
        ("Bill Tate", ["My name is William Tate"]),
        ("Ana Diaz", ["My name is Dana Reyes", "the visit is really about ana diaz though"]),
    ],
)
def test_names_that_fit_pass(name: str, lines: list[str]) -> None:
    assert talk(*lines).against_name(name) is None


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("Tom Baker", ["My name is Dana Reyes"], "Dana Reyes"),
        ("Caller", ["My name is Dana Reyes"], "Dana Reyes"),
        ("Mia", ["Hi Mia, this is Dana Reyes"], "Dana Reyes"),
        (
            "Dana Reyes",
            ["Dana Reyes", "> Dana Reyes?", "no, sorry, my name is Bruno Keller"],
            "Bruno",
        ),
        ("Anna Kowalski", ["> What name?", "Maria Lopez"], "Maria Lopez"),
        ("John Doe", ["> And your full name please?", "it's Ngozi Adeyemi"], "Ngozi Adeyemi"),
    ],
)
def test_other_names_are_contradictions(name: str, lines: list[str], said: str) -> None:
    found = talk(*lines).against_name(name)
    assert found is not None
    assert said in found.said


@pytest.mark.parametrize(
    ("number", "lines", "stopped"),
    [
        ("+14155550134", ["call me on 415 555 0134"], False),
        ("+14155550134", ["four one five, five five five, oh one three four"], False),
        ("+14155550199", ["call me on 415 555 0134"], True),
        ("+14155550123", ["call me on 415 555 0134"], True),
        ("+14155550123", ["this number is fine"], False),
        ("+14155550123", ["my order number is 4711"], False),
        ("+14155550134", ["415 555 0199", "> 415 555 0134?", "yes that's right"], False),
        ("+14155550199", ["415 555 0199, sorry, 415 555 0134"], True),
        ("+14155550134", ["415 555 0199", "> Which number?", "sorry, 415 555 0134"], False),
        ("+14155550134", ["four one five", "> go on", "five five five"], False),
    ],
)
def test_numbers(number: str, lines: list[str], stopped: bool) -> None:
    assert (talk(*lines).against_number(number) is not None) is stopped


@pytest.mark.parametrize(
    ("start", "lines", "stopped"),
    [
        ("03T10:00", ["cancel my Thursday appointment"], False),
        ("04T10:00", ["cancel my Thursday appointment"], True),
        ("03T10:00", ["cancel it and book Friday instead"], False),
        ("03T10:00", ["cancel my appointment, I'm away until Monday"], False),
        ("03T10:00", ["cancel my appointment"], False),
        ("03T10:00", ["Thursday at ten", "cancel it, I'm flying on Friday"], False),
        ("03T10:00", ["Thursday at ten", "I must cancel because I work on Friday"], False),
        ("03T10:00", ["I can't make it on Friday"], True),
        ("03T10:00", ["Thursday at ten", "> Booked.", "And cancel the one on Friday."], True),
        ("04T10:00", ["> Your cleaning on Thursday the third, shall I cancel it?", "yes"], True),
        ("04T10:00", ["> Thursday the third or Friday the fourth?", "cancel the fourth"], False),
        ("07T10:00", ["move my Thursday appointment to Friday at two"], True),
        ("03T10:00", ["move my Thursday appointment to Friday at two"], False),
        ("03T10:00", ["> Tuesday the eighth, I'll change it over, yes?", "Yes."], False),
    ],
)
def test_which_appointment(start: str, lines: list[str], stopped: bool) -> None:
    assert (talk(*lines).against_target(at(start), TODAY) is not None) is stopped


def test_what_speaks_against_it_is_quoted_as_it_was_said() -> None:
    found = against("04T10:00", "My name is Dana Reyes, Thursday at ten")
    assert found is not None
    assert found.words == "My name is Dana Reyes, Thursday at ten"
    assert (found.part, found.passed) == ("day", "Friday, December fourth")


@given(st.lists(st.text(max_size=60), max_size=6))
def test_no_text_raises(lines: list[str]) -> None:
    said = talk(*lines)
    said.against_start(at("03T10:00"), TODAY, at("04T10:00"))
    said.against_name("Dana Reyes")
    said.against_number("+14155550134")
    said.against_target(at("03T10:00"), TODAY)


def test_a_long_call_costs_little() -> None:
    lines = [
        *["I would like to come on Thursday at ten, my name is Dana Reyes, 415 555 0134"] * 20,
        *["> So that is Thursday, December third at ten for Dana Reyes, is that right?"] * 20,
    ]
    talk(*lines).against_start(at("03T10:00"), TODAY)
    began = clock.process_time()
    said = talk(*lines)
    said.against_start(at("03T10:00"), TODAY)
    said.against_name("Dana Reyes")
    said.against_number("+14155550134")
    assert clock.process_time() - began < 0.5
