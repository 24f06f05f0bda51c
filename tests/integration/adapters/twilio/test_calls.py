"""Twilio's REST API, played by a local server."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest

from app.adapters.twilio.calls import TwilioCalls
from app.errors import Unavailable
from app.settings import Settings

SID = "CA" + "1" * 32


class Handler(BaseHTTPRequestHandler):
    seen: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.seen.append(
            {"path": self.path, "auth": self.headers["Authorization"], "form": parse_qs(body)}
        )
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen.clear()
    Handler.status = 200
    httpd = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_a_call_gets_other_instructions(server: str) -> None:
    TwilioCalls("AC1", "secret", server).instruct(SID, "<Response/>")
    (seen,) = Handler.seen
    assert seen["path"] == f"/2010-04-01/Accounts/AC1/Calls/{SID}.json"
    assert base64.b64decode(seen["auth"].removeprefix("Basic ")) == b"AC1:secret"
    assert seen["form"] == {"Twiml": ["<Response/>"]}


def test_a_refusal_and_an_unreachable_server_are_told(server: str, free_port: int) -> None:
    Handler.status = 404
    with pytest.raises(Unavailable, match="404"):
        TwilioCalls("AC1", "secret", server).instruct(SID, "<Response/>")
    with pytest.raises(Unavailable):
        TwilioCalls("AC1", "s", f"http://127.0.0.1:{free_port}").instruct(SID, "<Response/>")
    with pytest.raises(Unavailable):
        TwilioCalls("AC1", "s", server).instruct("../../Accounts", "<Response/>")


def test_it_needs_an_account() -> None:
    assert TwilioCalls.from_settings(Settings()) is None
    assert TwilioCalls.from_settings(Settings(twilio_account_sid="AC1", twilio_auth_token="t"))
