"""A call as its present holder keeps it in Redis: the lease, the state to resume from, the story.

Everything is written in greenlets of its own, so that the path of a frame never waits for Redis.
Where Redis is away the call goes on without it, and what could not be written is written with the
next save.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore

from app import logs, metrics
from app.adapters.calls.store import LEASE_S, Lease
from app.bridges.services import Services
from app.core.agent.definition import Agent
from app.core.audio.call import AudioCall
from app.core.call.events import Note
from app.core.text.call import TextCall
from app.errors import AppError, Unavailable

SAVE_AFTER_S = 0.05
RENEW_AT_ONCE, RENEW_PAUSE_S = 20, 0.02
#: Notes that are part of a call's story beside its turns.
TOLD = frozenset(
    {
        "action_taken_back",
        "audio_fed_again",
        "audio_lost",
        "backchannel",
        "barge_in",
        "bad_event",
        "bad_frame",
        "budget",
        "digit",
        "ending",
        "gave_up",
        "holding_line",
        "idle",
        "model_error",
        "model_lost",
        "model_renewal",
        "model_reopened",
        "response_failed",
        "response_incomplete",
        "response_stalled",
        "resumed",
        "text_answer",
        "tool_asked",
        "tool_done",
        "tool_superseded",
        "transcription_failed",
        "unknown_frame",
        "wrong_format",
    }
)

#: Many calls may be written at once (a drain, a crowd that hangs up). They wait for one another
#: here, and leave the other connections of the pool to what callers wait for.
_WRITERS = BoundedSemaphore(4)

log = logs.get(__name__)

Call = TextCall | AudioCall


class Holder:
    """One socket's hold on one call. `on_taken` is called once when a newer socket has it."""

    def __init__(
        self, services: Services, call_id: str, channel: str, on_taken: Callable[[], None]
    ) -> None:
        self.services = services
        self.call_id = call_id
        self.channel = channel
        self.on_taken = on_taken
        self.lease: Lease | None = None
        self.details: dict[str, Any] = {}
        self.lost = False
        self._turns: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._transcript: list[dict[str, Any]] | None = None
        self._usage: dict[str, int] = {}
        self._cost: dict[str, Any] | None = None
        self._writer: gevent.Greenlet[..., None] | None = None
        self._again = False

    def take(self) -> dict[str, Any] | None:
        """Take the call over; the state to resume from, None for a new call."""
        try:
            self.lease = self.services.calls.take(self.call_id, self.services.process_id)
        except Unavailable:
            log.error("the call goes on without its store", extra={"call_id": self.call_id})
            metrics.ERRORS_TOTAL.labels("store").inc()
            return None
        renewer.add(self)
        state = self.lease.state
        if state is not None:
            self.details = dict(state.get("details") or {})
        return state

    @property
    def fence(self) -> int:
        """The number of this hold; 0 where the store was away."""
        return self.lease.fence if self.lease else 0

    def note(self, note: Note, now: float) -> None:
        """Something worth telling happened."""
        if note.kind == "turn":
            self._turns.append(note.about)
            metrics.TURNS_TOTAL.labels(note.about["ended"]).inc()
            if note.about["first_ms"] is not None:
                metrics.FIRST_TOKEN.labels(self.channel).observe(note.about["first_ms"] / 1000)
        elif note.kind == "heard":
            self._transcript = [
                {"role": role, "content": content} for role, content in note.about["transcript"]
            ]
        elif note.kind == "call_details":
            self.details = note.about
        elif note.kind == "usage":
            for name in ("input_tokens", "output_tokens"):
                self._usage[name] = self._usage.get(name, 0) + int(note.about.get(name) or 0)
        elif note.kind == "cost":
            self._cost = note.about
        elif note.kind in TOLD:
            self._events.append({"at": now, "kind": note.kind, **note.about})
        if note.kind == "barge_in":
            metrics.BARGE_INS.labels("interruption").inc()
        elif note.kind == "backchannel":
            metrics.BARGE_INS.labels("backchannel").inc()
        elif note.kind == "holding_line":
            metrics.HOLDING_LINES.labels(note.about["why"]).inc()

    def save(self, call: Call) -> None:
        """Write state and story soon; the newest state wins.

        Not at once: the model's first words come within that time, and writing would delay them.
        """
        if self._writer is not None and not self._writer.dead:
            self._again = True
            return
        self._writer = gevent.spawn_later(SAVE_AFTER_S, self._write, call)

    def save_now(self, call: Call) -> None:
        """Write state and story, and wait for it."""
        self.save(call)
        writer = self._writer
        if writer is not None:
            writer.join(timeout=5)

    def _write(self, call: Call) -> None:
        with logs.bind(call_id=self.call_id):
            while True:
                self._again = False
                try:
                    with _WRITERS:
                        self._write_once(call)
                except Unavailable as error:
                    metrics.ERRORS_TOTAL.labels("store").inc()
                    log.warning("the call's state could not be saved", extra={"code": error.code})
                    return
                except Exception:
                    metrics.ERRORS_TOTAL.labels("store").inc()
                    log.exception("the call's state could not be saved")
                    return
                if not self._again:
                    return

    def save_state(self, call: Call) -> bool:
        """Write the state alone, and wait for it. False where a newer socket has the call.

        Raises `Unavailable`.
        """
        if self.lease is None or self.lost:
            return not self.lost
        saved = self.services.calls.save(
            self.call_id, call.to_state(), fence=self.fence, fields=self._fields(call)
        )
        if not saved:
            self.taken()
        return saved

    def _write_once(self, call: Call) -> None:
        if self.lost:
            return
        calls = self.services.calls
        if self.lease is None:
            self.lease = calls.take(self.call_id, self.services.process_id)
            renewer.add(self)
        if not self.save_state(call):
            return
        turns, self._turns = self._turns, []
        events, self._events = self._events, []
        transcript, self._transcript = self._transcript, None
        try:
            if transcript is not None:
                calls.set_transcript(self.call_id, transcript)
            if turns:
                calls.append_turn(self.call_id, *turns)
                turns = []
            if events:
                calls.add_event(self.call_id, *events)
                events = []
        finally:
            self._turns[:0] = turns
            self._events[:0] = events

    def _fields(self, call: Call) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "channel": self.channel,
            "agent": call.agent.name,
            "business": call.agent.business,
            "started_at": call.started_at,
            "turns_count": call.turns,
            "interruptions": call.interruptions,
            "pending_action": call.pending.kind if call.pending else "",
            **self._usage,
        }
        if self._cost is not None:
            fields["cost"] = self._cost
        for name in ("agent_id", "from_number", "to_number", "direction", "call_type", "metadata"):
            if self.details.get(name):
                fields[name] = self.details[name]
        return fields

    def context(self, agent: Agent) -> dict[str, Any]:
        """What a tool's worker is told of the call."""
        return {
            "agent": agent.name,
            "agent_id": str(self.details.get("agent_id") or ""),
            "caller_number": self.caller_number,
            "caller_time_zone": self._variable("caller_time_zone"),
            "channel": self.channel,
        }

    def _variable(self, name: str) -> str | None:
        """One of the call's dynamic variables."""
        given = self.details.get("retell_llm_dynamic_variables")
        found = given.get(name) if isinstance(given, dict) else None
        return str(found) if found else None

    @property
    def caller_number(self) -> str:
        """The number of the person on the line, empty where the channel has none."""
        name = "to_number" if self.details.get("direction") == "outbound" else "from_number"
        return str(self.details.get(name) or "")

    @property
    def safety_identifier(self) -> str:
        """A stable hash of the caller, as OpenAI asks for; empty where the caller is unknown."""
        number = self.caller_number
        return hashlib.sha256(number.encode()).hexdigest()[:32] if number else ""

    def taken(self) -> None:
        """A newer socket has the call: nothing is written any more."""
        if not self.lost:
            self.lost = True
            renewer.discard(self)
            self.on_taken()

    def leave(self, call: Call, *, over: bool) -> None:
        """The socket is closed. `over`: the call has ended; else Retell may come back."""
        renewer.discard(self)
        if self.lost:
            return
        self._transcript = [
            {"role": u.role, "content": u.content} for u in call.transcript if u.content.strip()
        ] or None
        self.save_now(call)
        if self.lease is None or self.lost:
            return
        try:
            if over:
                self.services.calls.end(self.call_id)
            self.services.calls.release(self.lease)
        except AppError as error:
            log.warning("the call's end could not be written", extra={"code": error.code})

    def let_go(self) -> None:
        """This hold has ended, and nobody is told of anything any more."""
        renewer.discard(self)
        self.on_taken = _nobody
        self._writer = None


def _nobody() -> None:
    """Stands where somebody was told that a call has another holder."""


class _Renewer:
    """Renews the leases of all calls of the process, a few at a time: a thousand in one step would
    hold up everything else for a quarter of a second."""

    def __init__(self) -> None:
        self._held: set[Holder] = set()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def add(self, holder: Holder) -> None:
        self._held.add(holder)
        if self._greenlet is None or self._greenlet.dead:
            self._greenlet = gevent.spawn(self._run)

    def discard(self, holder: Holder) -> None:
        self._held.discard(holder)

    def _run(self) -> None:
        while self._held:
            began = time.monotonic()
            held = tuple(self._held)
            for first in range(0, len(held), RENEW_AT_ONCE):
                self._renew(held[first : first + RENEW_AT_ONCE])
                gevent.sleep(RENEW_PAUSE_S)
            gevent.sleep(max(RENEW_PAUSE_S, LEASE_S / 3 - (time.monotonic() - began)))

    def _renew(self, holders: Iterable[Holder]) -> None:
        holding = [(h, h.lease) for h in holders if h.lease is not None and h in self._held]
        if not holding:
            return
        try:
            lost = holding[0][0].services.calls.renew([lease for _, lease in holding])
        except Unavailable:
            return
        except Exception:
            metrics.ERRORS_TOTAL.labels("renew").inc()
            log.exception("leases could not be renewed")
            return
        for holder, lease in holding:
            if any(lease is one for one in lost):
                holder.taken()


renewer = _Renewer()
