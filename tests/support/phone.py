"""Retell's end of one custom-LLM socket under a test's full control."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.support.waiting import eventually


class Phone:
    """One call. Frames that come are kept in `frames`; `transcript` is what Retell would send."""

    def __init__(self, url: str, call_id: str) -> None:
        self.call_id = call_id
        self.frames: list[dict[str, Any]] = []
        self.transcript: list[dict[str, Any]] = []
        self.response_id = 0
        self.closed: int | None = None
        self.connect(url)

    def connect(self, url: str) -> None:
        """Open a socket, as Retell does at first and after a lost connection."""
        self.first = len(self.frames)
        self.closed = None
        self.ws = connect(f"{url}/{self.call_id}", compression=None, ping_interval=None)
        self._reader = threading.Thread(target=self._read, args=(self.ws,), daemon=True)
        self._reader.start()

    def _read(self, ws: Any) -> None:
        try:
            for message in ws:
                self.frames.append({**json.loads(message), "_at": time.time()})
        except ConnectionClosed:
            pass
        if ws is self.ws:
            self.closed = ws.close_code

    def send(self, **frame: Any) -> None:
        """A frame to the server."""
        self.ws.send(json.dumps(frame))

    def details(self, number: str = "+14155550187") -> None:
        """`call_details`, as Retell sends them once asked for."""
        call = {
            "call_id": self.call_id,
            "agent_id": "agent_1",
            "direction": "inbound",
            "from_number": number,
            "to_number": "+14155550100",
        }
        self.send(interaction_type="call_details", call=call)

    def hear(self, words: int | None = None) -> None:
        """What was said for the newest turn is in the transcript, or its first `words` only."""
        spoken = self.text(self.response_id)
        if words is not None:
            spoken = "".join(word + " " for word in spoken.split()[:words])
        if spoken.strip():
            self.transcript.append({"role": "agent", "content": spoken})

    def ask(self, text: str) -> int:
        """The caller says `text`, and a response is required."""
        self.transcript.append({"role": "user", "content": text})
        self.response_id += 1
        self.request()
        return self.response_id

    def request(self) -> None:
        """`response_required` for the present id."""
        self.send(
            interaction_type="response_required",
            response_id=self.response_id,
            transcript=self.transcript,
        )

    def of(self, response_id: int, *, newest_socket: bool = False) -> list[dict[str, Any]]:
        """The `response` frames for that id."""
        frames = self.frames[self.first :] if newest_socket else self.frames
        return [
            f
            for f in frames
            if f["response_type"] == "response" and f["response_id"] == response_id
        ]

    def text(self, response_id: int, *, newest_socket: bool = False) -> str:
        """All content for that id."""
        return "".join(f["content"] for f in self.of(response_id, newest_socket=newest_socket))

    def wait(self, probe: Callable[[], Any], timeout: float = 20.0) -> None:
        """Until `probe` is true."""
        eventually(probe, timeout=timeout)

    def answered(self, response_id: int, timeout: float = 30.0) -> str:
        """Wait until that id is complete; all its text."""
        self.wait(lambda: any(f["content_complete"] for f in self.of(response_id)), timeout)
        return self.text(response_id)

    def vanish(self) -> None:
        """The connection breaks without a close frame."""
        raw = self.ws.socket
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Close as Retell does at the end of a call."""
        self.ws.close(1000)


class ModelControl:
    """The rehearsal model's control endpoint."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/control"

    def post(self, path: str, **body: Any) -> Any:
        """Change something."""
        request = urllib.request.Request(
            f"{self._base}/{path}", json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def get(self, path: str) -> Any:
        """Look at something."""
        with urllib.request.urlopen(f"{self._base}/{path}", timeout=10) as answer:
            return json.load(answer)

    def script(self, *replies: Any) -> None:
        """What is answered next, to whoever asks."""
        self.post("script", replies=list(replies))

    def fault(self, **fault: Any) -> None:
        """A fault."""
        self.post("faults", faults=[fault])

    def refused(self) -> dict[str, int]:
        """What clients did that the service refuses; a cancel that crosses its response's end on
        the way is nobody's fault."""
        by_code = dict(self.get("violations")["by_code"])
        by_code.pop("response_cancel_not_active", None)
        return by_code
