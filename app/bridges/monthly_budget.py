"""A business whose month is used up: new calls are refused, with a polite line.

It is asked once, as a call begins. Where Redis is away or slow the call is taken: a budget must not
cost a caller more than a moment.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

import gevent

from app import logs, metrics
from app.adapters.calls.store import CallStore
from app.adapters.calls.usage import UsageStore
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.usage.budget import reached, smallest
from app.errors import ProtocolError, Unavailable
from app.protocol import retell_llm

LIMIT_S = 0.5
#: How long Retell may take to speak the line and hang up.
GOODBYE_S = 20.0

log = logs.get(__name__)

REFUSED = metrics.counter("budget_refusals_total", "Calls refused for a monthly budget", ("where",))


def over_budget(services: Services, agent: Agent, where: str) -> str:
    """Why the business of the agent takes no more calls this month; blank where it does."""
    if not any(one.monthly_budget.limits for one in services.agents.all):
        return ""
    who = AgentRef.to(agent)
    mates = [one for one in services.agents.all if AgentRef.to(one).business == who.business]
    budget = smallest(one.monthly_budget for one in mates)
    if not budget.limits:
        return ""
    month = f"{dt.datetime.fromtimestamp(time.time(), ZoneInfo(agent.time_zone)):%Y-%m}"
    try:
        with gevent.Timeout(LIMIT_S, Unavailable("too slow")):
            used = UsageStore(services.redis, services.settings).month(who.business, month)
    except Unavailable as error:
        log.warning("a budget could not be looked at", extra={"why": error.message})
        return ""
    found = reached(budget, used)
    if found is None or found.level != "spent":
        return ""
    REFUSED.labels(where).inc()
    log.warning(
        "a call is refused: the budget is used up",
        extra={"business": who.business, "where": where, "used": found.in_words()},
    )
    return f"the budget is used up: {found.in_words()}"


def keep_refusal(
    calls: CallStore, call_id: str, channel: str, agent: Agent, why: str, **details: Any
) -> None:
    """Write the refused call into its own story; it has no usage. Where Redis is away the log alone
    has it."""
    about = {
        "channel": channel,
        "agent": agent.name,
        "business": agent.business,
        "agent_ref": AgentRef.to(agent).to_json(),
        "refused": why,
    }
    try:
        calls.end(call_id, fields={**details, **about})
    except Unavailable:
        log.info("a refused call could not be stored", extra={"call_id": call_id})


def say_goodbye(ws: Connection, line: str) -> None:
    """Have Retell say the line and hang up, whatever the caller says meanwhile."""
    action = retell_llm.CallAction(end_call=True)
    ws.send(retell_llm.config(auto_reconnect=False, tools=False))
    ws.send(retell_llm.response(0, line, True, action=action, protected=True))
    timeout = gevent.Timeout(GOODBYE_S)
    try:
        with timeout:
            while (message := ws.receive()) is not None:
                asked = _asked(message)
                if asked is not None:
                    ws.send(retell_llm.response(asked, line, True, action=action, protected=True))
    except gevent.Timeout as late:
        if late is not timeout:
            raise
    ws.close(1000, "refused")


def _asked(message: str | bytes) -> int | None:
    """The number of the response that a frame asks for; None where it asks for none."""
    try:
        frame = retell_llm.parse(message)
    except ProtocolError:
        return None
    return frame.response_id if isinstance(frame, retell_llm.ResponseRequired) else None
