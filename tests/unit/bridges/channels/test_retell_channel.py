"""A text call on a scripted socket: what production brings, in the orders it brings it."""

from __future__ import annotations

import hashlib
from typing import Any

import gevent
import orjson
import pytest

from app.adapters.tokens.socket import Opened
from app.adapters.tools.replies import Reply
from app.bridges.channels.retell import POLICY, RetellChannel
from app.core.agent.definition import Lines
from app.core.agent.directory import Directory
from app.core.call.events import StepIn
from app.core.record.replay import play
from app.errors import ModelError, TooMany, Unavailable
from tests.support.bridge_desk import Desk, ScriptedModel, Store
from tests.support.simulated_call import make_agent

FATAL = "insufficient_quota"


def desk(**parts: Any) -> Desk:
    return Desk(RetellChannel(), **parts)


def ask(one: Desk, text: str, response_id: int = 1) -> None:
    said = [{"role": "user", "content": text}]
    one.ws.put(
        {"interaction_type": "response_required", "response_id": response_id, "transcript": said}
    )
    one.until(lambda: one.session.types().count("response.create") >= 1)


def spoken(one: Desk, response_id: int) -> str:
    return "".join(
        f["content"]
        for f in one.ws.sent
        if f["response_type"] == "response" and f["response_id"] == response_id
    )


def completed(one: Desk, response_id: int) -> bool:
    return any(f.get("content_complete") and f["response_id"] == response_id for f in one.ws.sent)


def test_a_call_is_greeted_answered_kept_and_ended() -> None:
    one = desk()
    one.until(lambda: completed(one, 0))
    assert one.ws.accepted
    ask(one, "When are you open?")
    one.session.answer("We open at eight.")
    one.until(lambda: completed(one, 1))
    assert spoken(one, 1) == "We open at eight."
    one.until(lambda: one.store.turns)
    assert one.store.fields["channel"] == "retell"
    assert one.store.fields["turns_count"] == 1
    assert one.store.fields["input_tokens"] == 5
    one.end()
    assert (one.store.ended, one.store.released) == (True, True)
    assert one.session.closed
    assert one.replies.closed
    assert one.drain.live == 0
    assert play([orjson.loads(line) for line in one.store.lines]).difference is None


def test_a_line_that_is_cut_leaves_the_call_to_the_next_socket() -> None:
    one = desk()
    ask(one, "When are you open?")
    one.end(None)
    assert (one.store.ended, one.store.released) == (False, True)
    two = desk(store=one.store, process="p2")
    two.until(lambda: two.session.types().count("response.create") == 1)
    assert not completed(two, 0), "greeted once"
    two.session.answer("At eight.")
    two.until(lambda: completed(two, 1))
    two.end()
    assert two.events("resumed")


def test_a_newer_socket_cuts_off_the_older_at_once() -> None:
    one = desk()
    one.until(lambda: completed(one, 0))
    two = desk(store=one.store)
    one.until(lambda: one.ws.aborted)
    one.greenlet.join(10)
    assert one.ws.aborted == "superseded"
    two.until(lambda: completed(two, 0) or two.model.sessions)
    before = one.store.fields.get("turns_count")
    assert not one.store.ended
    two.end()
    assert before in (None, 0)


def test_another_process_takes_the_call_over() -> None:
    one = desk()
    one.until(lambda: completed(one, 0) and one.replies.on_taken)
    one.store.fence = 7
    assert one.replies.on_taken is not None
    one.replies.on_taken(7)
    one.greenlet.join(10)
    assert one.ws.aborted == "superseded"
    assert not one.store.ended, "what the newer holder keeps is left alone"


def test_somebody_steps_into_the_call() -> None:
    one = desk()
    one.until(lambda: completed(one, 0) and one.replies.on_step_in)
    assert one.replies.on_step_in is not None
    one.replies.on_step_in(StepIn("say", "One moment, please.", by="Ann"))
    one.until(lambda: b"agent_interrupt" in b"".join(map(orjson.dumps, one.ws.sent)))
    one.end()
    assert [event["did"] for event in one.store.events if event["kind"] == "stepped_in"] == ["say"]


def test_a_stalled_redis_at_the_start_does_not_end_the_call() -> None:
    store = Store()
    store.stalled = 1
    one = desk(store=store)
    one.until(lambda: store.state is not None)
    assert one.replies.on_taken is not None
    for _, fence in store.told:
        one.replies.on_taken(fence)
    ask(one, "When are you open?")
    one.session.answer("At eight.")
    one.until(lambda: completed(one, 1))
    assert not one.ws.aborted
    one.end()


def test_a_call_goes_on_while_its_store_is_away() -> None:
    store = Store()
    store.away = True
    one = desk(store=store)
    ask(one, "When are you open?")
    one.session.answer("At eight.")
    one.until(lambda: completed(one, 1))
    store.away = False
    one.end()
    assert store.ended
    assert [turn["response_id"] for turn in store.turns] == [1]


def test_a_tool_is_asked_for_once_its_state_is_saved_and_its_reply_is_spoken_of() -> None:
    one = desk()
    ask(one, "Is Monday free?")
    one.session.call_tool("check_availability", '{"date":"2026-11-30"}')
    one.until(lambda: one.effects.asked)
    asked = one.effects.asked[0]
    assert asked["context"]["heard"] == [("user", "Is Monday free?")]
    assert one.replies.expected == ["call_1"]
    assert one.store.state is not None
    assert one.store.state["tools"]["open"][0]["state"] == "running"
    reply = Reply("call_1", asked["key"], "call_1", "done", True, {"slots": []})
    assert one.replies.on_reply is not None
    one.replies.on_reply(reply)
    one.until(lambda: one.session.types().count("response.create") == 2)
    one.session.answer("Nothing on Monday.", "resp_2")
    one.until(lambda: completed(one, 1))
    one.end()
    assert one.events("tool_done")


@pytest.mark.parametrize("error", [Unavailable("away"), TooMany("full")])
def test_a_tool_that_cannot_be_asked_for_is_told_to_the_model(error: Exception) -> None:
    one = desk()
    one.effects.error = error
    ask(one, "Is Monday free?")
    one.session.call_tool("check_availability", '{"date":"2026-11-30"}')
    one.until(lambda: one.session.types().count("response.create") == 2)
    outputs = [e for e in one.session.got if e["type"] == "conversation.item.create"]
    assert "booking system is away" in outputs[-1]["item"]["output"]
    one.end()


def test_a_tool_that_is_settled_already_answers_at_once() -> None:
    one = desk()
    one.effects.result = {"ok": True, "output": {"slots": []}}
    ask(one, "Is Monday free?")
    one.session.call_tool("check_availability", '{"date":"2026-11-30"}')
    one.until(lambda: one.session.types().count("response.create") == 2)
    one.end()


def test_a_model_that_cannot_be_reached_is_tried_again_and_given_up_when_it_is_refused() -> None:
    model = ScriptedModel()
    model.failures = [ModelError("no", code="timeout"), ModelError("no", code=FATAL)]
    one = desk(model=model, agent=make_agent(fallback="end"))
    one.ws.put({"interaction_type": "response_required", "response_id": 1, "transcript": []})
    one.until(lambda: completed(one, 1))
    assert make_agent().lines.apology in spoken(one, 1)
    one.end()
    assert one.events("gave_up")[0]["cause"] == FATAL
    assert len(one.events("model_lost")) == 2


def test_a_lost_session_is_replaced() -> None:
    one = desk()
    ask(one, "When are you open?")
    first = one.session
    first.on_lost(1006, "")
    one.until(lambda: len(one.model.sessions) == 2)
    one.until(lambda: "response.create" in one.session.types())
    one.session.answer("At eight.")
    one.until(lambda: completed(one, 1))
    one.end()


def test_drain_waits_for_the_turn_and_drops_the_line_without_a_close() -> None:
    one = desk()
    ask(one, "When are you open?")
    one.drain.start()
    gevent.sleep(0.05)
    early = one.ws.aborted
    assert not early
    one.session.answer("At eight.")
    one.until(lambda: one.ws.aborted)
    one.greenlet.join(10)
    assert one.ws.aborted == "drained"
    assert completed(one, 1)
    assert not one.store.ended
    assert one.store.state is not None


def test_frames_that_are_none_harm_nothing() -> None:
    one = desk()
    one.until(lambda: completed(one, 0))
    for frame in ({}, {"interaction_type": 5}, {"interaction_type": "something_new"}):
        one.ws.put(frame)
    ask(one, "When are you open?")
    one.session.answer("At eight.")
    one.until(lambda: completed(one, 1))
    one.end()
    assert len(one.events("bad_frame")) == 2
    assert len(one.events("unknown_frame")) == 1


def test_call_details_reach_the_record_and_the_model() -> None:
    one = desk()
    variables = {"caller_time_zone": "America/New_York"}
    call = {
        "call_id": "call_1",
        "from_number": "+14155550187",
        "direction": "inbound",
        "retell_llm_dynamic_variables": variables,
    }
    one.ws.put({"interaction_type": "call_details", "call": call})
    ask(one, "When are you open?")
    assert one.session.types().count("session.update") >= 1
    assert "America/New_York" in str(one.session.got)
    one.end()
    assert one.store.fields["from_number"] == "+14155550187"


def test_a_call_that_no_agent_answers_is_closed_and_says_why() -> None:
    one = desk()
    one.live.services.agents = Directory([one.agent])  # type: ignore[misc]
    call = {"call_id": "call_1", "agent_id": "agent_9", "to_number": "+4930777"}
    one.ws.put({"interaction_type": "call_details", "call": call})
    one.until(lambda: one.ws.close_code is not None)
    assert one.ws.close_code == POLICY
    assert "no agent lists Retell agent agent_9" in one.store.fields["refused"]
    assert one.store.events[-1]["kind"] == "no_agent"
    assert one.store.ended
    assert one.model.sessions == []


def test_an_address_of_its_own_leads_to_its_agent() -> None:
    one = Desk(RetellChannel("eva"))
    eva = one.agent.model_copy(update={"id": "eva", "lines": Lines(greeting="Eva here.")})
    one.live.services.agents = Directory([one.agent, eva], default=one.agent)  # type: ignore[misc]
    one.until(lambda: any(f.get("content") for f in one.ws.sent))
    assert "Eva here." in spoken(one, 0)


@pytest.mark.parametrize("address", ["eva", ""])
def test_another_businesss_token_is_answered_by_nobody(
    address: str,
) -> None:
    """The token of a call of the salon, at the address or with the details of the dentist's."""
    salon = hashlib.sha256(b"salon").hexdigest()[:24]
    one = Desk(RetellChannel(address, Opened(salon)))
    eva = one.agent.model_copy(update={"id": "eva", "retell_agent_ids": ("agent_e",)})
    one.live.services.agents = Directory([one.agent, eva])  # type: ignore[misc]
    one.ws.put({"interaction_type": "call_details", "call": {"agent_id": "agent_e"}})
    one.until(lambda: one.ws.close_code is not None)
    assert one.ws.close_code == POLICY
    assert "another business" in one.store.fields["refused"]
    assert one.model.sessions == []
