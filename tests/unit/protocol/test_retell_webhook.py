"""Every event, the envelope's strictness, and leniency with everything inside it."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRequest
from app.protocol.retell_webhook import (
    ANALYZED,
    ENDED,
    EVENTS,
    LEFT,
    RUNNING,
    STARTED,
    WebhookEvent,
    parse,
)
from app.rehearsal.webhook_samples import SAMPLES, sample

NOW = 1_795_300_000_000
HOOKS = sorted(name for name in SAMPLES if not name.endswith("_inbound"))


def body(name: str, call_id: str = "call_1") -> dict[str, Any]:
    return copy.deepcopy(sample(name, call_id, NOW))


def read(payload: Any) -> WebhookEvent:
    return parse(orjson.dumps(payload))


def test_there_is_a_sample_of_every_event() -> None:
    assert {body(name)["event"] for name in HOOKS} == EVENTS


@pytest.mark.parametrize("name", HOOKS)
def test_every_sample_parses(name: str) -> None:
    event = read(body(name))
    assert event.id == "call_1"
    assert event.event == body(name)["event"]
    assert event.kind != "unknown"
    assert event.key.startswith(event.event)
    orjson.dumps(event.facts)


@pytest.mark.parametrize(
    ("name", "rank", "status"),
    [
        ("call_started", STARTED, "ongoing"),
        ("transcript_updated", RUNNING, "ongoing"),
        ("call_ended", ENDED, "ended"),
        ("call_analyzed", ANALYZED, "ended"),
        ("transfer_started", RUNNING, "ongoing"),
        ("transfer_ended", LEFT, "ended"),
        ("chat_started", STARTED, "ongoing"),
        ("chat_ended", ENDED, "ended"),
        ("chat_analyzed", ANALYZED, "ended"),
        ("session_start", STARTED, "ongoing"),
        ("transcript", RUNNING, "ongoing"),
        ("session_end", ENDED, "ended"),
        ("alert_triggered", 0, None),
    ],
)
def test_rank_and_status(name: str, rank: int, status: str | None) -> None:
    event = read(body(name))
    assert (event.rank, event.status) == (rank, status)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"call_status": "not_connected", "disconnection_reason": "dial_no_answer"},
         "not_connected"),
        ({"call_status": "error", "disconnection_reason": "error_llm_websocket_open"}, "error"),
        ({"call_status": "registered", "disconnection_reason": "user_hangup"}, "ended"),
        ({"call_status": "registered", "disconnection_reason": "dial_busy"}, "not_connected"),
        ({"call_status": "ongoing", "disconnection_reason": "error_asr"}, "error"),
        ({"call_status": None, "disconnection_reason": None}, "ended"),
        ({"call_status": "brand_new", "disconnection_reason": "brand_new"}, "ended"),
        ({"call_status": ["ended"], "disconnection_reason": 7}, "ended"),
    ],
)  # fmt: skip
def test_an_ended_call_is_over_whatever_its_status_field_says(
    fields: dict[str, Any], status: str
) -> None:
    payload = body("call_ended")
    payload["call"].update(fields)
    assert read(payload).status == status


def test_facts_are_taken_and_secrets_are_not() -> None:
    payload = body("call_analyzed")
    payload["call"]["access_token"] = "eyJ.secret.token"
    facts = read(payload).facts
    assert facts["from_number"] == "+14155550142"
    assert facts["disconnection_reason"] == "agent_hangup"
    assert facts["duration_ms"] == 24_500
    assert facts["call_analysis"]["user_sentiment"] == "Positive"
    assert "access_token" not in facts
    assert "transcript" not in facts


def test_a_transcript_keeps_words_tools_and_the_ends_of_utterances() -> None:
    entries = read(body("transcript_updated")).entries
    assert entries is not None
    assert [entry["role"] for entry in entries] == [
        "agent", "user", "agent", "tool_call_invocation", "tool_call_result",
    ]  # fmt: skip
    assert entries[1]["content"].startswith("Hi, I'd like to book")
    assert entries[1]["start"] == 5.1
    assert entries[3]["name"] == "check_availability"
    assert "words" not in entries[0]


def test_the_transcript_is_found_inside_the_call_and_beside_it() -> None:
    inside = body("transcript_updated")
    beside = copy.deepcopy(inside)
    for name in ("transcript", "transcript_object", "transcript_with_tool_calls"):
        moved = beside["call"].pop(name)
        if name == "transcript_with_tool_calls":
            beside[name] = moved
    assert read(beside).entries == read(inside).entries


@pytest.mark.parametrize("left", ["transcript_object", "transcript"])
def test_poorer_forms_of_a_transcript_do(left: str) -> None:
    payload = body("call_ended")
    for name in ("transcript", "transcript_object", "transcript_with_tool_calls"):
        if name != left:
            del payload["call"][name]
    entries = read(payload).entries
    assert entries is not None
    assert [entry["role"] for entry in entries] == ["agent", "user", "agent"]
    assert entries[1]["content"].strip().endswith("next Wednesday at two.")


def test_a_later_transcript_has_more_progress() -> None:
    payload = body("transcript_updated")
    listed = payload["call"]["transcript_with_tool_calls"]
    seen = []
    for count in range(len(listed) + 1):
        payload["call"]["transcript_with_tool_calls"] = listed[:count]
        seen.append(read(payload).progress)
    assert seen == sorted(set(seen))
    words = listed[1]["words"]
    payload["call"]["transcript_with_tool_calls"] = [listed[0], {**listed[1], "words": words[:3]}]
    assert seen[1] < read(payload).progress < seen[2]


def test_lifecycle_repeats_share_a_key_even_if_their_bodies_differ() -> None:
    payload = body("call_ended")
    first = read(payload)
    payload["call"]["recording_url"] = "https://example.test/later.wav"
    assert read(payload).key == first.key
    assert read(body("call_started")).key != first.key


def test_transcript_updates_differ_by_content() -> None:
    payload = body("transcript_updated")
    first = read(payload)
    assert read(body("transcript_updated")).key == first.key
    payload["call"]["transcript_with_tool_calls"].pop()
    assert read(payload).key != first.key


def test_two_transfers_to_the_same_number_are_two() -> None:
    first = body("transfer_started")
    second = copy.deepcopy(first)
    second["call"]["transcript"] = "Agent: Trying again.\n"
    assert read(first).key == read(copy.deepcopy(first)).key
    assert read(first).key != read(second).key


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ({"number": "+14155550177", "extension": "204"}, "+14155550177;ext=204"),
        ({"number": "+14155550177"}, "+14155550177"),
        ("+14155550177", "+14155550177"),
        ({"number": 5}, None),
        (None, None),
    ],
)
def test_a_transfer_destination_in_every_shape(target: Any, kept: str | None) -> None:
    payload = body("transfer_started")
    payload["transfer_destination"] = target
    assert read(payload).facts.get("transfer_destination") == kept


def test_a_chat_transcript_is_filed_under_the_chat() -> None:
    event = read(body("chat_transcript_updated", "chat_1"))
    assert (event.subject, event.id, event.kind) == ("chat", "chat_1", "transcript")
    assert event.entries is not None
    assert [entry["role"] for entry in event.entries] == ["agent", "user"]


@pytest.mark.parametrize(
    ("fields", "text", "final"),
    [
        ({"transcript": " Book it ", "isFinal": True}, "Book it", True),
        ({"transcript": "Book", "isFinal": False}, "Book", False),
        ({"transcript": "Book", "is_final": False}, "Book", False),
        ({"transcript": "Book"}, "Book", True),
        ({}, "", True),
        ({"transcript": None, "isFinal": None}, "", True),
    ],
)
def test_plain_transcripts(fields: dict[str, Any], text: str, final: bool) -> None:
    event = read({"event": "transcript", "sessionId": "s-1", **fields})
    assert (event.text, event.final, event.subject) == (text, final, "session")


def test_plain_ids_in_both_spellings() -> None:
    assert read({"event": "session_start", "sessionId": "s-1"}).id == "s-1"
    assert read({"event": "session_start", "session_id": "s-1"}).id == "s-1"


def test_a_plain_event_id_makes_a_repeat_recognisable_for_long() -> None:
    first = read({"event": "transcript", "sessionId": "s", "transcript": "yes", "eventId": 4})
    again = read({"event": "transcript", "sessionId": "s", "transcript": "yes!", "eventId": 4})
    other = read({"event": "transcript", "sessionId": "s", "transcript": "yes", "eventId": 5})
    assert first.key == again.key != other.key
    assert first.keep_s > read({"event": "transcript", "sessionId": "s", "transcript": "y"}).keep_s


@pytest.mark.parametrize("payload", [
    {"event": "call_paused", "call": {"call_id": "call_1"}},
    {"event": "chat_paused", "chat": {"chat_id": "call_1"}},
    {"event": "mood", "sessionId": "call_1"},
])  # fmt: skip
def test_unknown_events_are_filed_where_they_belong(payload: dict[str, Any]) -> None:
    event = read(payload)
    assert (event.kind, event.id) == ("unknown", "call_1")


@pytest.mark.parametrize("payload", [
    {"event": "x"},
    {"event": "x", "call": 5},
    {"event": "x", "call": {"call_id": 5}},
    {"event": "x", "sessionId": "with blank"},
])  # fmt: skip
def test_unknown_events_without_an_id_are_no_error(payload: dict[str, Any]) -> None:
    assert read(payload).id == ""


@pytest.mark.parametrize("payload", [
    [], "text", 5, None, {}, {"event": 5}, {"event": ""}, {"event": "e" * 101}, {"event": None},
    {"event": "call_started"},
    {"event": "call_started", "call": []},
    {"event": "call_started", "call": {}},
    {"event": "call_started", "call": {"call_id": 7}},
    {"event": "call_started", "call": {"call_id": ""}},
    {"event": "call_started", "call": {"call_id": "a b"}},
    {"event": "call_started", "call": {"call_id": "a{b}"}},
    {"event": "call_started", "call": {"call_id": "a/b"}},
    {"event": "call_started", "call": {"call_id": "x" * 129}},
    {"event": "call_started", "chat": {"chat_id": "c"}},
    {"event": "chat_started", "call": {"call_id": "c"}},
    {"event": "alert_triggered", "alert": {}},
    {"event": "session_start"},
    {"event": "session_start", "sessionId": 5},
    {"event": "transcript", "sessionId": "s", "transcript": 5},
    {"event": "transcript", "sessionId": "s", "transcript": "x", "isFinal": "yes"},
])  # fmt: skip
def test_a_wrong_envelope_is_refused(payload: Any) -> None:
    with pytest.raises(BadRequest):
        read(payload)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff", b'{"event": NaN}', b"[" * 5000, b'{"a":"\\ud800"}']
)
def test_broken_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_a_bad_request(raw: bytes) -> None:
    try:
        parse(raw)
    except BadRequest:
        pass


@given(name=st.sampled_from(HOOKS), data=st.data())
def test_any_field_may_be_of_any_type_or_missing(name: str, data: st.DataObject) -> None:
    payload = body(name)
    holder = next((payload[key] for key in ("call", "chat", "alert") if key in payload), payload)
    place = data.draw(st.sampled_from(sorted({*holder, *payload} - {"call", "chat", "alert"})))
    holder[place] = data.draw(JSON)
    try:
        raw = orjson.dumps(payload)
    except TypeError:  # an integer that JSON libraries do not take
        return
    try:
        event = parse(raw)
    except BadRequest:
        return
    orjson.dumps([event.facts, event.entries])
