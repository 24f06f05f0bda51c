"""A small HTTP server in a thread, for the local stands-in of foreign services."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import orjson

Answer = tuple[int, object]


class Request:
    """One request as it came."""

    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        parts = urlsplit(target)
        self.method = method
        self.path = parts.path
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.headers = headers
        self.body = body

    def json(self) -> dict[str, object]:
        value = orjson.loads(self.body or b"{}")
        assert isinstance(value, dict)
        return value


class LocalServer:
    """Serves `answer(request) -> (status, JSON value)`, or bytes of XML; keeps `seen` requests."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self._answer = answer
        self.seen: list[Request] = []
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers, self.rfile.read(length))
                with outer._lock:
                    outer.seen.append(request)
                    status, value = outer._answer(request)
                raw = value is None or isinstance(value, bytes)
                body = (value or b"") if raw else orjson.dumps(value)
                assert isinstance(body, bytes)
                self.send_response(status)
                kind = "application/json"
                if raw:
                    kind = "application/xml" if body.startswith(b"<?xml") else "text/calendar"
                self.send_header("Content-Type", f"{kind}; charset=UTF-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815
            do_PROPFIND = do_REPORT = do_OPTIONS = _serve  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
