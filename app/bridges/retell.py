"""One call on Retell's custom-LLM socket."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import gevent

from app import logs
from app.adapters.agents import prices
from app.bridges.live_call import LiveCall
from app.core.agent.definition import Agent
from app.core.call import events
from app.core.call.cost import Ledger
from app.core.text.call import TextCall
from app.protocol import retell_llm
from app.protocol.body import load_json

#: Where several agents are configured, how long the call details are waited for before greeting.
DETAILS_WAIT_S = 1.5
#: A socket that was replaced within so many seconds of its start has greeted nobody: several may be
#: opened at once, and the same words twice are better than none.
GREETED_S = 2.0

log = logs.get(__name__)


class RetellBridge(LiveCall):
    """`TextCall` decides; `LiveCall` performs."""

    channel = "retell"
    call: TextCall

    def _serve(self) -> None:
        state = self._taken()
        self.ws.accept()
        waiting: list[bytes] = []
        agent = self._agent(state, waiting)
        now = time.time()
        # A holder that died before it saved anything has greeted: that comes first of all. One that
        # this socket has replaced after a moment was heard by nobody.
        lease = self.holder.lease
        unheard = self.replaced_s is not None and self.replaced_s < GREETED_S
        greet = lease is None or not lease.before or unheard
        if unheard and state is not None and not state.get("turn"):
            state = None
        self._begin_record(now, agent, {"state": state, "greet": greet})
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        model = self.services.settings.realtime_model
        self.ledger = Ledger(model, prices.load().on(today), agent.budget)
        self._listen()
        if state is None:
            self.call = TextCall(self.call_id, agent)
            self._perform(self.call.start(now, greet=greet), now)
        else:
            log.info("the call goes on on a new socket")
            self.call = TextCall.from_state(self.call_id, agent, state)
            self.ledger.nano = self.call.spent_nano_usd
            self.feed(events.Resumed())
        for raw in waiting:
            self.feed(events.FromRetell(raw))
        while (message := self.ws.receive()) is not None:
            self.feed(events.FromRetell(_bytes(message)))

    def _do(self, action: events.Action, now: float) -> None:
        if isinstance(action, events.ToRetell):
            self.ws.send(action.frame)
            return
        super()._do(action, now)
        if isinstance(action, events.Note) and action.kind == "usage":
            self._spent(action.about, now)

    def _spent(self, usage: dict[str, Any], now: float) -> None:
        """Count what a response cost, and see to the budget."""
        ledger = self.ledger
        ledger.response(usage)
        self.call.spent_nano_usd = ledger.nano
        self.holder.note(events.Note("cost", ledger.as_json()), now)
        alarm = ledger.alarm()
        if alarm is not None:
            self.holder.note(events.Note("budget", {"alarm": alarm, "usd": ledger.usd}), now)
            log.warning("budget of the call", extra={"alarm": alarm})
        if alarm == "end":
            self._spawn(self.feed, events.BudgetSpent())

    def _agent(self, state: dict[str, Any] | None, waiting: list[bytes]) -> Agent:
        """The agent of this call. Only where there are several does Retell have to tell which."""
        agents = self.services.agents
        if len(agents.all) == 1:
            return agents.default
        details = (state or {}).get("details") or self.holder.details
        if not details:
            self.ws.send(retell_llm.config())
            try:
                with gevent.Timeout(DETAILS_WAIT_S):
                    while not details and (message := self.ws.receive()) is not None:
                        waiting.append(_bytes(message))
                        details = _details(waiting[-1])
            except gevent.Timeout:
                log.info("no call details in time; the default agent answers")
        return agents.for_retell(str(details.get("agent_id") or ""))


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def _details(raw: bytes) -> dict[str, Any]:
    try:
        frame = load_json(raw)
        call = frame.get("call")
    except (ValueError, AttributeError):
        return {}
    return call if isinstance(call, dict) else {}
