"""Inbound webhooks and custom functions, in every form Retell can be told to send them."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRequest
from app.protocol.retell_http import accept, parse_function, parse_inbound, reject
from app.rehearsal.webhook_samples import sample

NOW = 1_795_300_000_000


def inbound(name: str = "call_inbound", **changes: Any) -> Any:
    body = sample(name, "id_1", NOW)
    body[name].update(changes)
    return parse_inbound(orjson.dumps(body))


def test_an_inbound_call() -> None:
    ringing = inbound()
    assert (ringing.subject, ringing.id, ringing.at_ms) == ("call_inbound", "id_1", NOW)
    assert (ringing.from_number, ringing.to_number) == ("+14155550142", "+14155550100")
    assert ringing.sip_headers == {"x-tenant": "harbor"}


def test_an_inbound_message() -> None:
    ringing = inbound("chat_inbound")
    assert (ringing.subject, ringing.id, ringing.at_ms) == ("chat_inbound", "id_1", 0)


def test_only_the_numbers_are_sure_to_come() -> None:
    body = {"event": "call_inbound", "call_inbound": {"from_number": "+1", "to_number": "+2"}}
    ringing = parse_inbound(orjson.dumps(body))
    assert (ringing.id, ringing.agent_id, ringing.sip_headers) == ("", "", {})


def test_fields_of_another_type_are_passed_over() -> None:
    ringing = inbound(call_id=7, agent_id=[], custom_sip_headers={"a": 1, "b": "c"})
    assert (ringing.id, ringing.agent_id, ringing.sip_headers) == ("", "", {"b": "c"})


@pytest.mark.parametrize("body", [
    {}, [], {"event": "call_started"}, {"event": "call_inbound"},
    {"event": "call_inbound", "call_inbound": []},
    {"event": "chat_inbound", "call_inbound": {"from_number": "+1", "to_number": "+2"}},
])  # fmt: skip
def test_what_is_no_inbound_webhook(body: Any) -> None:
    with pytest.raises(BadRequest):
        parse_inbound(orjson.dumps(body))


def test_variables_of_an_answer_are_texts() -> None:
    answer = accept(inbound(), variables={"a": "x", "b": 5, "c": None, "d": {"e": 1}}, metadata={})
    assert answer == {
        "call_inbound": {"dynamic_variables": {"a": "x", "b": "5", "c": "null", "d": '{"e":1}'}}
    }


def test_nothing_stands_beside_a_refusal() -> None:
    assert reject(inbound()) == {"call_inbound": {"reject": True}}
    assert reject(inbound("chat_inbound")) == {"chat_inbound": {"reject": True}}


FULL: dict[str, Any] = {
    "name": "check_availability",
    "args": {"date": "2026-11-26", "execution_message": "One moment."},
    "call": {
        "call_id": "call_1",
        "agent_id": "agent_1",
        "direction": "inbound",
        "from_number": "+14155550142",
        "to_number": "+14155550100",
        "transcript": "Agent: Hello.\nUser: Hi.\n",
    },
}


def asked(body: Any, **query: str) -> Any:
    raw = b"" if body is None else orjson.dumps(body)
    return parse_function("check_availability", raw, query)


def test_the_full_payload() -> None:
    request = asked(FULL)
    assert request.args == FULL["args"]
    assert (request.call_id, request.agent_id) == ("call_1", "agent_1")
    assert request.caller_number == "+14155550142"
    assert [entry["content"] for entry in request.entries] == ["Hello.", "Hi."]


def test_the_caller_of_an_outbound_call_is_who_was_called() -> None:
    body = {**FULL, "call": {**FULL["call"], "direction": "outbound"}}
    assert asked(body).caller_number == "+14155550100"


def test_a_chat() -> None:
    request = asked({"name": "x", "args": {"a": "b"}, "chat": {"chat_id": "chat_1"}})
    assert (request.call_id, request.subject, request.args) == ("chat_1", "chat", {"a": "b"})


def test_arguments_alone_with_the_call_in_the_query() -> None:
    request = asked({"date": "2026-11-26"}, call_id="call_2", from_number="+1415")
    assert (request.args, request.call_id) == ({"date": "2026-11-26"}, "call_2")
    assert request.caller_number == "+1415"
    assert asked({"date": "2026-11-26"}).call_id == ""


def test_an_argument_may_be_called_name() -> None:
    assert asked({"name": "Dana", "slot_id": "x"}).args == {"name": "Dana", "slot_id": "x"}


def test_no_body_and_the_arguments_in_the_query() -> None:
    request = asked(None, date="2026-11-26", call_id="call_3")
    assert (request.args, request.call_id) == ({"date": "2026-11-26"}, "call_3")


@pytest.mark.parametrize("body", [
    [], "x", 5,
    {"name": "x", "args": [], "call": {"call_id": "call_1"}},
    {"name": "x", "args": {}, "call": "call_1"},
    {"name": "x", "args": {}, "call": {"call_id": 5}},
    {"name": "x", "args": {}, "call": {"call_id": "a b"}},
])  # fmt: skip
def test_what_is_no_function_request(body: Any) -> None:
    with pytest.raises(BadRequest):
        asked(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_bad_request(raw: bytes) -> None:
    for parse in (parse_inbound, lambda body: parse_function("x", body, {})):
        try:
            parse(raw)
        except BadRequest:
            pass
