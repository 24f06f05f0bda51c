"""A small server on the custom-LLM socket that says what a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from app.protocol import retell_llm

#: Gets the connection, its number (from 1) and a frame of the caller; False ends the handler.
Answer = Callable[[ServerConnection, int, dict[str, Any]], bool | None]


class ScriptedAgent:
    """Greets with config and a begin message on the first socket, then asks `answer`."""

    def __init__(self, answer: Answer, greeting: str = "How can I help? ") -> None:
        self.answer = answer
        self.greeting = greeting
        self.frames: list[tuple[int, dict[str, Any]]] = []
        self.paths: list[str] = []
        self.closed: list[int | None] = []
        self.refuse = 0
        self.refusal = HTTPStatus.FORBIDDEN
        self.reason = "no\n"
        self.url = ""
        self._lock = threading.Lock()

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        """The frames of one kind that arrived."""
        return [frame for _, frame in self.frames if frame["interaction_type"] == kind]

    def handle(self, sock: ServerConnection) -> None:
        with self._lock:
            self.paths.append(sock.request.path if sock.request else "")
            number = len(self.paths)
        try:
            sock.send(retell_llm.config().decode())
            if number == 1:
                sock.send(retell_llm.response(0, self.greeting, True).decode())
            for raw in sock:
                frame = orjson.loads(raw)
                self.frames.append((number, frame))
                if frame["interaction_type"] == "ping_pong":
                    sock.send(retell_llm.ping_pong(frame["timestamp"]).decode())
                elif self.answer(sock, number, frame) is False:
                    return
        except ConnectionClosed:
            pass
        finally:
            self.closed.append(sock.close_code)

    def process_request(self, sock: ServerConnection, request: Request) -> Response | None:
        if self.refuse:
            self.refuse -= 1
            return sock.respond(self.refusal, self.reason)
        return None


@contextmanager
def scripted_agent(answer: Answer, **settings: Any) -> Iterator[ScriptedAgent]:
    """Serve until the block ends."""
    agent = ScriptedAgent(answer, **settings)
    server: Server = serve(
        agent.handle, "127.0.0.1", 0, process_request=agent.process_request, compression=None
    )
    agent.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/llm-websocket"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield agent
    finally:
        server.shutdown()
        thread.join()


def cut(sock: ServerConnection) -> None:
    """End the TCP connection without a close frame, as a killed process does."""
    import socket

    sock.socket.shutdown(socket.SHUT_RDWR)
