"""One call on Retell's custom-LLM socket: `TextCall` decides, `LiveCall` performs."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import gevent

from app import logs
from app.adapters.agents import prices
from app.adapters.tokens.socket import Opened
from app.bridges import monthly_budget
from app.bridges.channels.live_call import LiveCall
from app.bridges.channels.note_uses import Use
from app.bridges.refusal import refuse_call
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, NoAgent
from app.core.call import events
from app.core.call.notes import Note
from app.core.call.setup import Call, Setup
from app.core.text.call import TextCall
from app.errors import NotFound, ProtocolError, Unavailable
from app.protocol import retell_llm
from app.protocol.retell_llm import CallDetails

#: Where several agents are configured, how long the call details are waited for before greeting.
DETAILS_WAIT_S = 1.5
#: A socket that was replaced within so many seconds of its start has greeted nobody: several may be
#: opened at once, and the same words twice are better than none.
GREETED_S = 2.0
#: How Retell says that a call is over.
ENDED = (1000, 1001, 1005)
#: How a socket is closed for good (RFC 6455): no agent answers the call.
POLICY = 1008

log = logs.get(__name__)


class RetellChannel:
    """Retell's socket."""

    name = "retell"
    soon_s = 0.0

    def __init__(self, address: str = "", opened: Opened | None = None) -> None:
        """`address` is the agent that the socket's address names, if it names one; `opened` whose
        agents the token in it lets answer."""
        self._address = address
        self._opened = opened or Opened()

    def serve(self, live: LiveCall) -> None:
        """Begin or resume the call, then feed it Retell's frames."""
        state = live.take()
        live.ws.accept()
        waiting: list[bytes] = []
        try:
            kept = live.kept.kept_agent()
            if kept is not None and not self._opened.fits(kept.home.id):
                live.ws.close(POLICY, NoAgent.code)  # another's call, which is left as it is
                return
            agent = live.services.catalog.equip(kept or self._agent(live, state, waiting))
        except Unavailable:
            live.ws.abort("the agent's version cannot be fetched")  # Retell comes back
            return
        except NotFound as error:
            refuse_call(live.services.calls, self.name, live.call_id, error)
            # Closed first: a lease that is seen to be gone would break the connection.
            live.ws.close(POLICY, error.code)
            live.kept.lease.release(over=True)
            return
        if state is None and self._refused(live, agent):
            return
        # A holder that died before it saved anything has greeted: that comes first of all. One that
        # this socket has replaced after a moment was heard by nobody, in whichever process it was.
        lease = live.kept.lease.lease
        unheard = live.kept.lease.replaced_within(GREETED_S)
        greet = lease is None or not lease.before or unheard
        if unheard and state is not None and not state.get("turn"):
            state = None
        today = dt.datetime.fromtimestamp(time.time(), dt.UTC).date()
        model = live.services.settings.realtime_model
        setup = Setup(live.call_id, agent, model, prices.load().on(today), greet=greet)
        live.begin(TextCall(setup), setup, state)
        for raw in waiting:
            live.feed(events.FromRetell(raw))
        while (message := live.ws.receive()) is not None:
            live.feed(events.FromRetell(_bytes(message)))

    def _refused(self, live: LiveCall, agent: Agent) -> bool:
        """Whether the call was refused, politely, as the business's month is used up."""
        why = monthly_budget.over_budget(live.services, agent, self.name)
        if not why:
            return False
        live.kept.lease.close()
        store = live.services.calls
        monthly_budget.keep_refusal(store, live.call_id, self.name, agent, why)
        monthly_budget.say_goodbye(live.ws, agent.lines.refused)
        return True

    def perform(self, live: LiveCall, actions: events.Actions, now: float) -> None:
        """Frames go to Retell."""
        for action in actions:
            if isinstance(action, events.ToRetell):
                live.ws.send(action.frame)
            else:
                live.perform(action, now)

    def noted(self, live: LiveCall, note: Note, use: Use) -> None:
        """Nobody watches."""

    def fed(self, live: LiveCall, event: events.Event) -> None:
        """Nothing more follows."""

    def is_over(self, live: LiveCall, call: Call) -> bool:
        """Retell hangs up with a normal close; after any other it connects again."""
        return live.ws.close_code in ENDED and not call.dropped

    def _agent(self, live: LiveCall, state: dict[str, Any] | None, waiting: list[bytes]) -> Agent:
        """The agent of this call. Only where there are several does Retell have to tell which.

        Raises `NotFound`.
        """
        agents = live.services.agents
        if self._address or (len(agents.all) == 1 and agents.only_default is not None):
            return self._allowed(agents.route(Asked(address=self._address)).agent)
        details = (state or {}).get("details") or live.kept.caller.details
        if not details:
            live.ws.send(retell_llm.config())
            try:
                with gevent.Timeout(DETAILS_WAIT_S):
                    while not details and (message := live.ws.receive()) is not None:
                        waiting.append(_bytes(message))
                        details = _details(waiting[-1])
            except gevent.Timeout:
                log.info("no call details in time")
        return self._allowed(agents.route(Asked.of_details(details)).agent)

    def _allowed(self, agent: Agent) -> Agent:
        """The agent, if the token in the address is of its business. Raises `NoAgent`."""
        if not self._opened.fits(agent.home.id):
            raise NoAgent("the token in the address is another business's")
        return agent


def serve(
    services: Services,
    ws: Connection,
    call_id: str,
    address: str = "",
    opened: Opened | None = None,
) -> None:
    """Serve one socket of a call until it closes; `address` and `opened` as `RetellChannel`'s."""
    LiveCall(services, ws, call_id, RetellChannel(address, opened)).run()


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


def _details(raw: bytes) -> dict[str, Any]:
    """The call details in a frame; nothing where it is another frame."""
    try:
        frame = retell_llm.parse(raw)
    except ProtocolError:
        return {}
    return frame.call if isinstance(frame, CallDetails) else {}
