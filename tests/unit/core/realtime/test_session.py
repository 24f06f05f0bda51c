"""One model's session over its connections: what each is given, and what follows a refusal."""

from __future__ import annotations

import orjson

from app.core.call.events import Actions, CloseModel, OpenModel, ToModel
from app.core.call.notes import ModelLost
from app.core.realtime.responses import Request
from app.core.realtime.session import Gone, ModelSession
from app.protocol import realtime

TOOL_CALL = {
    "id": "item_call",
    "type": "function_call",
    "call_id": "tc1",
    "name": "check_availability",
    "arguments": "{}",
}


def sent(actions: Actions) -> list[str]:
    """The types of the events to the model; of items, what they are."""
    out = []
    for action in actions:
        if isinstance(action, ToModel):
            event = orjson.loads(action.raw)
            item = event.get("item", {})
            out.append(item.get("role") or item.get("type") or event["type"])
    return out


def event_ids(actions: Actions) -> list[str]:
    return [orjson.loads(a.raw)["event_id"] for a in actions if isinstance(a, ToModel)]


def begun() -> tuple[ModelSession, Actions]:
    """A session that is open, with a message of each side and a tool's call and result."""
    session = ModelSession()
    session.config = {"instructions": "Be kind."}
    session.append("assistant", "Hello.")
    session.append("user", "Is Friday free?")
    session.conversation.take(TOOL_CALL)
    session.append("output", "{}", "tc1")
    session.open()
    return session, session.opened(1, 0.0)


def opened_again(session: ModelSession) -> list[str]:
    return sent(session.opened(session.number, 1.0))


def refuse(session: ModelSession, event_id: str, code: str = "invalid_value") -> Gone | None:
    _, gone = session.handle(realtime.Error(code, "no", event_id), 1.0)
    assert gone is None or isinstance(gone, Gone)
    return gone


def test_a_new_session_is_given_the_settings_and_the_conversation() -> None:
    session, actions = begun()

    items = ["assistant", "user", "function_call", "function_call_output"]
    assert sent(actions) == ["session.update", *items]
    assert session.seedings == 1


def test_a_connection_that_nobody_waits_for_is_closed() -> None:
    session, _ = begun()

    assert session.opened(7, 0.0) == [CloseModel(7)]
    assert session.seedings == 1


def test_an_item_that_is_refused_once_leads_to_a_new_session_with_all_of_them() -> None:
    session, actions = begun()
    assert refuse(session, event_ids(actions)[1]) is None

    assert opened_again(session) == [
        *("session.update", "assistant", "user", "function_call", "function_call_output")
    ]


def test_items_that_are_refused_again_leave_the_words_alone() -> None:
    session, actions = begun()
    refuse(session, event_ids(actions)[1])
    again = session.opened(session.number, 1.0)
    refuse(session, event_ids(again)[1])

    assert opened_again(session) == ["session.update", "assistant", "user"]


def test_settings_that_are_refused_twice_end_it() -> None:
    session, actions = begun()

    assert refuse(session, event_ids(actions)[0]) is None
    assert refuse(session, event_ids(session.configure({}))[0]) == Gone("session_refused")


def test_a_key_that_is_refused_ends_it_at_once() -> None:
    session, _ = begun()

    assert refuse(session, "", "invalid_api_key") == Gone("invalid_api_key")
    session.lost(1, "1000", False, 1.0)
    assert session.open() == []


def test_settings_reach_a_session_that_is_there() -> None:
    session, _ = begun()
    assert sent(session.configure({"instructions": "Be brief."})) == ["session.update"]

    fresh = ModelSession()
    assert fresh.configure({"instructions": "Be brief."}) == []


def test_what_is_wanted_is_asked_for_once_there_is_a_session() -> None:
    session = ModelSession()
    opening = session.request(Request("k1", None, "A note.", {}), 0.0)
    assert [type(action) for action in opening] == [OpenModel]

    asked = sent(session.opened(1, 0.5))
    assert asked == ["session.update", "system", "response.create"]


def test_what_is_wanted_stays_so_over_a_lost_connection() -> None:
    session, _ = begun()
    assert sent(session.request(Request("k1", None, None, {}), 0.0)) == ["response.create"]

    actions, gone = session.lost(1, "1006", False, 1.0)

    assert gone is None
    assert [type(action) for action in actions] == [ModelLost, OpenModel]
    assert opened_again(session)[-1] == "response.create"


def test_a_change_waits_for_the_response_that_runs() -> None:
    session, _ = begun()
    session.request(Request("k1", None, None, {}), 0.0)
    change = session.conversation.delete("item_call")
    assert session.change(change) == []

    session.handle(realtime.ResponseDone("r1", "k1", "completed", None, None, [], {}), 2.0)

    assert [a.raw for a in session.advance(2.0) if isinstance(a, ToModel)] == [change]
