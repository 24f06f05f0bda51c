"""Sockets over the product's gunicorn and a real client, which checks every frame it gets."""

from __future__ import annotations

import base64
import os
import socket
import threading
import urllib.error

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.waiting import eventually

from .conftest import Server


def dial(server: Server, path: str, **options: object) -> ClientConnection:
    return connect(server.url(path), **options)  # type: ignore[arg-type]


def raw_handshake(server: Server, path: str, **changes: str | None) -> socket.socket:
    """A TCP connection with an upgrade request sent; headers changed or (None) left out."""
    headers: dict[str, str | None] = {
        "Host": "x",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
    }
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    sock.sendall("\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode())
    return sock


def masked(head: int, data: bytes) -> bytes:
    """A client's frame of 126 to 65,535 bytes, with a mask of zeros."""
    return bytes([head, 0xFE]) + len(data).to_bytes(2, "big") + b"\0\0\0\0" + data


def test_text_and_binary_come_back_as_what_they_were(server: Server) -> None:
    with dial(server, "/echo") as ws:
        for message in ("hello", "", "grüße 🎉", b"\x00\xff", "x" * 4000):
            ws.send(message)
            assert ws.recv(timeout=10) == message


def test_a_message_in_fragments_is_joined(server: Server) -> None:
    with dial(server, "/echo") as ws:
        ws.send(iter(["one ", "two ", "three"]))
        assert ws.recv(timeout=10) == "one two three"


def test_deflate_is_never_negotiated(server: Server) -> None:
    with dial(server, "/echo", compression="deflate") as ws:
        assert ws.response is not None
        assert "Sec-WebSocket-Extensions" not in ws.response.headers


def test_a_peer_that_stops_reading_gets_every_byte_once_it_reads(server: Server) -> None:
    count, size = 2000, 20_000
    sock = raw_handshake(server, f"/flood/{count}/{size}")
    # The server has sent all it can while nothing was read here, and serves others meanwhile.
    with dial(server, "/echo") as other:
        other.send("still there?")
        assert other.recv(timeout=10) == "still there?"
    sock.close()
    with dial(server, f"/flood/{count}/{size}", max_queue=1, max_size=None) as ws:
        threading.Event().wait(0.5)
        for number in range(count):
            assert ws.recv(timeout=20) == f"{number}:" + chr(97 + number % 26) * size
        assert ws.recv(timeout=10) == "done"


def test_a_peer_too_slow_for_its_queue_is_cut_off(server: Server) -> None:
    sock = raw_handshake(server, "/flood/20000/10000")
    eventually(lambda: server.get("/last").get("gone") == "too slow", timeout=30)
    assert server.get("/last")["code"] == 1006
    sock.close()


def test_frames_of_two_senders_do_not_mix(server: Server) -> None:
    count = 400
    with dial(server, f"/two-senders/{count}", max_queue=1) as ws:
        threading.Event().wait(0.3)
        seen: dict[str, list[int]] = {"a": [], "b": []}
        while (message := str(ws.recv(timeout=20))) != "done":
            head, _, body = message.partition(":")
            assert body == head[0] * 3000
            seen[head[0]].append(int(head[1:]))
        assert seen == {"a": list(range(count)), "b": list(range(count))}


def test_an_exception_in_the_handler_closes_with_1011(server: Server) -> None:
    with dial(server, "/fails") as ws:
        assert ws.recv(timeout=10) == "so far so good"
        with pytest.raises(ConnectionClosedError) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    assert "a bug" not in closed.value.rcvd.reason
    assert "RuntimeError: a bug" in server.log


def test_nothing_of_http_follows_the_last_frame(server: Server) -> None:
    sock = raw_handshake(server, "/fails")
    data = b""
    while chunk := sock.recv(65536):
        data += chunk
    sock.close()
    head, _, rest = data.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"HTTP/" not in rest
    assert rest == b"\x81\x0eso far so good" + b"\x88\x10\x03\xf3internal error"


def test_a_frame_over_the_limit_closes_with_1009(server: Server) -> None:
    with dial(server, "/echo") as ws:
        ws.send("x" * 4097)
        with pytest.raises(ConnectionClosedError) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_fragments_over_the_limit_close_with_1009(server: Server) -> None:
    sock = raw_handshake(server, "/echo")
    assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
    sock.sendall(masked(0x01, b"x" * 1000) + masked(0x00, b"x" * 1000) * 4)
    assert sock.recv(4096)[2:4] == (1009).to_bytes(2, "big")
    sock.close()


def test_a_frame_that_claims_a_terabyte_is_refused_at_its_header(server: Server) -> None:
    sock = raw_handshake(server, "/echo")
    assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
    sock.sendall(b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"mask")
    frame = sock.recv(4096)
    assert frame[:1] == b"\x88"
    assert frame[2:4] == (1009).to_bytes(2, "big")
    sock.close()


@pytest.mark.parametrize("frame", [b"\x81\x05hello", b"\xf1\x80abcd", b"\x83\x80abcd"])
def test_a_broken_frame_closes_with_1002(server: Server, frame: bytes) -> None:
    """Not masked; reserved bits set; unknown opcode."""
    sock = raw_handshake(server, "/echo")
    assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
    sock.sendall(frame)
    assert sock.recv(4096)[2:4] == (1002).to_bytes(2, "big")
    sock.close()


def test_a_close_inside_a_fragmented_message_is_answered_with_its_own_code(server: Server) -> None:
    sock = raw_handshake(server, "/echo")
    assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
    sock.sendall(b"\x01\x83\0\0\0\0one" + b"\x88\x82\0\0\0\0" + (1000).to_bytes(2, "big"))
    assert sock.recv(4096) == b"\x88\x02" + (1000).to_bytes(2, "big")
    sock.close()
    eventually(lambda: server.get("/last") == {**server.get("/last"), "code": 1000, "gone": None})


def test_text_that_is_not_utf8_closes_with_1007(server: Server) -> None:
    with dial(server, "/echo") as ws:
        ws.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosedError) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007


@pytest.mark.parametrize("code", [1000, 1001, 4001])
def test_close_reaches_the_peer_with_its_code(server: Server, code: int) -> None:
    with dial(server, f"/closes/{code}") as ws:
        assert ws.recv(timeout=10) == "bye"
        with pytest.raises(ConnectionClosed) as closed:
            ws.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "as asked")


def test_the_handler_learns_the_peers_code(server: Server) -> None:
    with dial(server, "/echo") as ws:
        ws.close(4321, "enough")
    eventually(lambda: server.get("/last") == server.get("/last") | {"code": 4321, "gone": None})


def test_the_handler_learns_that_the_peer_vanished(server: Server) -> None:
    sock = raw_handshake(server, "/echo")
    assert sock.recv(4096)
    sock.close()
    eventually(lambda: server.get("/last") == server.get("/last") | {"code": 1006, "gone": "lost"})


def test_an_abort_is_seen_as_1006_after_the_last_frame(server: Server) -> None:
    with dial(server, "/aborts") as ws:
        assert ws.recv(timeout=10) == "last words"
        with pytest.raises(ConnectionClosedError) as closed:
            ws.recv(timeout=10)
        assert closed.value.rcvd is None
        assert ws.close_code == 1006


def test_a_handler_that_does_not_read_leaves_the_bytes_with_the_sender(server: Server) -> None:
    sock = raw_handshake(server, "/sleeps/2.0")
    assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
    sock.settimeout(0.5)
    frames, taken = masked(0x82, b"x" * 4000) * 16, 0
    try:
        while taken < 100_000_000:
            taken += sock.send(frames)
    except TimeoutError:
        pass
    assert taken < 50_000_000
    sock.close()


def test_messages_sent_while_nobody_read_are_all_there(server: Server) -> None:
    with dial(server, "/sleeps/1.0") as ws:
        for _ in range(999):
            ws.send("x")
        ws.send("end")
        assert ws.recv(timeout=10) == "1000"


def test_a_wrong_token_is_answered_403_before_any_upgrade(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(server, "/guarded/wrong")
    assert refused.value.response.status_code == 403
    body = orjson.loads(refused.value.response.body or b"")
    assert body == {"error": {"code": "forbidden", "message": "wrong token"}}
    with dial(server, "/guarded/right") as ws:
        assert ws.recv(timeout=10) == "welcome"


def test_a_plain_request_is_told_to_upgrade(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.get("/echo")
    assert refused.value.code == 426
    assert b"upgrade_required" in refused.value.read()
    refused.value.close()


@pytest.mark.parametrize(
    "changes",
    [
        {"Sec_WebSocket_Key": None},
        {"Sec_WebSocket_Key": "short"},
        {"Sec_WebSocket_Version": "8"},
        {"Sec_WebSocket_Version": None},
    ],
)
def test_a_broken_handshake_is_a_bad_request(
    server: Server, changes: dict[str, str | None]
) -> None:
    sock = raw_handshake(server, "/echo", **changes)
    assert sock.recv(4096).startswith(b"HTTP/1.1 400 ")
    sock.close()


def test_an_unknown_path_is_not_found(server: Server) -> None:
    with pytest.raises(InvalidStatus) as refused:
        dial(server, "/nowhere")
    assert refused.value.response.status_code == 404


def test_the_log_tells_of_each_end_and_holds_no_token(server: Server) -> None:
    with dial(server, "/guarded/right") as ws:
        ws.recv(timeout=10)
    eventually(lambda: '"message":"socket closed","route":"guarded"' in server.log)
    assert "guarded/right" not in server.log


@pytest.mark.parametrize("own_server", [{"TEST_PING_INTERVAL": "1"}], indirect=True)
def test_a_silent_peer_is_pinged_and_cut_off_and_a_live_one_is_kept(own_server: Server) -> None:
    sock = raw_handshake(own_server, "/echo")  # never answers a ping
    with dial(own_server, "/echo", ping_interval=None) as ws:  # answers pings, sends nothing
        data = b""
        while chunk := sock.recv(4096):
            data += chunk
        assert data.endswith(b"\x89\x00")
        assert own_server.get("/last")["gone"] == "silent"
        ws.send("still here")
        assert ws.recv(timeout=10) == "still here"
    sock.close()
