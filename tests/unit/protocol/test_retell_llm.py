"""Frames of the custom-LLM socket: a bad member costs itself, never the turn."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ProtocolError
from app.protocol import retell_llm
from app.protocol.retell_llm import CallDetails, ResponseRequired, Update, Utterance, parse

HELLO = {"role": "user", "content": "Hello"}
ODD: list[Any] = [
    None,
    5,
    [],
    "text",
    {},
    {"role": "user"},
    {"role": "user", "content": None},
    {"role": None, "content": "x"},
    {"role": {"a": 1}, "content": "x"},
    {"role": "user", "content": ["x"]},
]


def frame(**members: Any) -> bytes:
    return orjson.dumps({"interaction_type": "response_required", "response_id": 3, **members})


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_entry_is_left_out(odd: Any) -> None:
    parsed = parse(frame(transcript=[odd, HELLO, odd]))
    assert parsed == ResponseRequired(3, (Utterance("user", "Hello"),))
    updated = parse(orjson.dumps({"interaction_type": "update_only", "transcript": [odd, HELLO]}))
    assert isinstance(updated, Update)
    assert updated.transcript == (Utterance("user", "Hello"),)


def test_no_transcript_leaves_the_request() -> None:
    assert parse(frame()) == parse(frame(transcript=None)) == ResponseRequired(3, ())


def test_half_an_emoji_leaves_the_words() -> None:
    raw = frame(transcript=[HELLO]).replace(b"Hello", b"Hello \\ud83d")
    assert parse(raw) == ResponseRequired(3, (Utterance("user", "Hello \ufffd"),))


@pytest.mark.parametrize(("given_id", "read"), [(7, 7), (7.0, 7)])
def test_an_id_is_a_whole_number_however_it_is_written(given_id: Any, read: int) -> None:
    parsed = parse(frame(response_id=given_id))
    assert isinstance(parsed, ResponseRequired)
    assert parsed.response_id == read


@pytest.mark.parametrize("given_id", [None, -1, 1.5, True, "7", [], {}])
def test_without_an_id_there_is_nothing_to_answer(given_id: Any) -> None:
    with pytest.raises(ProtocolError):
        parse(frame(response_id=given_id))


def test_call_details_can_be_written_again_however_deep_they_are() -> None:
    raw = b'{"interaction_type":"call_details","call":{"call_id":"c","x":%b1%b}}'
    parsed = parse(raw % (b'{"a":' * 300, b"}" * 300))
    assert isinstance(parsed, CallDetails)
    assert parsed.call["call_id"] == "c"
    orjson.dumps(parsed.call)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=4), JSON)
def test_anything_in_a_transcript_leaves_the_request(entries: list[Any], other: Any) -> None:
    parsed = parse(frame(transcript=[*entries, HELLO], metadata=other))
    assert isinstance(parsed, ResponseRequired)
    assert parsed.transcript[-1] == Utterance("user", "Hello")
    assert retell_llm.ping_pong(1)


@pytest.mark.parametrize("transcript", [5, "hello", {"role": "user"}, True, None, [[]], [None, 7]])
def test_a_transcript_of_another_shape_costs_itself_not_the_turn(transcript: object) -> None:
    raw = {"interaction_type": "response_required", "response_id": 3, "transcript": transcript}
    event = parse(orjson.dumps(raw))
    assert event == ResponseRequired(3, (), False)
