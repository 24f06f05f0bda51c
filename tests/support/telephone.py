"""Telephone calls over audio against a running stack, spoken with tones and told words."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
import urllib.request
import uuid
from collections import deque
from typing import Any

from app.core.audio.tones import tone
from app.protocol.twilio import SILENCE
from app.rehearsal.twilio_phone.mouth import Line, Mouth
from app.rehearsal.twilio_phone.sounds import Utterance
from app.rehearsal.twilio_phone.telephone import Outcome, Telephone
from tests.support.numbers import caller_number
from tests.support.stack import RunningStack
from tests.support.waiting import eventually


def spoken(text: str, seconds: float | None = None) -> Utterance:
    """A sound as long as fast words take, with a little silence around it."""
    length = seconds if seconds is not None else max(0.4, 0.03 * len(text))
    voice = tone((210, 320), int(length * 1000), 12_000)
    return Utterance(SILENCE * 160 + voice + SILENCE * 160, text)


ASK_EVERY_S = 0.2


class AudioCall:
    """One call in a thread of its own. `events` is what the telephone noticed.

    The caller knows from the model when an answer is complete: on a machine that has too much to
    do, a moment without audio is no end of the agent's speech.
    """

    def __init__(
        self, stack: RunningStack, *lines: Line | str, wait: float | None = 3.0, **options: Any
    ) -> None:
        self.stack = stack
        self.number = caller_number(uuid.uuid4().int)
        self.mouth = Mouth(
            deque(line if isinstance(line, Line) else Line(spoken(line)) for line in lines),
            wait,
            self._is_answered,
        )
        self._answered, self._asked_at = False, 0.0
        self.events: list[tuple[float, str, dict[str, Any]]] = []
        options.setdefault("number", self.number)
        self.phone = Telephone(stack.base, self.mouth, watch=self._watch, **options)
        self.outcome: Outcome = self.phone.outcome
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _watch(self, at: float, kind: str, about: dict[str, Any]) -> None:
        self.events.append((at, kind, about))
        if kind == "caller speaks":
            self.tell(about["text"])

    def _run(self) -> None:
        try:
            self.phone.call()
        except Exception as error:
            self.error = error

    @property
    def _caller(self) -> str:
        """What the model knows the caller by."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:32]

    def tell(self, text: str) -> None:
        """The rehearsal model hears these words next from this caller."""
        if text and self.stack.model_port:
            control(self.stack, "transcripts", {"texts": [text], "caller": self._caller})

    def _is_answered(self) -> bool:
        """Whether the model owes this caller nothing; asked of it a few times a second."""
        if self.stack.model_port and time.monotonic() - self._asked_at > ASK_EVERY_S:
            with contextlib.suppress(OSError):
                sessions = control(self.stack, "sessions", method="GET")["sessions"]
                mine = [s for s in sessions if s["live"] and s["caller"] == self._caller]
                self._answered = any(s["awaits_caller"] for s in mine)
            self._asked_at = time.monotonic()
        return self._answered or not self.stack.model_port

    def start(self) -> AudioCall:
        """Ring."""
        self._thread.start()
        return self

    def finish(self, timeout: float = 90.0) -> Outcome:
        """Wait for the end of the call."""
        self._thread.join(timeout)
        assert not self._thread.is_alive(), f"the call does not end: {self.events[-5:]}"
        if self.error is not None:
            raise self.error
        return self.outcome

    def say(self, text: str, **cue: Any) -> None:
        """One more line."""
        self.mouth.lines.append(Line(spoken(text), **cue))

    @property
    def story(self) -> dict[str, Any]:
        """What the program knows of the call."""
        return self.stack.story(self.outcome.call_sid)

    @property
    def said(self) -> list[tuple[str, str]]:
        """The transcript: (role, words)."""
        return [(entry["role"], entry["content"]) for entry in self.story["transcript"]]

    def until_spoken(self, since: int = 0, quiet: float = 0.8, timeout: float = 60.0) -> int:
        """Wait until the agent has been heard after frame `since` and is quiet; its frames so far.

        A moment without audio, as on a machine that has too much to do, is no end of its speech.
        """
        handset, silent_at = self.phone.handset, time.monotonic()
        deadline = silent_at + timeout
        while time.monotonic() - silent_at < quiet:
            if handset.playing or handset.frames <= since:
                silent_at = time.monotonic()
            assert self._thread.is_alive(), f"the call has ended: {self.error or self.events[-3:]}"
            assert silent_at < deadline, f"the agent does not come to an end: {self.events[-5:]}"
            time.sleep(0.02)
        return handset.frames

    def until(self, kind: str, count: int = 1, timeout: float = 60.0) -> None:
        """Wait until the telephone has noticed something so many times."""
        eventually(
            lambda: len([k for _, k, _ in self.events if k == kind]) >= count, timeout=timeout
        )


def control(stack: RunningStack, path: str, body: Any = None, method: str = "POST") -> Any:
    """Order the stack's rehearsal model about."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.model_port}/control/{path}",
        data=None if method == "GET" else json.dumps(body or {}).encode(),
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def live_sessions(stack: RunningStack) -> int:
    """How many sessions the rehearsal model has open."""
    return sum(s["live"] for s in control(stack, "sessions", method="GET")["sessions"])


def violations(stack: RunningStack) -> dict[str, int]:
    """What clients did wrong so far."""
    return dict(control(stack, "violations", method="GET")["by_code"])
