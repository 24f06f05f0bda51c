"""`RealtimeModel` and `Upstream` against real servers that accept, refuse, stall and vanish."""

from __future__ import annotations

import http
import queue
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from websockets.utils import accept_key

from tests.support.waiting import eventually

ROOT = Path(__file__).parents[4]


class Probe:
    """A running `tests.support.upstream_probe`."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.upstream_probe"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.said: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(orjson.loads(line))

    def tell(self, **command: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(orjson.dumps(command) + b"\n")
        self.process.stdin.flush()

    def ask(self, **command: Any) -> dict[str, Any]:
        self.tell(**command)
        return self.next()

    def next(self) -> dict[str, Any]:
        return self.said.get(timeout=90)

    def stop(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def probe() -> Iterator[Probe]:
    running = Probe()
    yield running
    running.stop()


Handler = Callable[[ServerConnection], None]


class ModelServer:
    """A WebSocket server whose connections run `handler`; keeps requests and messages."""

    def __init__(
        self,
        handler: Handler | None = None,
        answer: Callable[[ServerConnection, Request], Response | None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self.messages: queue.Queue[str | bytes] = queue.Queue()
        self.codes: queue.Queue[int | None] = queue.Queue()

        def run(ws: ServerConnection) -> None:
            assert ws.request is not None
            self.requests.append(ws.request)
            if handler is not None:
                handler(ws)
            try:
                for message in ws:
                    self.messages.put(message)
            except ConnectionClosed:
                pass
            self.codes.put(ws.close_code)

        self._server: Server = serve(
            run, "127.0.0.1", 0, process_request=answer, ssl=tls, max_size=None, close_timeout=1
        )
        self.port = self._server.socket.getsockname()[1]
        scheme = "https" if tls else "http"
        self.base_url = f"{scheme}://localhost:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join(5)


@pytest.fixture
def model_server() -> Iterator[Callable[..., ModelServer]]:
    servers: list[ModelServer] = []

    def make(*args: Any, **options: Any) -> ModelServer:
        servers.append(ModelServer(*args, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


MakeServer = Callable[..., ModelServer]


def test_events_go_both_ways_as_they_are(probe: Probe, model_server: MakeServer) -> None:
    server = model_server(lambda ws: ws.send('{"type":"session.created"}'))
    opened = probe.ask(do="open", base_url=server.base_url, safety="hash-of-a-caller")
    assert opened == {"opened": True}
    event = probe.next()
    assert event == {"event": '{"type":"session.created"}', "size": 26, "kind": "bytes"}
    probe.tell(do="send", text='{"type":"one"}')
    probe.tell(do="send", text='{"type":"zwölf"}', as_bytes=True)
    # Both are text frames: the API knows no other.
    assert server.messages.get(timeout=60) == '{"type":"one"}'
    assert server.messages.get(timeout=60) == '{"type":"zwölf"}'
    request = server.requests[0]
    assert request.path == "/v1/realtime?model=gpt-test"
    assert request.headers["Authorization"] == "Bearer sk-test-key"
    assert request.headers["OpenAI-Safety-Identifier"] == "hash-of-a-caller"
    assert "OpenAI-Beta" not in request.headers
    assert "Sec-WebSocket-Extensions" not in request.headers


def test_our_close_is_1000_and_is_no_loss(probe: Probe, model_server: MakeServer) -> None:
    server = model_server()
    assert probe.ask(do="open", base_url=server.base_url) == {"opened": True}
    assert probe.ask(do="close") == {"closed": True}
    assert server.codes.get(timeout=60) == 1000
    assert probe.ask(do="send", text="too late") == {"accepted": 0}
    # Nothing is left behind, and no loss was told in between.
    eventually(lambda: probe.ask(do="state") == {"kept": 0})


@pytest.mark.parametrize("ours", [True, False])
def test_an_ended_session_frees_itself(probe: Probe, model_server: MakeServer, ours: bool) -> None:
    server = model_server(lambda ws: None if ours else (ws.recv(), ws.close(1001, "over")))
    assert probe.ask(do="open", base_url=server.base_url) == {"opened": True}
    if ours:
        assert probe.ask(do="close") == {"closed": True}
    else:
        probe.ask(do="send", text="begin")
        assert probe.next()["lost"] == 1001
    eventually(lambda: probe.ask(do="left") == {"left": []})


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
def test_the_servers_close_is_told_once_with_its_code(
    probe: Probe, model_server: MakeServer, code: int
) -> None:
    server = model_server(lambda ws: (ws.recv(), ws.close(code, "over")))
    assert probe.ask(do="open", base_url=server.base_url) == {"opened": True}
    probe.tell(do="send", text="go")
    said = [probe.next(), probe.next()]
    assert {"lost": code, "reason": "over"} in said
    assert {"accepted": 1} in said
    assert probe.ask(do="send", text="too late") == {"accepted": 0}
    eventually(lambda: probe.ask(do="state") == {"kept": 0})


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
def test_a_connection_that_breaks_is_1006(probe: Probe, reset: bool) -> None:
    def accept_and_vanish(listener: socket.socket) -> None:
        sock = listener.accept()[0]
        request = sock.recv(65536).decode()
        key = request.lower().split("sec-websocket-key: ")[1].split("\r\n")[0]
        key = request[request.lower().index(key) :][: len(key)]
        answer = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        answer += [f"Sec-WebSocket-Accept: {accept_key(key)}", "", ""]
        sock.sendall("\r\n".join(answer).encode())
        sock.recv(65536)
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=accept_and_vanish, args=[listener])
        server.start()
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        assert probe.ask(do="open", base_url=base_url) == {"opened": True}
        said = [probe.ask(do="send", text="go"), probe.next()]
        server.join()
    assert {"lost": 1006, "reason": ""} in said
    assert {"accepted": 1} in said


def refusing(status: int, body: dict[str, Any] | None = None) -> Any:
    def answer(ws: ServerConnection, request: Request) -> Response:
        response = ws.respond(http.HTTPStatus(status), "no")
        if body is not None:
            response.body = orjson.dumps(body)
            del response.headers["Content-Length"]
            response.headers["Content-Length"] = str(len(response.body))
        return response

    return answer


@pytest.mark.parametrize(
    ("status", "error", "code", "fatal"),
    [
        (401, {"code": "invalid_api_key", "message": "Incorrect API key"}, "invalid_api_key", True),
        (401, None, "http_401", True),
        (404, {"code": "model_not_found", "message": "no such model"}, "model_not_found", True),
        (429, {"code": "rate_limit_exceeded", "message": "slow"}, "rate_limit_exceeded", False),
        (429, {"code": "insufficient_quota", "message": "pay"}, "insufficient_quota", True),
        (429, None, "http_429", False),
        (500, {"code": None, "type": "server_error"}, "server_error", False),
        (503, None, "http_503", False),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    probe: Probe,
    model_server: MakeServer,
    status: int,
    error: dict[str, Any] | None,
    code: str,
    fatal: bool,
) -> None:
    server = model_server(answer=refusing(status, {"error": error} if error else None))
    refused = probe.ask(do="open", base_url=server.base_url)
    assert (refused["refused"], refused["fatal"]) == (code, fatal)
    assert "sk-test-key" not in refused["message"]


def test_nobody_listening_is_unreachable(probe: Probe, free_port: int) -> None:
    refused = probe.ask(do="open", base_url=f"http://127.0.0.1:{free_port}/v1")
    assert (refused["refused"], refused["fatal"]) == ("unreachable", False)


def test_an_unknown_host_is_unreachable(probe: Probe) -> None:
    refused = probe.ask(do="open", base_url="http://no-such-host.invalid/v1", timeout=5)
    assert refused["refused"] in ("unreachable", "timeout")
    assert refused["fatal"] is False


def test_a_server_that_never_answers_is_given_up_in_time(probe: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1"
        refused = probe.ask(do="open", base_url=url, timeout=0.5)
    assert (refused["refused"], refused["fatal"]) == ("timeout", False)


def test_a_server_that_hangs_up_at_once_may_be_tried_again(probe: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:
        url = f"http://127.0.0.1:{rude.getsockname()[1]}/v1"
        threading.Thread(target=lambda: rude.accept()[0].close()).start()
        refused = probe.ask(do="open", base_url=url)
    assert refused["fatal"] is False
    assert refused["refused"] in ("handshake", "unreachable")


def test_a_failing_handler_does_not_end_the_session(probe: Probe, model_server: MakeServer) -> None:
    server = model_server(lambda ws: (ws.recv(), ws.send("fail"), ws.send("next")))
    assert probe.ask(do="open", base_url=server.base_url) == {"opened": True}
    assert probe.ask(do="send", text="go") == {"accepted": 1}
    assert probe.next()["event"] == "next"


def test_a_slow_handler_loses_nothing(probe: Probe, model_server: MakeServer) -> None:
    def burst(ws: ServerConnection) -> None:
        for number in range(2000):
            ws.send(f"{number}")

    server = model_server(burst)
    probe.tell(do="open", base_url=server.base_url, pause=0.0005)
    said = [probe.next() for _ in range(2001)]
    said.remove({"opened": True})
    assert [int(one["event"]) for one in said] == list(range(2000))


def test_sending_to_a_server_that_does_not_read_never_waits(
    probe: Probe, model_server: MakeServer
) -> None:
    held = threading.Event()
    server = model_server(lambda ws: held.wait(30) and None)
    server._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    assert probe.ask(do="open", base_url=server.base_url) == {"opened": True}
    # Far more than the buffers hold: the call returns, and the session is given up as too slow.
    said = [probe.ask(do="send", size=1_000_000, count=40), probe.next()]
    held.set()
    accepted = next(one["accepted"] for one in said if "accepted" in one)
    assert 0 < accepted < 40
    assert {"lost": 1006, "reason": ""} in said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate and key for localhost, in one file."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    key = path.with_suffix(".key")
    subprocess.run(
        [*make, *names, "-keyout", str(key), "-out", str(path)], check=True, capture_output=True
    )
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_session_over_tls_with_large_messages_both_ways(
    probe: Probe, model_server: MakeServer, tls: ssl.SSLContext, certificate: Path
) -> None:
    def echo(ws: ServerConnection) -> None:
        for message in ws:
            threading.Event().wait(0.02)
            ws.send(message)

    server = model_server(echo, tls=tls)
    opened = probe.ask(do="open", base_url=server.base_url, ca=str(certificate))
    assert opened == {"opened": True}
    probe.tell(do="send", size=90_000, count=10)
    said = [probe.next() for _ in range(11)]
    said.remove({"accepted": 10})
    assert all(one["size"] == 90_000 for one in said)
    assert probe.ask(do="close") == {"closed": True}
    eventually(lambda: probe.ask(do="state") == {"kept": 0})


def test_an_untrusted_certificate_is_fatal(
    probe: Probe, model_server: MakeServer, tls: ssl.SSLContext
) -> None:
    server = model_server(tls=tls)
    refused = probe.ask(do="open", base_url=server.base_url)
    assert (refused["refused"], refused["fatal"]) == ("tls", True)
