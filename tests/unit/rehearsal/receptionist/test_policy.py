"""Whole conversations with the receptionist, against a calendar that is a table."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import pytest

from app.adapters.agents import files
from app.core.agent.session_config import instructions
from app.core.tools.declarations import TOOLS
from app.rehearsal.realtime_server.reply import Call, Prompt
from app.rehearsal.receptionist.business import Business
from app.rehearsal.receptionist.errands import OF_THE_DIALOGUE
from app.rehearsal.receptionist.policy import Receptionist
from tests.support.receptionist_call import ReceptionistCall

INSTRUCTIONS = (
    "You are Mia, answering the telephone for Harbor Dental. Today is Saturday, November"
    " twenty-first 2026, ten AM (America/Los_Angeles).\n\n"
    "You book appointments. The practice is open Monday to Friday from eight to five."
)
TUESDAY = [
    {"slot_id": "t9", "date": "2026-11-24", "time": "09:00", "say": "Tuesday at nine AM"},
    {"slot_id": "t10", "date": "2026-11-24", "time": "10:30", "say": "Tuesday at ten thirty AM"},
    {"slot_id": "t15", "date": "2026-11-24", "time": "15:30", "say": "Tuesday at three thirty PM"},
]
WEDNESDAY = [
    {"slot_id": "w9", "date": "2026-11-25", "time": "09:00", "say": "Wednesday at nine AM"},
]


class AppointmentCall(ReceptionistCall):
    """A call about appointments. `failing` are answers that a tool gives once instead."""

    def __init__(self, *tools: str, text: str = INSTRUCTIONS) -> None:
        self.bookings: list[dict[str, Any]] = []
        self.failing: dict[str, dict[str, Any]] = {}
        declared = [TOOLS[name].declaration() for name in (tools or sorted(OF_THE_DIALOGUE))]
        greeting = "Thank you for calling Harbor Dental, this is Mia. How can I help you today?"
        ending = ("end_call", "transfer_call")
        super().__init__(text, declared, self._answer, greeting, ending)

    def _answer(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self.failing.pop(name, None) or self._tool(name, arguments)

    def _tool(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        slots = {slot["slot_id"]: slot for slot in (*TUESDAY, *WEDNESDAY)}
        match name:
            case "check_availability":
                date = arguments.get("date", "2026-11-24")
                return {"slots": [slot for slot in slots.values() if slot["date"] == date]}
            case "book_appointment":
                number = f"B{len(self.bookings) + 1}"
                booking = {"booking_id": number, **slots[arguments["slot_id"]]}
                self.bookings.append(booking)
                return {"ok": True, **booking}
            case "find_appointments":
                return {"appointments": self.bookings}
            case "reschedule_appointment":
                self.bookings = [{"booking_id": "B1", **slots[arguments["slot_id"]]}]
                return {"ok": True, **self.bookings[0]}
        self.bookings.clear()
        return {"ok": True}


def play(desk: AppointmentCall, script: Sequence[tuple[str, str]]) -> None:
    for caller, expected in script:
        answer = desk.says(caller)
        assert re.search(expected, answer, re.IGNORECASE), f"{caller!r} -> {answer!r}"


def test_books_asking_one_missing_thing_at_a_time() -> None:
    desk = AppointmentCall()
    play(
        desk,
        [
            ("Hi, I would like to book an appointment.", "what is the appointment for"),
            ("Just a cleaning.", "what day"),
            ("Tuesday, please.", r"nine AM, ten thirty AM, or three thirty PM\. which one"),
            ("The second one.", "ten thirty AM.*name"),
            ("It's Dana Reyes.", "cleaning on Tuesday.*ten thirty AM for Dana Reyes.*shall i book"),
            ("Yes, please.", "all set.*ten thirty AM.*anything else"),
            ("No, that is all. Thank you, bye!", "goodbye"),
        ],
    )
    assert desk.called == ["check_availability", "book_appointment", "end_call"]
    assert desk.arguments("check_availability") == {"date": "2026-11-24", "service": "cleaning"}
    assert desk.arguments("book_appointment") == {
        "slot_id": "t10",
        "name": "Dana Reyes",
        "service": "cleaning",
    }


def test_all_at_once_still_reads_back_before_it_books() -> None:
    desk = AppointmentCall()
    answer = desk.says("Book a cleaning on Tuesday at 3:30 pm, my name is Zoe Park.")
    assert "three thirty PM for Zoe Park. Shall I book it?" in answer
    assert desk.called == ["check_availability"]
    desk.says("That's right.")
    assert desk.arguments("book_appointment")["slot_id"] == "t15"


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("three thirty", "t15"),
        ("the ten thirty one", "t10"),
        ("the last one", "t15"),
        ("first", "t9"),
        ("any of those is fine", "t9"),
        ("half past three works", "t15"),
        ("number two please", "t10"),
    ],
)
def test_ways_to_choose(words: str, slot: str) -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday please", "which one"), (words, "name"),
                ("Ann Lee", "shall I"), ("yes", "all set")])  # fmt: skip
    assert desk.arguments("book_appointment")["slot_id"] == slot


def test_corrections_before_the_booking() -> None:
    desk = AppointmentCall()
    play(
        desk,
        [
            ("I need a cleaning tomorrow, no wait, Tuesday", "which one"),
            ("nine", "name"),
            ("Bob Stone", "nine AM for Bob Stone.*shall I"),
            ("No, make it ten thirty.", "ten thirty AM for Bob Stone.*shall I"),
            ("No, the name is Rob Stone.", "ten thirty AM for Rob Stone.*shall I"),
            ("Actually, Wednesday instead.", "Wednesday.*nine AM.*work for you"),
            ("ok", "Wednesday.*nine AM for Rob Stone.*shall I"),
            ("yes", "all set"),
        ],
    )
    assert desk.arguments("book_appointment") == {
        "slot_id": "w9",
        "name": "Rob Stone",
        "service": "cleaning",
    }


def test_a_bare_no_asks_what_to_change() -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday at nine for Ann Lee", "name"), ("Ann Lee", "shall I"),
                ("no", "what would you like to change"), ("the time", "what day"),
                ("Wednesday", "Wednesday.*nine")])  # fmt: skip
    assert "book_appointment" not in desk.called


def test_a_day_that_is_refused_is_not_offered_again() -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday", "which one"),
                ("no, Tuesday does not work for me", "what day"),
                ("Wednesday", "nine")])  # fmt: skip


def test_never_mind_drops_it() -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday", "which one"), ("never mind", "leave that.*anything else"),
                ("no thanks", "goodbye")])  # fmt: skip
    assert desk.called == ["check_availability", "end_call"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("yes cancel it", "cancelled"),
        ("cancel it please", "cancelled"),
        ("no don't cancel it", "leave that"),
        ("never mind", "leave that"),
    ],
)
def test_cancel_it_is_a_yes_to_cancelling(answer: str, words: str) -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday at nine am, my name is Ann Lee", "shall I"),
                ("yes", "all set"), ("cancel that", "shall I"), (answer, words)])  # fmt: skip


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (["Dana Reyes, R-E-Y-E-S."], "Dana Reyes"),
        (["Dana Reyes,", "R-E-Y-E-S."], "Dana Reyes"),
        (["Uh, Dana", "Reyes, R-E-Y-E-S."], "Dana Reyes"),
        (["Uh, Dana", "Dana Reyes, R E Y E S."], "Dana Reyes"),
        (["Dana", "No, it's Anna, A-N-N-A."], "Anna"),
        (["Dana Reyes", "No, my name is Ann Lee."], "Ann Lee"),
    ],
)
def test_what_is_spelled_is_a_part_of_the_name(said: list[str], name: str) -> None:
    desk = AppointmentCall()
    desk.says("a cleaning on Tuesday at nine am")
    for text in said:
        answer = desk.says(text)
    assert f"for {name}. Shall I" in answer


def test_a_name_is_known_in_full_before_it_is_asked_for() -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday", "which one"), ("Dana Reyes, R-E-Y-E-S.", "which one"),
                ("at nine am", "for Dana Reyes. Shall I")])  # fmt: skip


def test_tells_the_time_of_a_booking_just_made() -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday at nine am, my name is Ann Lee", "shall I"),
                ("yes", "all set"), ("when is my appointment?", "Tuesday.*nine AM")])  # fmt: skip


def test_says_why_a_day_is_out() -> None:
    desk = AppointmentCall()
    message = "We are closed that day for Thanksgiving. I have Tuesday, November twenty-fourth."
    desk.failing["check_availability"] = {"status": "holiday", "message": message, "slots": TUESDAY}
    said = desk.says("a cleaning on Thursday at nine am")
    assert "I am sorry. We are closed that day for Thanksgiving. I have" in said


def test_looks_again_where_the_calendar_could_not_be_seen() -> None:
    desk = AppointmentCall()
    error = "No answer in time: the calendar cannot be seen."
    desk.failing["check_availability"] = {"ok": False, "error": error}
    play(desk, [("a cleaning on Tuesday at nine am", "cannot see the calendar.*try again"),
                ("yes please", "Tuesday.*nine AM")])  # fmt: skip
    assert desk.called == ["check_availability"] * 2


def test_cancels_only_after_a_yes() -> None:
    desk = AppointmentCall()
    desk.bookings = [{"booking_id": "B7", **TUESDAY[0]}]
    play(desk, [("I want to cancel my appointment", "name"),
                ("Dana Reyes", "nine AM.*shall I")])  # fmt: skip
    assert desk.called == ["find_appointments"]
    play(desk, [("yes please", "cancelled.*anything else")])
    assert desk.arguments("cancel_appointment") == {"booking_id": "B7", "name": "Dana Reyes"}


def test_no_keeps_the_appointment() -> None:
    desk = AppointmentCall()
    desk.bookings = [{"booking_id": "B7", **TUESDAY[0]}]
    play(desk, [("cancel my appointment, this is Dana Reyes", "shall I"),
                ("no, wait", "leave that")])  # fmt: skip
    assert "cancel_appointment" not in desk.called


def test_moves_an_appointment() -> None:
    desk = AppointmentCall()
    desk.bookings = [{"booking_id": "B7", **TUESDAY[0]}]
    play(
        desk,
        [
            ("Can I reschedule my appointment?", "name"),
            ("Dana Reyes", "have you on Tuesday.*nine AM.*what day"),
            ("Wednesday", "Wednesday.*nine AM.*work for you"),
            ("yes", "move you to Wednesday.*nine AM.*shall I"),
            ("yes", "moved it to Wednesday.*nine AM"),
        ],
    )
    assert desk.arguments("reschedule_appointment") == {
        "slot_id": "w9",
        "booking_id": "B7",
        "name": "Dana Reyes",
    }


def test_a_booking_just_made_is_moved_or_cancelled() -> None:
    desk = AppointmentCall()
    play(desk, [("cleaning on Tuesday at nine am, my name is Kim Novak", "shall I"),
                ("yes", "all set"), ("actually make it Wednesday", "Wednesday.*nine"),
                ("sure", "shall I"), ("yes", "moved it"), ("cancel that", "Wednesday.*shall I"),
                ("yes", "cancelled")])  # fmt: skip
    assert desk.called[-3:] == [
        "check_availability",
        "reschedule_appointment",
        "cancel_appointment",
    ]
    assert not desk.bookings


def test_a_question_in_between_is_answered_and_forgotten() -> None:
    desk = AppointmentCall()
    play(desk, [("cleaning on Tuesday at nine am, my name is Kim Novak", "shall I"),
                ("what are your hours?", "eight to five.*shall I"), ("yes", "all set"),
                ("when do you open?", "eight to five.*anything else"),
                ("please cancel that", "Tuesday.*shall I"), ("yes", "cancelled")])  # fmt: skip


def test_no_appointment_under_that_name() -> None:
    desk = AppointmentCall()
    play(desk, [("cancel my appointment", "name"), ("Dana Reyes", "cannot find.*other name"),
                ("Diana Ray", "cannot find.*Diana Ray")])  # fmt: skip
    assert [args.get("name") for _, args in desk.calls] == ["Dana Reyes", "Diana Ray"]


def test_several_appointments_are_told_apart() -> None:
    desk = AppointmentCall()
    desk.bookings = [{"booking_id": "B1", **TUESDAY[0]}, {"booking_id": "B2", **WEDNESDAY[0]}]
    play(desk, [("cancel my appointment, my name is Ann Lee", "which one would you like to cancel"),
                ("the one on Wednesday", "Wednesday.*shall I"), ("yes", "cancelled")])  # fmt: skip
    assert desk.arguments("cancel_appointment")["booking_id"] == "B2"


def test_a_look_at_the_free_times_books_nothing() -> None:
    desk = AppointmentCall()
    play(desk, [("What times do you have on Tuesday?", "would one of these work"),
                ("no thanks, that's all", "goodbye")])  # fmt: skip
    assert desk.called == ["check_availability", "end_call"]


def test_a_person_and_an_emergency_are_transferred() -> None:
    for words in ("can I talk to a real person please", "my mouth is bleeding badly"):
        desk = AppointmentCall()
        assert "connect you" in desk.says(words)
        assert desk.called == ["transfer_call"]


def test_says_what_it_is() -> None:
    desk = AppointmentCall()
    assert "rehearsal model" in desk.says("I'd like a cleaning")
    assert "rehearsal model" not in desk.says("Tuesday")
    play(desk, [("are you a robot?", "rehearsal model.*which one would you like")])
    fresh = AppointmentCall()
    fresh.items.clear()
    greeting = fresh.note("[The call has begun and the caller has not said anything yet.]")
    assert greeting.startswith("Hello, this is Mia at Harbor Dental.")
    assert "rehearsal model" in greeting


def test_answers_from_the_instructions_or_admits_that_it_cannot() -> None:
    desk = AppointmentCall()
    play(desk, [("what are your hours?", "open Monday to Friday from eight to five"),
                ("how much is a cleaning?", "do not know")])  # fmt: skip


def test_silence_and_noise() -> None:
    desk = AppointmentCall()
    play(desk, [("(unintelligible audio)", "did not catch that"),
                ("a cleaning on Tuesday", "which one")])  # fmt: skip
    note = "[The caller has said nothing for a while. Ask briefly whether they are still there.]"
    assert re.search("still there.*which one would you like", desk.note(note), re.IGNORECASE)
    play(desk, [("the first", "name"), ("(inaudible speech)", "did not catch.*name")])


def test_repeats_itself_when_asked() -> None:
    desk = AppointmentCall()
    first = desk.says("a cleaning on Tuesday")
    again = desk.says("Sorry, could you repeat that?")
    assert again == "Of course. " + first.replace(
        "Just so you know, I am the rehearsal model, not an AI. ", ""
    )


def test_goes_on_exactly_where_it_was_cut_off() -> None:
    desk = AppointmentCall()
    full = desk.says("a cleaning on Tuesday")
    cut = full.index("ten thirty")
    desk.items[-1]["content"][0]["text"] = full[:cut]
    rest = desk.note(
        "[A fault cut your answer off. Go on exactly where it ended, without repeating anything.]"
    )
    assert rest == full[cut:]


def test_an_answer_cut_before_its_question_is_not_taken_as_asked() -> None:
    desk = AppointmentCall()
    desk.says("a cleaning on Tuesday at nine am, my name is Ann Lee")
    desk.items[-1]["content"][0]["text"] = "So that is a cleaning"
    assert "Shall I book it?" in desk.says("yes")
    assert "book_appointment" not in desk.called


def test_a_slot_that_is_gone_is_offered_no_more() -> None:
    desk = AppointmentCall()
    desk.failing["book_appointment"] = {"ok": False, "error": "slot_taken"}
    play(desk, [("a cleaning on Tuesday at nine am, my name is Ann Lee", "shall I"),
                ("yes", "which one|shall I")])  # fmt: skip
    assert desk.called == ["check_availability", "book_appointment", "check_availability"]


def test_alternatives_of_a_failed_booking_are_offered() -> None:
    desk = AppointmentCall()
    desk.failing["book_appointment"] = {
        "ok": False,
        "error": {"code": "slot_taken", "message": "taken"},
        "slots": TUESDAY[1:],
    }
    play(desk, [("a cleaning on Tuesday at nine am, my name is Ann Lee", "shall I"),
                ("yes", "that time is gone.*ten thirty"), ("the first", "shall I"),
                ("yes", "all set")])  # fmt: skip
    assert desk.bookings[0]["slot_id"] == "t10"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("calendar_down", "cannot reach the calendar"),
        ("No answer in time: it is noted, but not known yet", "noted, but not confirmed yet"),
        ("No answer in time: the calendar cannot be seen.", "cannot see the calendar.*again"),
    ],
)
def test_failures_are_told_honestly(error: str, words: str) -> None:
    desk = AppointmentCall()
    desk.failing["book_appointment"] = {"ok": False, "error": error}
    play(desk, [("a cleaning on Tuesday at nine am, my name is Ann Lee", "shall I"),
                ("yes", words)])  # fmt: skip


def test_a_late_result_is_told() -> None:
    desk = AppointmentCall()
    desk.failing["book_appointment"] = {"ok": False, "error": "No answer in time. It is noted."}
    play(desk, [("a cleaning on Tuesday at nine am, my name is Ann Lee", "shall I"),
                ("yes", "noted")])  # fmt: skip
    late = '[Late result of book_appointment: {"ok":true,"date":"2026-11-24","time":"09:00"}]'
    assert re.search("all set.*nine AM", desk.note(late))


def test_what_was_superseded_is_confirmed_anew() -> None:
    desk = AppointmentCall()
    desk.failing["book_appointment"] = {"ok": False, "error": "The caller went on speaking."}
    desk.says("a cleaning on Tuesday at nine am, my name is Ann Lee")
    desk.message("user", "yes")
    prompt = Prompt(INSTRUCTIONS, desk.tools, "auto", list(desk.items), 0.0)
    (call,) = Receptionist().answer(prompt)
    assert isinstance(call, Call)
    desk._run(call, {})
    assert re.search("ten thirty AM for Ann Lee.*shall I", desk.says("no, ten thirty"), re.I)


@pytest.mark.parametrize("missing", ["book_appointment", "check_availability"])
def test_without_a_tool_it_hands_over(missing: str) -> None:
    desk = AppointmentCall(*(name for name in TOOLS if name != missing))
    for words in ("a cleaning on Tuesday", "nine", "Ann Lee", "yes"):
        desk.says(words)
    assert desk.called[-1] == "transfer_call"


def test_without_any_tool_it_only_talks() -> None:
    desk = AppointmentCall("check_availability")
    desk.tools = []
    for words in ("a cleaning on Tuesday", "a person please", "bye"):
        assert desk.says(words)
    assert not desk.calls


def test_the_moment_is_read_from_the_products_own_instructions() -> None:
    agent = files.load(None).default
    at = dt.datetime(2026, 11, 21, 18, 5, tzinfo=dt.UTC).timestamp()
    business = Business.read(instructions(agent, {}, at), at=0.0)
    assert business.now.isoformat() == "2026-11-21T10:05:00-08:00"
    assert (business.agent, business.name) == ("Mia", "Harbor Dental")


def test_without_a_moment_the_clock_is_taken() -> None:
    business = Business.read("Talk in Europe/Berlin time.", at=1_795_284_000.0)
    assert business.now == dt.datetime.fromtimestamp(1_795_284_000, dt.UTC)
    assert str(business.now.tzinfo) == "Europe/Berlin"


def test_hours_are_looked_for_but_not_chosen() -> None:
    desk = AppointmentCall()
    answer = desk.says("a cleaning on Tuesday after ten in the morning")
    assert "ten thirty AM" in answer
    assert "nine" not in answer
    assert desk.called == ["check_availability"]
    desk = AppointmentCall()
    assert "three thirty PM. Would that work" in desk.says("a cleaning on Tuesday after two pm")


FACTS = INSTRUCTIONS + (
    "\nHarbor Dental is at four hundred Harbor Street. A cleaning costs ninety dollars. A filling"
    " costs two hundred dollars. We take most insurance plans.\n"
    "Closed on holidays: Thanksgiving, Christmas.\n\n"
    "Services: checkup, cleaning, filling.\n"
    "Opening hours: Monday, Tuesday, and Thursday open eight AM to five PM; Wednesday open eight AM"
    " to seven PM; Friday, Saturday, and Sunday closed."
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what time do you open on Wednesday?", "On Wednesdays we are open from eight AM to seven"),
        ("are you open on Saturdays?", "On Saturdays we are closed"),
        ("are you open tomorrow?", "Tomorrow, Sunday, we are closed"),
        ("what are your hours?", "open Monday, Tuesday, and Thursday from eight AM to five PM"),
        ("are you closed on Thanksgiving?", "closed on Thanksgiving"),
        ("what services do you offer?", "We offer checkup, cleaning, and filling"),
        ("do you do root canals?", "root canal is not on our list"),
        ("do you do fillings?", "Yes, we offer fillings"),
        ("how much is a cleaning?", "A cleaning costs ninety dollars"),
        ("what does a filling cost?", "A filling costs two hundred"),
        ("where are you?", "four hundred Harbor Street"),
        ("do you take insurance?", "most insurance plans"),
        ("is there parking?", "do not know"),
        ("is this Pizza Hut?", "No, you have reached Harbor Dental"),
        ("have I reached Harbor Dental?", "Yes, this is Harbor Dental"),
        ("what can you do?", "book, move or cancel"),
    ],
)
def test_questions_are_answered_from_the_agents_file(question: str, expected: str) -> None:
    desk = AppointmentCall(text=FACTS)
    answer = desk.says(question)
    assert expected in answer
    assert not desk.called
    desk.says("I would like a cleaning")
    assert "What day would suit you?" in desk.says(question)


@pytest.mark.parametrize(
    "question",
    [
        "are you a robot?",
        "are you a real person?",
        "am I talking to a human or a machine?",
        "am I speaking with a real person?",
        "is this an AI?",
    ],
)
def test_whoever_asks_whether_it_is_a_robot_is_told(question: str) -> None:
    desk = AppointmentCall()
    assert "neither a person nor an AI" in desk.says(question)
    assert not desk.called


def test_a_robot_question_with_a_wish_for_a_person_is_a_transfer() -> None:
    desk = AppointmentCall()
    desk.says("I want to talk to a human")
    assert desk.called == ["transfer_call"]


@pytest.mark.parametrize(
    "words", ["Mrs. O'Brien-Smythe", "it's Mrs. O'Brien-Smythe", "This is Mrs. O'Brien-Smythe."]
)
def test_a_title_makes_a_name_and_never_a_service(words: str) -> None:
    desk = AppointmentCall(text=FACTS)
    play(desk, [("I need an appointment", "for?"), (words, "what is the appointment for"),
                ("a cleaning", "what day"), ("Tuesday at nine", "shall i book")])  # fmt: skip
    assert "for O'Brien-Smythe" in desk.items[-1]["content"][0]["text"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("It's Kim, sorry, Kim Vo", "Kim Vo"),
        ("Ann Lee, no wait, Anna Lee", "Anna Lee"),
        ("Dr. Wei Li", "Wei Li"),
        ("the name is Zoe Park, please", "Zoe Park"),
    ],
)
def test_names_as_callers_give_them(words: str, name: str) -> None:
    desk = AppointmentCall()
    desk.says("a cleaning on Tuesday at nine")
    assert f"for {name}. Shall I book it?" in desk.says(words)


@pytest.mark.parametrize("word", ["yes", "sure", "hmm", "ok", "great, book it"])
def test_a_yes_is_neither_a_service_nor_a_name(word: str) -> None:
    desk = AppointmentCall(text=FACTS)
    desk.says("I'd like to make an appointment")
    assert "We offer checkup, cleaning, and filling. Which of them" in desk.says(word)
    desk = AppointmentCall()
    desk.says("a cleaning on Tuesday at nine")
    assert "name, please?" in desk.says(word)


def test_a_service_that_is_not_offered_is_not_booked() -> None:
    desk = AppointmentCall(text=FACTS)
    play(desk, [("I need a root canal on Tuesday", "do not offer root canals.*which of these"),
                ("ok, a filling then", "which one")])  # fmt: skip
    assert desk.arguments("check_availability")["service"] == "filling"


def test_both_of_two_services_are_booked() -> None:
    desk = AppointmentCall()
    play(
        desk,
        [
            ("I need a cleaning and a filling, both", "one after the other.*what day"),
            ("Tuesday at nine", "name"),
            ("Ann Lee", "a cleaning on.*shall i book"),
            ("yes", "all set.*now to the filling. what day"),
            ("Tuesday at ten thirty", "a filling on.*for Ann Lee. shall i"),
            ("yes", "all set.*anything else"),
        ],
    )
    assert [b["slot_id"] for b in desk.bookings] == ["t9", "t10"]


def test_two_people_have_two_names() -> None:
    desk = AppointmentCall()
    play(
        desk,
        [
            ("a checkup for me and one for my son please", "one after the other"),
            ("Tuesday at nine, the name is Ann Lee", "checkup.*for Ann Lee. shall i"),
            ("yes", "all set.*now to the .*for your son"),
            ("a checkup", "what day"),
            ("Tuesday at ten thirty", "your son's full name"),
            ("Ben Lee", "for Ben Lee. shall i"),
            ("yes", "all set.*anything else"),
        ],
    )
    assert len(desk.bookings) == 2


def test_a_question_and_a_request_are_both_answered() -> None:
    desk = AppointmentCall(text=FACTS)
    answer = desk.says("I'd like to book a cleaning, and do you take insurance?")
    assert re.search("most insurance plans.*what day would suit you", answer, re.IGNORECASE)


def test_what_is_booked_is_not_booked_again() -> None:
    desk = AppointmentCall()
    play(desk, [("a cleaning on Tuesday at nine, my name is Ann Lee", "shall i"),
                ("yes", "all set"), ("book it", "is booked for tuesday.*already"),
                ("yes, book it please", "is booked for tuesday.*already"),
                ("I need another cleaning on Wednesday", "wednesday")])  # fmt: skip
    assert desk.called.count("book_appointment") == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("Guten Tag, ich möchte einen Termin", "nur Englisch"),
        ("Hola, quisiera una cita por favor", "solo hablo inglés"),
        ("Bonjour, je voudrais un rendez-vous", "qu'anglais"),
        ("do you speak Spanish?", "only speak English"),
        ("你好，我想预约", "only speak English"),
    ],
)
def test_another_language_gets_an_honest_line_and_a_person(words: str, line: str) -> None:
    desk = AppointmentCall()
    assert line in desk.says(words)
    assert desk.called == ["transfer_call"]


@pytest.mark.parametrize(
    "name", ["Dana Reyes", "Jose Una", "Maria de la Cruz", "Le Bon", "Juan Con"]
)
def test_a_foreign_name_is_no_foreign_language(name: str) -> None:
    desk = AppointmentCall()
    desk.says("a cleaning on Tuesday at nine")
    assert "Shall I book it?" in desk.says(f"My name is {name}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("this is ridiculous, nobody ever answers", "sorry about that.*connect you"),
        ("should I take ibuprofen?", "no.* medical advice.*come in for a visit"),
        ("I'm running late for my appointment today", "cannot pass that on.*connect you"),
        ("can I leave a message for Dr. Smith?", "cannot take care of that.*connect you"),
        ("sorry, wrong number", "no problem"),
        ("I'm in terrible pain", "connect you with a person"),
        ("hi, how are you?", "fine, thank you. How can I help"),
        ("can I confirm my appointment?", "what name"),
    ],
)
def test_other_matters(words: str, expected: str) -> None:
    desk = AppointmentCall()
    assert re.search(expected, desk.says(words), re.IGNORECASE)
    assert "check_availability" not in desk.called


def test_a_silent_caller_is_asked_twice_and_then_let_go() -> None:
    desk = AppointmentCall()
    play(desk, [("(silence)", "still there"), ("(silence)", "cannot hear you"),
                ("(silence)", "goodbye")])  # fmt: skip
    assert desk.called == ["end_call"]


@pytest.mark.parametrize(
    "opening",
    [
        "blah",
        "I want to book",
        "a cleaning on Tuesday",
        "a cleaning on Tuesday at nine",
        "cancel my appointment",
    ],
)
@pytest.mark.parametrize(
    "words",
    [
        "blah",
        "yes",
        "no",
        "hmm",
        "thank you",
        "what are your hours",
        "book it",
        "Tuesday",
        "cancel my appointment",
        "what?",
    ],
)
def test_nothing_is_said_more_than_twice(opening: str, words: str) -> None:
    desk = AppointmentCall(text=FACTS)
    desk.says(opening)
    for _ in range(8):
        if "end_call" in desk.called or "transfer_call" in desk.called:
            break
        desk.says(words)
    said = [
        item["content"][0]["text"].removeprefix(
            "Just so you know, I am the rehearsal model, not an AI. "
        )
        for item in desk.items
        if item.get("role") == "assistant"
    ]
    assert max(said.count(text) for text in said) <= 2
