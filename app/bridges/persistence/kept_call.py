"""A call as its present holder keeps it in Redis: the lease, the state to resume from, the record.

Where Redis is away the call goes on without it, and what could not be written is written with the
next save.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gevent

from app.adapters.agents.versions.trials import Trials
from app.adapters.notify.messages import Messages, promised_callback
from app.bridges.caller import Caller
from app.bridges.clock import CallClock
from app.bridges.persistence.call_record import CallRecord
from app.bridges.persistence.lease import CallLease
from app.bridges.persistence.state_writer import StateWriter
from app.bridges.services import Services
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.call.setup import Call
from app.core.language.phone_numbers import identify
from app.errors import Unavailable

#: A version that this process does not have is asked for so often, and so long apart.
FETCHES = 3
FETCH_AGAIN_S = 0.4


class KeptCall:
    """The parts of one socket's hold on one call."""

    def __init__(
        self,
        services: Services,
        call_id: str,
        channel: str,
        on_lost: Callable[[], None],
        clock: CallClock,
    ) -> None:
        self._clock = clock
        self.lease = CallLease(services.calls, call_id, services.process_id, on_lost)
        self.record = CallRecord(call_id)
        self.caller = Caller(channel)
        self.writer = StateWriter(call_id, self._write)
        self._agents = services.agents
        self._who: AgentRef | None = None
        self._trials = Trials(services.redis, services.settings)
        self._messages = Messages(services.redis, services.settings.record_retention_s)
        self.call: Call | None = None
        """What is kept; None until it is known."""

    def take(self) -> dict[str, Any] | None:
        """Take the call over; the state to resume from, None for a new call."""
        state = self.lease.take()
        if state is not None:
            self.caller.details = dict(state.get("details") or {})
            kept = state.get("agent_ref")
            self._who = AgentRef.from_json(kept) if isinstance(kept, dict) else None
            saved_at = state.get("saved_at")
            if isinstance(saved_at, (int, float)):
                self._clock.resume(saved_at)
        return state

    def kept_agent(self) -> Agent | None:
        """The agent of a call that goes on, in the version that it began with, and of one that
        tries a version; None for any other new call, and for one that an older release has saved.

        Raises `VersionGone`, and `Unavailable` where Redis cannot be asked for the version.
        """
        who = self._who or self._trials.version_for(self.lease.call_id)
        if who is None:
            return None
        for _ in range(FETCHES - 1):
            try:
                return self._agents.find(who)
            except Unavailable:
                gevent.sleep(FETCH_AGAIN_S)
        return self._agents.find(who)

    def save_state(self) -> bool:
        """Save the state alone, and wait for it. False where a newer socket has the call.

        Raises `Unavailable`.
        """
        lease, call = self.lease, self.call
        if lease.lease is None or lease.lost or call is None:
            return not lease.lost
        who = AgentRef.to(call.agent, str(self.caller.details.get("agent_id") or "")).to_json()
        fields = {
            "channel": self.caller.channel,
            **call.summary(),
            **self.record.fields(),
            **self.caller.fields(),
            "agent_ref": who,
        }
        state = {**call.to_state(), "saved_at": self._clock(), "agent_ref": who}
        saved = lease.store.save(lease.call_id, state, fence=lease.fence, fields=fields)
        if not saved:
            lease.lose()
        return saved

    def _write(self) -> None:
        self._leave_callback()
        if self.lease.ensure() and self.save_state():
            self.record.write(self.lease.store)

    def _leave_callback(self) -> None:
        """Where the caller was promised a call back, see that the business gets to know of it.

        Raises `Unavailable`; then it is tried again with the next save.
        """
        why, call = self.record.gave_up, self.call
        if not why or call is None:
            return
        if call.agent.promises_callback(time.time()):
            details = self.caller.details
            who = AgentRef.to(call.agent, str(details.get("agent_id") or ""))
            known = identify(self.caller.number, call.agent.country_for())
            number = known.e164 if known else ""
            message = promised_callback(who, self.lease.call_id, number, time.time(), why)
            self._messages.leave(message)
        self.record.gave_up = ""

    def leave(self, *, over: bool) -> None:
        """The socket is closed. `over`: the call has ended; else the caller may come back."""
        if self.lease.lost or self.call is None:
            return
        said = [u for u in self.call.transcript if u.content.strip()]
        self.record.end([{"role": u.role, "content": u.content} for u in said])
        self.writer.save_now()
        self.lease.release(over=over)

    def close(self) -> None:
        """Release the call: from here on no callback is called."""
        self.lease.close()
        self.writer.close()
        self.call = None
