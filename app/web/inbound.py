"""POST /webhook/retell/inbound: a call or message rings; let it in with variables, or refuse it.

The caller hears ringing until this is answered, so it waits for nothing: the answer needs no Redis.
A POST that Retell sends again gets the same token.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

import gevent
import orjson
from flask import Blueprint, Response, request

from app import logs, metrics
from app.bridges.monthly_budget import over_budget
from app.bridges.refusal import refuse_call
from app.bridges.services import Services, services
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked
from app.core.agent.reference import AgentRef
from app.core.language.phone_numbers import identify
from app.errors import AppError, NotFound, Unauthorized, Unavailable
from app.protocol import retell_http
from app.protocol.retell_http import Inbound
from app.web.edge import edge
from app.web.guard.callers import blocked, too_many
from app.web.guard.signed import is_first_use, read_signed
from app.web.guard.signer import agent_for

bp = Blueprint("inbound", __name__)
log = logs.get(__name__)

#: Retell asks up to four times, ten seconds apart and more.
REPEAT_S = 600
NOTE_LIMIT_S = 0.5


@bp.post("/webhook/retell/inbound", strict_slashes=False)
def inbound() -> Response:
    """Answer an inbound webhook."""
    gevent.sleep(0)
    now_services = services()
    settings = now_services.settings
    raw, signature = read_signed(settings)
    now_ms = int(time.time() * 1000)
    if not signature and settings.retell_api_keys:
        raise Unauthorized("the signature is missing")
    if not _is_first_use(signature):
        raise Unauthorized("this signature has been used for another request")
    ringing = retell_http.parse_inbound(raw)
    about = ringing.id or f"{ringing.from_number}>{ringing.to_number}@{ringing.at_ms}"
    agent = _agent(now_services, ringing)
    refused = agent is None or (
        blocked(ringing.from_number, agent.blocked_numbers)
        or too_many(ringing.subject, ringing.from_number, about, agent)
        or (ringing.subject == "call_inbound" and _full(now_services))
        or bool(over_budget(now_services, agent, ringing.subject))
    )
    if agent is None or refused:
        answer = retell_http.reject(ringing)
    else:
        answer = retell_http.accept(
            ringing,
            variables=variables(ringing, agent, about, now_ms),
            metadata={
                "agent": agent.name,
                "business": agent.business,
                "agent_ref": AgentRef.to(agent, ringing.agent_id).to_json(),
            },
        )
    first = _note(now_services, ringing, about, refused, now_ms / 1000)
    outcome = ("rejected" if refused else "accepted") if first else "duplicate"
    metrics.WEBHOOKS_TOTAL.labels(ringing.subject, outcome).inc()
    return Response(orjson.dumps(answer), content_type="application/json")


def _agent(now_services: Services, ringing: Inbound) -> Agent | None:
    """Who is to answer; None where nobody does, which is noted."""
    asked = Asked(request.args.get("agent", ""), ringing.agent_id, ringing.to_number)
    try:
        return agent_for(asked)
    except NotFound as error:
        gevent.spawn(refuse_call, now_services.calls, ringing.subject, ringing.id, error)
        return None


def variables(ringing: Inbound, agent: Agent, about: str, now_ms: int) -> dict[str, Any]:
    """The dynamic variables of a call that is let in; all become texts."""
    local = dt.datetime.fromtimestamp(now_ms / 1000, ZoneInfo(agent.time_zone))
    caller = identify(ringing.from_number, agent.country_for())
    given: dict[str, Any] = {
        "agent_name": agent.name,
        "business": agent.business,
        "caller_number": caller.e164 if caller else "",
        "today": f"{local:%A}, {local.date().isoformat()}",
        "time_zone": agent.time_zone,
    }
    if ringing.subject == "call_inbound":
        # The id that comes along is not promised to be the later call's: the first call that uses
        # the token has it.
        given["socket_token"] = edge().socket_tokens.mint(about, agent.home.id)
    return given


def _full(now_services: Services) -> bool:
    """Whether a call that is let in now would find no line: a busy tone is better than silence.

    This process has no room, and as many calls go on as this machine's processes take together.
    """
    if not now_services.drain.full:
        return False
    settings = now_services.settings
    try:
        with edge().ringing.guard(), gevent.Timeout(NOTE_LIMIT_S, Unavailable("too slow")):
            return now_services.calls.active() >= settings.max_calls * settings.web_concurrency
    except Unavailable:
        return settings.web_concurrency == 1


def _is_first_use(signature: str) -> bool:
    """As `is_first_use`; where Redis is away it cannot be told, and the caller waits."""
    try:
        with edge().ringing.guard(), gevent.Timeout(NOTE_LIMIT_S, Unavailable("too slow")):
            return is_first_use(signature, body=True)
    except Unavailable:
        return True


def _note(now_services: Services, ringing: Inbound, about: str, refused: bool, at: float) -> bool:
    """Write the ringing into the call's story, if Redis is at hand; False for a repeat."""
    try:
        with edge().ringing.guard(), gevent.Timeout(NOTE_LIMIT_S, Unavailable("too slow")):
            if not edge().guards.first("inbound", about, REPEAT_S):
                return False
            if ringing.id and not refused:
                now_services.calls.add_event(
                    ringing.id, {"at": at, "kind": "webhook", "event": ringing.subject}
                )
    except AppError as error:
        log.info("inbound webhook could not be stored", extra={"code": error.code})
    return True
