"""Twilio Media Streams frames, read and written."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ProtocolError
from app.protocol.twilio import Connected, Dtmf, Mark, Media, Other, Start, Stop, Writer, parse

SID = "MZ" + "0" * 32


def xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own output


def frame(**body: Any) -> str:
    return json.dumps(body)


def test_connected() -> None:
    raw = frame(event="connected", protocol="Call", version="1.0.0")
    assert parse(raw) == Connected("Call", "1.0.0")


def test_start() -> None:
    raw = frame(
        event="start",
        sequenceNumber="1",
        streamSid=SID,
        start={
            "accountSid": "AC1",
            "streamSid": SID,
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "t", "from": "+14155550100", "odd": 5},
        },
    )
    assert parse(raw.encode()) == Start(
        SID, "CA1", "AC1", "audio/x-mulaw", 8000, 1, {"token": "t", "from": "+14155550100"}
    )


def test_media() -> None:
    audio = bytes(range(160))
    raw = frame(
        event="media",
        sequenceNumber="3",
        streamSid=SID,
        media={
            "track": "inbound",
            "chunk": "1",
            "timestamp": "520",
            "payload": b64encode(audio).decode(),
        },
    )
    assert parse(raw) == Media(audio, 520)


def test_media_without_timestamp() -> None:
    assert parse(frame(event="media", media={"payload": ""})) == Media(b"", -1)
    assert parse(frame(event="media", media={"payload": "", "timestamp": [1]})) == Media(b"", -1)


def test_dtmf_mark_stop_and_the_unknown() -> None:
    assert parse(frame(event="dtmf", dtmf={"track": "inbound_track", "digit": "#"})) == Dtmf("#")
    assert parse(frame(event="mark", mark={"name": "3:240"})) == Mark("3:240")
    assert parse(frame(event="stop", stop={"accountSid": "AC1", "callSid": "CA1"})) == Stop("CA1")
    assert parse(frame(event="stop")) == Stop("")
    assert parse(frame(event="somethingNew", more=1)) == Other("somethingNew")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "no json",
        b"\xff\xfe",
        "[]",
        "null",
        '"media"',
        "{}",
        frame(event=7),
        frame(event="media"),
        frame(event="media", media=[]),
        frame(event="media", media={}),
        frame(event="media", media={"payload": 5}),
        frame(event="media", media={"payload": "****"}),
        frame(event="media", media={"payload": "abc"}),
        frame(event="media", media={"payload": "é"}),
        frame(event="media", media={"payload": "A" * 40_000}),
        frame(event="start"),
        frame(event="start", start={"callSid": "CA1"}),
        frame(event="start", streamSid=SID, start={}),
        frame(event="start", streamSid=SID, start={"callSid": 5}),
        frame(event="start", streamSid="M" * 200, start={"callSid": "CA1"}),
        frame(event="dtmf", dtmf={"digit": "12"}),
        frame(event="dtmf", dtmf={"digit": "x"}),
        frame(event="dtmf", dtmf="1"),
        frame(event="mark", mark={}),
    ],
)
def test_broken_frames_raise_one_error(raw: str | bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse(raw)
    assert caught.value.code in ("malformed", "too_large")


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_nothing_else_ever_escapes(raw: bytes | str) -> None:
    try:
        parse(raw)
    except ProtocolError:
        pass


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["payload", "digit", "name", "callSid"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(
    st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", "x"]),
    st.dictionaries(
        st.sampled_from(["start", "media", "mark", "dtmf", "stop", "streamSid", "protocol"]),
        JSON_VALUES,
    ),
)
def test_odd_members_never_crash(event: str, members: dict[str, Any]) -> None:
    try:
        parse(json.dumps({"event": event, **members}))
    except ProtocolError:
        pass


@given(st.binary(max_size=2000))
def test_written_audio_is_read_back(audio: bytes) -> None:
    raw = Writer(SID).media(audio)
    assert json.loads(raw)["streamSid"] == SID
    assert parse(raw) == Media(audio, -1)


def test_written_mark_and_clear() -> None:
    writer = Writer('odd"sid')
    assert json.loads(writer.mark("1:20")) == {
        "event": "mark",
        "streamSid": 'odd"sid',
        "mark": {"name": "1:20"},
    }
    assert json.loads(writer.clear()) == {"event": "clear", "streamSid": 'odd"sid'}
