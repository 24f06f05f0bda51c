"""Audio calls on a scripted stream, of a telephone and of a page."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, cast

import orjson
import pytest

from app.adapters.audio.prerecorded import LineStore
from app.bridges.channels.page import PageChannel
from app.bridges.channels.twilio import PhoneChannel, read_start
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.record.replay import play
from app.errors import ProtocolError, Unavailable
from app.protocol.twilio import Start
from tests.support.audio_sim import agent
from tests.support.bridge_desk import Desk, ScriptedSocket, Store

START = Start("MZ1", "call_1", "AC1", "audio/x-mulaw", 8000, 1)
QUIET = {"event": "media", "media": {"payload": b64encode(b"\xff" * 160).decode()}}
STOP = {"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "call_1"}}


class Lines:
    """Lines that are kept; none is known."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.away = False

    def known(self, agent: Agent) -> dict[str, bytes]:
        if self.away:
            raise Unavailable("Redis is away")
        return {}

    def keep(self, agent: Agent, text: str, audio: bytes) -> None:
        self.kept[text] = audio


def desk(kind: type[PhoneChannel] = PhoneChannel, lines: Lines | None = None, **parts: Any) -> Desk:
    mia = agent()
    details = {"from_number": "+14155550187", "direction": "inbound"}
    channel = kind(START, mia, details, cast(LineStore, lines or Lines()))
    return Desk(channel, mia, **parts)


def events(one: Desk, name: str) -> list[dict[str, Any]]:
    return [frame for frame in one.ws.sent if frame["event"] == name]


def speak(one: Desk, ms: int = 400, response_id: str = "resp_1") -> None:
    """The model says something."""
    session = one.session
    one.until(lambda: "response.create" in session.types())
    meta = {"metadata": {"k": session.asked_key()}}
    session.say("response.created", response={"id": response_id, **meta})
    where = {"response_id": response_id, "item_id": f"item_{response_id}"}
    item = {"id": where["item_id"], "type": "message", "role": "assistant"}
    session.say("response.output_item.added", response_id=response_id, item=item)
    session.say("response.output_audio_transcript.delta", delta="Hello there.", **where)
    audio = b64encode(b"\x30" * (8 * ms)).decode()
    session.say("response.output_audio.delta", delta=audio, **where)
    session.say("response.output_item.done", response_id=response_id, item=item)
    done = {"id": response_id, "status": "completed", "output": [item], **meta}
    session.say("response.done", response=done)


def play_out(one: Desk) -> None:
    """The telephone plays all it gets, and says so."""
    known = 0
    while (turns := len(one.store.turns)) == 0:
        marks = events(one, "mark")
        for mark in marks[known:]:
            one.ws.put({"event": "mark", "mark": mark["mark"]})
        known = len(marks)
        one.ws.put(QUIET)
        before = one.live.clock()
        one.until(lambda before=before: one.live.clock() - before > 0.02)  # type: ignore[misc]
    assert turns


def test_the_agents_voice_reaches_the_phone_and_the_record() -> None:
    one = desk()
    speak(one)
    play_out(one)
    assert sum(len(f["media"]["payload"]) for f in events(one, "media")) > 4000
    assert one.store.turns[0]["ended"] == "answered"
    one.ws.put(STOP)
    one.end(None)
    assert one.store.ended
    assert one.store.fields["from_number"] == "+14155550187"
    assert one.store.fields["channel"] == "twilio"
    assert one.session.closed
    record = [orjson.loads(line) for line in one.store.lines]
    playback = play(record)
    assert playback.difference is None
    assert playback.decisions > 10
    assert not any("/v8" in str(entry) for entry in record), "no voice"


def test_frames_of_one_decision_leave_in_one_write() -> None:
    one = desk()
    speak(one, ms=1000)
    one.until(lambda: len(events(one, "media")) >= 8)
    assert one.ws.writes < len(one.ws.sent)
    one.ws.put(STOP)
    one.end(None)


def test_a_stream_that_is_cut_leaves_the_call_to_the_next_one() -> None:
    one = desk()
    speak(one)
    one.until(lambda: one.store.state is not None)
    one.end(None)
    assert (one.store.ended, one.store.released) == (False, True)
    two = desk(store=one.store, process="p2")
    two.until(lambda: "response.create" in two.session.types())
    assert "do not greet again" in str(two.session.got)
    two.ws.put(STOP)
    two.end(None)
    assert two.store.ended


def test_a_page_that_is_closed_does_not_come_back() -> None:
    one = desk(PageChannel)
    speak(one)
    one.until(lambda: events(one, "said"))
    said = events(one, "said")[-1]["entries"][0]
    assert (said["role"], said["text"]) == ("agent", "Hello there.")
    one.ws.put({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"digit": "1"}})
    one.until(lambda: events(one, "note"))
    assert [note["kind"] for note in events(one, "note")] == ["turn"]
    one.end(None)
    assert one.store.ended


def test_a_telephone_is_told_of_no_notes() -> None:
    one = desk()
    speak(one)
    play_out(one)
    assert {frame["event"] for frame in one.ws.sent} <= {"media", "mark", "clear"}
    one.ws.put(STOP)
    one.end(None)


def test_a_call_of_the_other_channel_is_not_taken_over() -> None:
    store = Store()
    store.state = {"version": 1, "details": {}}
    one = desk(store=store)
    one.greenlet.join(10)
    assert isinstance(one.greenlet.exception, ProtocolError)


def test_lines_that_cannot_be_read_are_missing_and_nothing_else() -> None:
    lines = Lines()
    lines.away = True
    one = desk(lines=lines)
    speak(one)
    one.until(lambda: events(one, "media"))
    one.ws.put(STOP)
    one.end(None)


def test_a_stream_must_say_first_which_call_it_is() -> None:
    socket = ScriptedSocket()
    socket.put({"event": "connected", "protocol": "Call", "version": "1.0.0"})
    start = {"streamSid": "MZ1", "callSid": "call_1", "accountSid": "AC1"}
    socket.put({"event": "start", "streamSid": "MZ1", "start": start})
    found = read_start(cast(Connection, socket))
    assert found is not None
    assert found.call_sid == "call_1"


@pytest.mark.parametrize(
    "frame",
    [
        QUIET,
        {
            "event": "start",
            "start": {
                "streamSid": "MZ1",
                "callSid": "c",
                "mediaFormat": {"encoding": "audio/opus"},
            },
        },
    ],
)
def test_a_stream_of_another_kind_is_refused(frame: dict[str, Any]) -> None:
    socket = ScriptedSocket()
    socket.put(frame)
    with pytest.raises(ProtocolError):
        read_start(cast(Connection, socket))


def test_a_stream_that_leaves_before_it_says_anything_is_none() -> None:
    socket = ScriptedSocket()
    socket.hang_up()
    assert read_start(cast(Connection, socket)) is None
