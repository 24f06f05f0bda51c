"""The rehearsal model over its real socket, driven by the SDK's own client."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from openai.resources.realtime.realtime import RealtimeConnection
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from tests.support.realtime_probe import check
from tests.support.rehearsal_server import RehearsalServer
from tests.support.waiting import eventually

MODEL = "gpt-realtime-2.1"


@pytest.fixture(scope="module")
def shared() -> Iterator[RehearsalServer]:
    with RehearsalServer() as server:
        yield server


@pytest.fixture
def server(shared: RehearsalServer) -> RehearsalServer:
    shared.post("/control/reset")
    shared.post("/control/pace", {"name": "none"})
    return shared


def receive(connection: RealtimeConnection) -> dict[str, Any]:
    """The next event, checked against the SDK's types."""
    return check(connection.recv_bytes())


def until(connection: RealtimeConnection, kind: str) -> list[dict[str, Any]]:
    events = [receive(connection)]
    while events[-1]["type"] != kind:
        events.append(receive(connection))
    return events


def text_session(connection: RealtimeConnection) -> None:
    until(connection, "session.created")
    connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
    until(connection, "session.updated")


def ask(connection: RealtimeConnection, text: str) -> str:
    connection.conversation.item.create(
        item={
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": text}],
        }
    )
    connection.response.create(response={"metadata": {"k": "1"}})
    events = until(connection, "response.done")
    assert events[-1]["response"]["metadata"] == {"k": "1"}
    return "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")


def test_a_text_turn_with_the_sdk(server: RehearsalServer) -> None:
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        answer = ask(connection, "Hello, who are you?")
    assert "rehearsal model" in answer
    assert server.violations() == {}


def test_scripted_replies_are_given_word_for_word(server: RehearsalServer) -> None:
    server.post(
        "/control/script",
        {"replies": ["First.", [{"say": "Second."}, {"call": "look", "arguments": {"a": 1}}]]},
    )
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        assert ask(connection, "hi") == "First."
        connection.response.create()
        events = until(connection, "response.done")
    output = events[-1]["response"]["output"]
    assert output[0]["content"][0]["text"] == "Second."
    assert (output[1]["name"], output[1]["arguments"]) == ("look", '{"a":1}')


def test_wrong_clients_are_refused_and_counted(server: RehearsalServer) -> None:
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        connection.response.cancel(event_id="x1")
        problem = receive(connection)["error"]
        assert (problem["code"], problem["event_id"]) == ("response_cancel_not_active", "x1")
    assert server.violations() == {"response_cancel_not_active": 1}
    shown = server.get("/control/violations")["violations"][0]
    assert shown["event"] == "response.cancel"


def test_what_a_session_received_can_be_seen(server: RehearsalServer) -> None:
    headers = {"OpenAI-Safety-Identifier": "caller-7"}
    with server.client().realtime.connect(model=MODEL, extra_headers=headers) as connection:
        text_session(connection)
        ask(connection, "Hello there")
        brief = server.get("/control/sessions")["sessions"][-1]
        assert (brief["live"], brief["responses"], brief["caller"]) == (True, 1, "caller-7")
        shown = server.get(f"/control/sessions/{brief['session']}")
    assert shown["items"][0]["content"][0]["text"] == "Hello there"
    assert shown["received"]["response.create"] == 1
    assert shown["log"][0]["type"] == "session.update"
    number = brief["session"]
    eventually(lambda: not server.get(f"/control/sessions/{number}")["live"])


def test_audio_from_speech_to_speech(server: RehearsalServer) -> None:
    server.post("/control/transcripts", {"texts": ["What are you?"]})
    with server.client().realtime.connect(model=MODEL) as connection:
        until(connection, "session.created")
        connection.session.update(
            session={
                "type": "realtime",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcmu"},
                        "transcription": {"model": "gpt-4o-transcribe"},
                        "turn_detection": {"type": "server_vad", "silence_duration_ms": 200},
                    },
                    "output": {"format": {"type": "audio/pcmu"}},
                },
            }
        )
        until(connection, "session.updated")
        speech, silence = b"\x10\x90" * 2400, b"\xff" * 2400
        for chunk in (silence, speech, silence):
            connection.input_audio_buffer.append(audio=base64.b64encode(chunk).decode())
        until(connection, "input_audio_buffer.speech_started")
        events = until(connection, "response.done")
    heard = [e for e in events if e["type"].endswith("transcription.completed")]
    assert heard[0]["transcript"] == "What are you?"
    frames = [e["delta"] for e in events if e["type"] == "response.output_audio.delta"]
    audio = b"".join(base64.b64decode(frame) for frame in frames)
    said = events[-1]["response"]["output"][0]["content"][0]["transcript"]
    assert "rehearsal model" in said
    assert len(audio) > 8 * 1000
    assert len(set(audio)) > 20


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_refused_handshakes(server: RehearsalServer, status: int) -> None:
    server.faults({"kind": "refuse", "status": status, "count": 1})
    with pytest.raises(InvalidStatus) as refused:
        server.client().realtime.connect(model=MODEL).enter()
    assert refused.value.response.status_code == status
    with server.client().realtime.connect(model=MODEL) as connection:
        until(connection, "session.created")


def test_handshakes_need_a_key_and_a_model(server: RehearsalServer) -> None:
    with pytest.raises(InvalidStatus) as refused:
        server.client(default_headers={"Authorization": ""}).realtime.connect(model=MODEL).enter()
    assert refused.value.response.status_code == 401
    with server.client().realtime.connect(model="gpt-nothing") as connection:
        assert receive(connection)["error"]["code"] == "model_not_found"
        with pytest.raises(ConnectionClosedError):
            connection.recv_bytes()


def test_the_beta_header_is_answered_with_4000(server: RehearsalServer) -> None:
    headers = {"OpenAI-Beta": "realtime=v1"}
    with server.client().realtime.connect(model=MODEL, extra_headers=headers) as connection:
        assert receive(connection)["error"]["code"] == "beta_api_shape_disabled"
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv_bytes()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


@pytest.mark.parametrize(
    ("how", "code", "seen"),
    [("rst", 0, None), ("fin", 0, None), ("close", 1006, None), ("close", 1011, 1011),
     ("close", 4000, 4000), ("close", 1001, 1001)],
)  # fmt: skip
def test_drops_in_mid_answer(server: RehearsalServer, how: str, code: int, seen: Any) -> None:
    server.faults({"kind": "drop", "how": how, "code": code, "after": 2, "count": 1})
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        with pytest.raises((ConnectionClosedError, ConnectionClosedOK)) as closed:
            ask(connection, "Hello")
    received = closed.value.rcvd
    assert (received.code if received else None) == seen


def test_live_connections_can_be_dropped(server: RehearsalServer) -> None:
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        number = server.get("/control/sessions")["sessions"][-1]["session"]
        dropped = server.post("/control/drop", {"session": number, "how": "close", "code": 1012})
        assert dropped == {"dropped": [number]}
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv_bytes()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


def test_expiry_is_an_error_and_then_1001(server: RehearsalServer) -> None:
    server.faults({"kind": "expire", "seconds": 0.2, "count": 1})
    with server.client().realtime.connect(model=MODEL) as connection:
        assert until(connection, "error")[-1]["error"]["code"] == "session_expired"
        with pytest.raises(ConnectionClosedOK) as closed:
            connection.recv_bytes()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


def test_a_slow_reader_answers_no_pings_and_then_all(server: RehearsalServer) -> None:
    server.faults({"kind": "slow_reader", "seconds": 1.0, "count": 1})
    with server.client().realtime.connect(model=MODEL) as connection:
        until(connection, "session.created")
        connection.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        until(connection, "session.updated")
        began = time.monotonic()
        assert ask(connection, "hello")
        assert time.monotonic() - began > 0.5


def test_a_hanging_handshake(server: RehearsalServer) -> None:
    server.faults({"kind": "hang", "count": 1})
    options: Any = {"open_timeout": 0.5}
    with pytest.raises(TimeoutError):
        server.client().realtime.connect(model=MODEL, websocket_connection_options=options).enter()


def test_deltas_come_at_their_pace(server: RehearsalServer) -> None:
    server.post("/control/pace", {"created": 0, "first": 0.2, "delta": 0.05})
    server.post("/control/script", {"replies": ["one two three four five six seven"]})
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        began = time.monotonic()
        ask(connection, "hello")
        assert 0.5 <= time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", b"", 404),
        ("GET", "/control/nothing", b"", 404),
        ("POST", "/control/faults", b"{", 400),
        ("POST", "/control/faults", b'{"kind":"explode"}', 400),
        ("POST", "/control/faults", b"7", 400),
        ("POST", "/control/script", b"{}", 400),
        ("POST", "/control/script", b'{"replies":[[]]}', 400),
        ("POST", "/control/pace", b'{"name":"slowly"}', 400),
        ("POST", "/control/drop", b'{"how":"gently"}', 400),
        ("GET", "/control/sessions/999999", b"", 404),
        ("GET", "/control/sessions/x", b"", 400),
        ("GET", "/v1/realtime?model=x", b"", 404),
    ],
)
def test_wrong_orders_are_answered(
    server: RehearsalServer, method: str, path: str, body: bytes, status: int
) -> None:
    got, answer = server.request(method, path, body or None)
    assert got == status
    assert answer["error"]["code"] in ("malformed", "not_found")
    assert server.get("/health")["status"] == "ok"


def test_control_tells_what_it_can_do(server: RehearsalServer) -> None:
    overview = server.get("/control")
    assert "POST /control/faults" in overview["paths"]
    assert "stall" in overview["faults"]
    assert MODEL in {model["id"] for model in server.get("/v1/models")["data"]}


def test_garbage_on_the_port_harms_nobody(server: RehearsalServer) -> None:
    with server.client().realtime.connect(model=MODEL) as connection:
        text_session(connection)
        for garbage in (b"\x00" * 100, b"GET /v1/realtime HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
                        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"):  # fmt: skip
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
                raw.sendall(garbage)
        assert ask(connection, "hello")


def test_stops_on_sigterm_and_tells_its_clients() -> None:
    server = RehearsalServer().start()
    with server.client().realtime.connect(model=MODEL) as connection:
        until(connection, "session.created")
        assert server.stop() == 0
        with pytest.raises(ConnectionClosedOK) as closed:
            connection.recv_bytes()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.rehearsal", *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_busy_port_is_one_clear_line(server: RehearsalServer) -> None:
    ended = run("--port", str(server.port))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert str(server.port) in ended.stderr


def test_a_wrong_switch_is_named() -> None:
    ended = run("--fault", "explode")
    assert ended.returncode == 2
    assert "explode" in ended.stderr
