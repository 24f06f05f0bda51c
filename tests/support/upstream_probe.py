"""`RealtimeModel` in a process of its own, with gevent's patches as in a worker, told what to do.

Reads commands and writes what happens, one JSON object a line.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402
import ssl  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import orjson  # noqa: E402
from openai.resources.realtime.realtime import RealtimeConnection  # noqa: E402
from websockets.client import ClientProtocol  # noqa: E402

from app import logs  # noqa: E402
from app.adapters.realtime.client import RealtimeModel, Upstream  # noqa: E402
from app.adapters.sockets.connection import Wire  # noqa: E402
from app.adapters.sockets.timer import KEEPER  # noqa: E402
from app.errors import ModelError  # noqa: E402


class Probe:
    """Performs commands: open, send, close, state, left."""

    def __init__(self) -> None:
        self.upstream: Upstream | None = None
        self.pause_s = 0.0

    def say(self, **what: Any) -> None:
        sys.stdout.write(orjson.dumps(what).decode() + "\n")
        sys.stdout.flush()

    def on_event(self, raw: bytes) -> None:
        if raw == b"fail":
            raise RuntimeError("a bug in the handler")
        gevent.sleep(self.pause_s)
        self.say(event=raw[:100].decode(), size=len(raw), kind=type(raw).__name__)

    def on_lost(self, code: int, reason: str) -> None:
        self.say(lost=code, reason=reason)

    def open(
        self, base_url: str, timeout: float = 5.0, safety: str = "", ca: str = "", pause: float = 0
    ) -> None:
        self.pause_s = pause
        context = ssl.create_default_context(cafile=ca) if ca else None
        model = RealtimeModel(
            api_key="sk-test-key", base_url=base_url, model="gpt-test", ssl_context=context
        )
        try:
            self.upstream = model.open(
                self.on_event, self.on_lost, safety_identifier=safety, timeout_s=timeout
            )
        except ModelError as error:
            self.say(refused=error.code, fatal=error.fatal, message=error.message)
        else:
            self.say(opened=True)

    def send(self, text: str = "", size: int = 0, count: int = 1, as_bytes: bool = False) -> None:
        assert self.upstream is not None
        message: str | bytes = text or "x" * size
        if as_bytes and isinstance(message, str):
            message = message.encode()
        accepted = 0
        for _ in range(count):
            accepted += self.upstream.send(message)
        self.say(accepted=accepted)

    def close(self) -> None:
        assert self.upstream is not None
        self.upstream.close()
        self.say(closed=self.upstream.closed)

    def left(self) -> None:
        """Forget the session, and say what of it has not been freed without the collector."""
        self.upstream = None
        kinds = (Upstream, Wire, RealtimeConnection, ClientProtocol)
        found = {type(one).__name__ for one in gc.get_objects() if isinstance(one, kinds)}
        self.say(left=sorted(found))

    def state(self) -> None:
        self.say(kept=len(KEEPER))


if __name__ == "__main__":
    logs.setup("INFO")
    gc.disable()
    probe = Probe()
    read_line = sys.stdin.buffer.readline
    while line := gevent.get_hub().threadpool.apply(read_line):
        command = orjson.loads(line)
        getattr(probe, command.pop("do"))(**command)
