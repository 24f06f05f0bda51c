"""Conversations about tools that have nothing to do with appointments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.core.tools.declarations import TOOLS, Tool
from tests.support.receptionist_call import ReceptionistCall

INSTRUCTIONS = (
    "You are Ada, answering the telephone for Corner Shop. Today is Saturday, November"
    " twenty-first 2026, ten AM (America/Los_Angeles).\n\nYou help with orders."
)


def schema(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


ORDER = {"type": "string", "description": "The number on the invoice."}
STATUS = Tool(
    "order_status", "Look up an order by its number.", schema("order", order=ORDER), "read"
)
RETURN = Tool(
    "return_order",
    "Send an order back.",
    schema(
        "order", "reason", "parts", "refund", "pickup",
        order=ORDER,
        reason={"enum": ["broken", "wrong_size"], "description": "Why it comes back."},
        parts={"type": "integer", "minimum": 1, "description": "How many parcels?"},
        refund={"type": "boolean", "description": "Whether the money is wanted back."},
        pickup={"type": "string", "format": "date", "description": "The day of the pickup."},
    ),
    "write",
)  # fmt: skip
SHOPPING = Tool(
    "order_bread",
    "Place an order for bread.",
    schema("loaves", loaves={"type": "array", "items": {"type": "string"}}),
    "write",
)
WEIRD = Tool("configure", "Configure the shop.", schema("shop", shop={"type": "object"}), "write")
Answer = Callable[[dict[str, Any]], dict[str, Any]]


def _done(given: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True}


def start(*tools: Tool, **answers: Answer) -> ReceptionistCall:
    """A call with these tools, and what they answer."""
    declared = [tool.declaration() for tool in (*tools, TOOLS["end_call"])]

    def run(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return answers.get(name, _done)(arguments)

    return ReceptionistCall(
        INSTRUCTIONS,
        declared,
        run,
        "Corner Shop, this is Ada. How can I help you?",
        ("end_call",),
    )


def test_a_number_that_is_said_at_once_is_not_asked_for() -> None:
    desk = start(STATUS, order_status=lambda given: {"ok": True, "say": "It is on its way."})

    said = desk.says("Hi, where is my order A-1042?")

    assert desk.calls == [("order_status", {"order": "A-1042"})]
    assert said.endswith("It is on its way. Is there anything else I can do for you?")
    assert "Goodbye" in desk.says("No, that is all, bye.")


def test_it_introduces_itself_and_asks_for_what_is_missing() -> None:
    desk = start(STATUS, order_status=lambda given: {"ok": True, "status": "sent", "days": 2})

    said = desk.says("What is the status of my order?")
    assert "rehearsal model" in said
    assert said.endswith("What is the number on the invoice?")
    assert desk.says("Hm, let me see.").startswith("Sorry, I did not get that. What is")
    said = desk.says("It's one oh four two.")
    assert desk.calls == [("order_status", {"order": "1042"})]
    assert said.startswith("Here is what I have. status: sent, days: 2.")


def test_every_type_is_asked_for_and_a_write_is_confirmed() -> None:
    desk = start(STATUS, RETURN)

    assert desk.says("I want to return my order.").endswith("What is the number on the invoice?")
    said = desk.says("Number 77 12.")
    assert said == "What is the reason? Why it comes back. It can be broken or wrong size."
    assert desk.says("It's the wrong size, I'm afraid.") == "How many parcels?"
    assert desk.says("Zero.").startswith("Sorry, I did not get that. How many parcels?")
    assert desk.says("Two.") == "The money is wanted back: yes or no?"
    assert desk.says("Yes, please.") == "What is the day of the pickup?"
    said = desk.says("Next Tuesday.")
    assert said == (
        "So, return order: order 7712, reason wrong size, parts 2, refund yes, "
        "pickup 2026-11-24. Shall I go ahead?"
    )
    assert desk.calls == []
    assert desk.says("Yes.").startswith("Done.")
    [(name, given)] = desk.calls
    assert name == "return_order"
    assert given == {
        "order": "7712", "reason": "wrong_size", "parts": 2, "refund": True, "pickup": "2026-11-24"
    }  # fmt: skip


def test_a_correction_at_the_confirmation_and_a_list() -> None:
    desk = start(SHOPPING, STATUS)
    desk.says("I would like to order bread.")
    said = desk.says("Two rye, and a roll.")
    assert said == "So, order bread: loaves Two rye and a roll. Shall I go ahead?"
    assert desk.says("No.").startswith("No problem, I will leave that.")
    assert desk.calls == []

    write = Tool("cancel_order", "Cancel an order.", schema("order", order=ORDER), "write")
    desk = start(write)
    assert "order 1042" in desk.says("Cancel order 1042 please.")
    assert "order 1043" in desk.says("No, 1043.")
    desk.says("Yes.")
    assert desk.calls == [("cancel_order", {"order": "1043"})]


def test_what_the_tool_wants_first_is_asked_of_the_caller() -> None:
    tries: list[dict[str, Any]] = []

    def confirm(given: dict[str, Any]) -> dict[str, Any]:
        tries.append(given)
        if len(tries) == 1:
            return {"ok": False, "error": "confirm_first", "message": "Not done yet."}
        return {"ok": True, "message": "It is on its way"}

    desk = start(STATUS, order_status=confirm)
    assert desk.says("Where is order 1042?").endswith("order 1042. Shall I go ahead?")
    assert desk.says("Yes.").startswith("It is on its way.")
    assert tries == [{"order": "1042"}] * 2


def test_a_value_that_is_refused_is_asked_for_again() -> None:
    def strict(given: dict[str, Any]) -> dict[str, Any]:
        if given["order"] == "1042":
            return {"ok": False, "error": "bad_arguments", "message": "order must match ^7."}
        return {"ok": True, "say": "Sent."}

    desk = start(STATUS, order_status=strict)
    assert desk.says("Where is order 1042?").endswith("What is the number on the invoice?")
    assert desk.says("7012").startswith("Sent.")


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"ok": False, "error": "refused", "message": "Nothing was found."}, "Nothing was found."),
        ({"ok": False, "error": "failed"}, "that did not work. failed."),
        ({"ok": True, "result": "All good"}, "All good."),
        ({"ok": True}, "Done."),
        ({"ok": True, "items": ["tea", "milk"], "note": None}, "items: tea and milk."),
    ],
)
def test_a_result_is_told_in_words(output: dict[str, Any], said: str) -> None:
    desk = start(STATUS, order_status=lambda given: output)
    assert said in desk.says("Where is order 1042?")


def test_an_errand_ends_when_the_caller_wants_something_else() -> None:
    desk = start(STATUS, RETURN)
    desk.says("Where is my order?")
    assert desk.says("Never mind.").startswith("No problem, I will leave that.")
    desk.says("Where is my order?")
    assert "Goodbye" in desk.says("Good bye.")
    assert [name for name, _ in desk.calls] == ["end_call"]


def test_nobody_is_asked_the_same_thing_for_ever() -> None:
    desk = start(STATUS)
    answers = [desk.says("Where is my order?")]
    while not desk.calls:
        answers.append(desk.says("Blah blah."))
        assert len(answers) < 10
    assert all(answers.count(answer) <= 2 for answer in answers)
    assert desk.calls[-1][0] == "end_call"


def test_silence_is_answered_with_the_open_question() -> None:
    desk = start(STATUS)
    desk.says("Where is my order?")
    said = desk.note("[The caller has said nothing for a while. Ask if they are still there.]")
    assert said == "Are you still there? What is the number on the invoice?"


def test_it_says_what_it_can_do() -> None:
    assert "help you with order status or return order" in start(STATUS, RETURN).says("Blue sky.")
    assert start(WEIRD).says("Configure the shop.") != ""
    assert start(WEIRD).calls == []


def test_questions_are_looked_up_where_there_is_something_written() -> None:
    found = {"ok": True, "passages": [{"title": "Delivery", "text": "Within the city."}]}
    desk = start(TOOLS["search_knowledge"], STATUS, search_knowledge=lambda given: found)
    assert "Within the city." in desk.says("Do you deliver to my house?")
    assert desk.calls == [("search_knowledge", {"query": "Do you deliver to my house?"})]

    desk = start(
        TOOLS["search_knowledge"], search_knowledge=lambda given: {"ok": True, "passages": []}
    )
    assert "I do not know that" in desk.says("Do you deliver to the moon?")


def test_a_booking_is_not_disturbed() -> None:
    booking = [TOOLS[name] for name in ("check_availability", "book_appointment")]
    slots = [{"slot_id": "t9", "date": "2026-11-24", "time": "09:00"}]
    desk = start(
        *booking, STATUS, RETURN,
        check_availability=lambda given: {"ok": True, "slots": slots},
        book_appointment=lambda given: {"ok": True, **slots[0]},
    )  # fmt: skip

    desk.says("I would like to book a consultation about my order.")
    desk.says("Next Tuesday at nine.")
    desk.says("Yes.")
    desk.says("Dana Reyes.")
    desk.says("Yes, go ahead.")
    assert [name for name, _ in desk.calls] == ["check_availability", "book_appointment"]
    desk.says("Thanks. And what is the status of order 1042?")
    assert desk.calls[-1] == ("order_status", {"order": "1042"})


def _message_desk(given: dict[str, Any]) -> dict[str, Any]:
    """Asks for a name, then has the number agreed to, as the tool does."""
    if "name" not in given:
        ask = "May I have your name, please?"
        return {"ok": False, "error": "name_needed", "message": ask, "say": ask}
    if not agreed:
        agreed.append(True)
        ask = "I have the number four one five. Is that right?"
        return {"ok": False, "error": "confirm_first", "message": ask, "say": ask}
    return {"ok": True, "say": "I have noted your message."}


agreed: list[bool] = []


def test_what_a_tool_asks_for_is_asked_in_its_own_words() -> None:
    agreed.clear()
    desk = start(TOOLS["take_message"], take_message=_message_desk)
    assert desk.says("I want to leave a message.").endswith("in the caller's words?")
    assert desk.says("The boiler drips.").endswith("Shall I go ahead?")
    assert desk.says("Yes, please.") == "May I have your name, please?"
    assert desk.says("Dana Reyes.") == "I have the number four one five. Is that right?"
    assert desk.says("Yes.").startswith("I have noted your message.")
    name, about = desk.calls[-1][1]["name"], desk.calls[-1][1]["about"]
    assert (name, about) == ("Dana Reyes", "The boiler drips")


def _transfer(*names: str) -> Tool:
    known = TOOLS["transfer_call"]
    target = {"type": "string", "enum": list(names)}
    properties = {"target": target, **known.parameters["properties"]}
    return replace(known, parameters={**known.parameters, "properties": properties})


CLOSED = (
    "Not done: nobody is there at office now. Somebody is there again Monday at eight AM. Say so,"
    " and offer to take a message."
)


def test_a_target_that_is_closed_leads_to_a_message() -> None:
    transfer = _transfer("plumber on call", "office")
    refused = {"ok": False, "error": CLOSED}
    desk = start(TOOLS["take_message"], transfer, transfer_call=lambda given: refused)
    said = desk.says("Can you connect me with the office?")
    assert desk.calls[-1][1]["target"] == "office"
    assert said.endswith(
        "I am sorry, nobody is there at office now. Somebody is there again Monday at eight AM."
        " Would you like to leave a message?"
    )
    assert desk.says("Yes, please.").endswith("in the caller's words?")


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("This is an emergency!", "plumber on call"),
        ("I want to talk to a person.", "office"),
        ("Put me through to the plumber, a real person please.", "plumber on call"),
    ],
)
def test_whom_a_caller_is_put_through_to(said: str, target: str) -> None:
    desk = start(_transfer("office", "plumber on call"))
    desk.says(said)
    assert desk.calls[-1][0] == "transfer_call"
    assert desk.calls[-1][1]["target"] == target
