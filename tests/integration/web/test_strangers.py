"""What strangers may keep waiting, fill and break: a whole server in production, raw sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.local.embedded_redis import RedisServer
from app.security import twilio_signature
from tests.support.waiting import eventually
from tests.support.web_server import WebServer, answer_of, head, signed

PLAIN = b'{"event":"session_start","sessionId":"s-%d"}'


@pytest.fixture(scope="module")
def server(
    redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebServer]:
    """MAX_CALLS=1 leaves room for 938 connections."""
    running = WebServer(tmp_path_factory.mktemp("web"), redis_server.url, MAX_CALLS="1")
    yield running
    running.stop()


@pytest.fixture
def sockets(server: WebServer) -> Iterator[list[socket.socket]]:
    found: list[socket.socket] = []
    yield found
    for sock in found:
        sock.close()


def test_silent_connections_and_halves_leave_room(
    server: WebServer, sockets: list[socket.socket]
) -> None:
    half_body = head(
        "POST",
        "/webhook/retell",
        Content_Type="application/json",
        Content_Length="1000",
        X_Retell_Signature=f"v={int(time.time() * 1000)},d={'0' * 64}",
    )
    for number in range(1250):
        sock = server.connect()
        sockets.append(sock)
        with contextlib.suppress(OSError):
            sock.sendall((b"", b"GET /health HT", half_body + b"{")[number % 3])
    for number in range(5):
        began = time.monotonic()
        assert server.get("/health")[0] == 200
        assert server.hook(PLAIN % number)[0] == 200
        assert time.monotonic() - began < 5


def test_a_body_that_does_not_come_is_given_up(server: WebServer) -> None:
    with server.connect() as sock:
        body = b"{}" + b" " * 100
        fields = {name.replace("-", "_"): value for name, value in signed(body).items()}
        sock.sendall(head("POST", "/webhook/retell", Content_Length="102", **fields) + b"{")
        assert answer_of(sock).startswith(b"HTTP/1.1 408 ")


def test_a_request_that_does_not_come_is_given_up(server: WebServer) -> None:
    with server.connect() as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost")
        assert answer_of(sock) == b""


def test_large_bodies_of_strangers_share_a_bounded_space(
    server: WebServer, sockets: list[socket.socket]
) -> None:
    before = server.memory()
    request = head(
        "POST",
        "/webhook/retell",
        Content_Type="application/json",
        Content_Length="3900000",
        X_Retell_Signature=f"v={int(time.time() * 1000)},d={'0' * 64}",
    )
    part = b" " * 65536

    def send(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.sendall(request)
            for _ in range(58):
                sock.sendall(part)

    threads = []
    for _ in range(40):
        sock = server.connect()
        sockets.append(sock)
        threads.append(threading.Thread(target=send, args=(sock,), daemon=True))
        threads[-1].start()
    time.sleep(2)
    assert server.memory() - before < 120_000_000
    assert server.hook(PLAIN % 99)[0] == 200


def test_a_sender_sees_that_its_body_is_too_large(server: WebServer) -> None:
    body = b" " * 6_000_000
    for close in ("close", "keep-alive"):
        with server.connect() as sock:
            sock.sendall(
                head(
                    "POST",
                    "/webhook/retell",
                    Content_Type="application/json",
                    Content_Length=str(len(body)),
                    Connection=close,
                )
            )
            time.sleep(0.2)
            sock.sendall(body)  # still sending when it is answered
            assert sock.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_multipart_is_refused_before_it_is_read(server: WebServer) -> None:
    with server.connect() as sock:
        sock.sendall(
            head(
                "POST",
                "/twilio/voice",
                Content_Type="multipart/form-data; boundary=b",
                Transfer_Encoding="chunked",
                X_Twilio_Signature="x",
            )
        )
        sock.sendall(b"5\r\n--b\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 415 ")


@pytest.mark.parametrize("size", [b"zz", b"-5", b"5 5", b"0x5", b"5;\x00"])
def test_broken_chunks_are_malformed(server: WebServer, size: bytes) -> None:
    fields = {name.replace("-", "_"): value for name, value in signed(b"hello").items()}
    with server.connect() as sock:
        sock.sendall(head("POST", "/webhook/retell", Transfer_Encoding="chunked", **fields))
        sock.sendall(size + b"\r\nhello\r\n0\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_a_socket_without_a_token_is_cut_off_when_it_talks_much(server: WebServer) -> None:
    with server.connect() as sock:
        sock.sendall(
            head(
                "GET",
                "/media-stream",
                Connection="Upgrade",
                Upgrade="websocket",
                Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
                Sec_WebSocket_Version="13",
            )
        )
        assert sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        with contextlib.suppress(OSError):
            for _ in range(200):
                sock.sendall(b"\x89\x80abcd" * 1000)
                time.sleep(0.01)
    eventually(lambda: '"gone":"too much"' in server.log)


@pytest.mark.parametrize("proto", ["https", "HTTPS", "Https, http"])
@pytest.mark.parametrize(
    "path",
    [
        "/twilio/voice",
        "/twilio/voice?",
        "/twilio/voice?agent=M%69a",
        "/twilio%2Fvoice",
        "/%74wilio/voice",
    ],
)
def test_twilio_signs_the_address_as_it_wrote_it(server: WebServer, proto: str, path: str) -> None:
    form = {"CallSid": "CA1", "From": "", "To": ""}
    url = f"https://127.0.0.1:{server.port}{path}"
    status, _ = server.ask(
        "POST",
        path,
        urlencode(form).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Forwarded-Proto": proto,
            "X-Twilio-Signature": twilio_signature.sign(url, form, "twilio-secret-1"),
        },
    )
    assert status == 200


def test_metrics_under_load_turn_no_webhook_away(server: WebServer) -> None:
    ended = threading.Event()

    def scrape() -> None:
        while not ended.is_set():
            server.get("/metrics")

    threads = [threading.Thread(target=scrape, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        answers = [server.hook(PLAIN % number)[0] for number in range(100, 160)]
    finally:
        ended.set()
        for thread in threads:
            thread.join(10)
    assert answers == [200] * 60


def test_a_wrong_start_says_why_in_one_line(tmp_path: Path, redis_url: str) -> None:
    for settings, said in (
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be one of"),
        ({"AGENT_FILE": str(tmp_path)}, f"AGENT_FILE {tmp_path}: "),
        ({"SOCKET_TOKEN": "", "ADMIN_TOKEN": ""}, "SOCKET_TOKEN is missing; ADMIN_TOKEN is miss"),
    ):
        with pytest.raises(AssertionError) as raised:
            WebServer(tmp_path, redis_url, **settings)
        assert said in str(raised.value)
        assert "Traceback" not in str(raised.value)
