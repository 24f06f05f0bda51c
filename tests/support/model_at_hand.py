"""The rehearsal model in this process, where a way to a model's server is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from app.errors import ModelError
from app.rehearsal.realtime_server.faults import Faults
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Part, Say
from app.rehearsal.realtime_server.session import Session
from app.rehearsal.realtime_server.stage import Scripted, Stage
from tests.support.simulated_call import MODEL, Echo


class ModelAtHand:
    """Stands for `RealtimeModel`: `open` gives a session that answers at once. `script` says what
    its next answers are; `refusal` refuses every session."""

    def __init__(self) -> None:
        self.stage = Stage(Echo(), Pace(), Faults())
        self.refusal: ModelError | None = None
        self.sent: list[bytes] = []
        self.opened = self.closed = 0

    def script(self, *replies: Sequence[Part] | str) -> None:
        for reply in replies:
            parts = [Say(reply)] if isinstance(reply, str) else list(reply)
            self.stage.script.append(Scripted(parts))

    def open(
        self, on_event: Callable[[bytes], None], on_lost: Callable[[int, str], None], **_: Any
    ) -> _Opened:
        if self.refusal is not None:
            raise self.refusal
        self.opened += 1
        return _Opened(self, on_event)


class _Opened:
    """One session, as `Upstream`."""

    def __init__(self, model: ModelAtHand, on_event: Callable[[bytes], None]) -> None:
        self._model = model
        self._on_event = on_event
        now = time.time()
        self._session = Session(
            model.stage, MODEL, number=model.opened, now=now, wall_at_start=now, faults={}
        )
        self._session.open()
        self._pump()

    def send(self, raw: bytes) -> bool:
        self._model.sent.append(raw)
        self._session.receive(raw, time.time())
        self._pump()
        if b"response.create" in raw:
            while not self._pump():
                self._session.tick(self._session.deadline())
        return True

    def close(self) -> None:
        self._model.closed += 1

    def _pump(self) -> bool:
        """Hand on what the session says; whether a response has ended."""
        ended = False
        while self._session.channel.out:
            out = self._session.channel.out.pop(0)
            assert isinstance(out, bytes)
            ended = ended or b'"response.done"' in out
            self._on_event(out)
        return ended
