"""Twilio's edge: TwiML for a call that rings, the media socket, and what follows the stream.

The webhooks are signed by Twilio; the socket is opened by a one-time token that the TwiML carries.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import orjson
from flask import Blueprint, Response

from app import logs, metrics
from app.adapters.notify.messages import Messages, promised_callback
from app.bridges.channels.page import PageChannel
from app.bridges.channels.twilio import PhoneChannel, read_start, serve
from app.bridges.monthly_budget import keep_refusal, over_budget
from app.bridges.refusal import refuse_call
from app.bridges.services import services
from app.bridges.socket import Connection, Sock
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, NoAgent
from app.core.agent.reference import AgentRef
from app.core.language.phone_numbers import identify
from app.errors import NotFound, ProtocolError, Unavailable
from app.protocol import twiml
from app.web.agents import PAGE_CALL
from app.web.edge import edge
from app.web.guard.admission import visitor
from app.web.guard.callers import blocked, too_many
from app.web.guard.signed import read_signed_form
from app.web.guard.signer import agent_for
from app.web.phone.leg import CALL_SID, OVER, Leg, answer
from app.web.phone.transfers import MAX_RESUMES, put_through

#: What a media socket may send before its token was seen.
STRANGER_BYTES = 16_384

bp = Blueprint("twilio", __name__)
sock = Sock()
log = logs.get(__name__)


@bp.post("/twilio/voice")
def voice() -> Response:
    """A call rings: connect it to a media stream."""
    form = read_signed_form()
    leg = Leg.of_request(form)
    try:
        agent = leg.agent
    except NoAgent as error:
        refuse_call(services().calls, "twilio", leg.call_sid, error)
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "rejected").inc()
        return answer(twiml.reject_twiml("rejected"))
    number = form.get("From", "")
    if blocked(number, agent.blocked_numbers) or too_many("voice", number, leg.call_sid, agent):
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "rejected").inc()
        return answer(twiml.reject_twiml("rejected"))
    drain = services().drain
    if drain.full or drain.draining:
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "full").inc()
        return answer(twiml.reject_twiml("busy"))
    why = over_budget(services(), agent, "twilio")
    if why:
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "rejected").inc()
        caller = {"from_number": number, "to_number": leg.called, "direction": "inbound"}
        keep_refusal(services().calls, leg.call_sid, "twilio", agent, why, **caller)
        return answer(twiml.hangup_twiml(agent.lines.refused, language=agent.language))
    metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "accepted").inc()
    return answer(replace(leg, times=0).stream())


@bp.post("/twilio/next")
def after_stream() -> Response:
    """The stream has ended: hang up, hand over, or take the call up again where it broke."""
    form = read_signed_form()
    leg = Leg.of_request(form)
    agent = leg.agent
    metrics.WEBHOOKS_TOTAL.labels("twilio_next", "accepted").inc()
    if form.get("CallStatus") in OVER:
        leg.end()
        return answer(twiml.hangup_twiml())
    try:
        state = services().calls.load(leg.call_sid)
    except Unavailable:
        state = None
    ending = (state or {}).get("ending")
    if isinstance(ending, dict):
        if ending["kind"] == "transfer" and ending["number"]:
            target = str(ending.get("target") or "")
            return answer(put_through(replace(leg, target=target), ending["number"], ending["say"]))
        return answer(twiml.hangup_twiml(ending["say"] or None, language=agent.language))
    if state is not None and not state.get("ended") and leg.times < MAX_RESUMES:
        return answer(replace(leg, times=leg.times + 1).stream())
    promised = _leave_callback(agent, leg.call_sid, form.get("From", ""))
    lines = agent.lines
    apology = f"{lines.apology} {lines.callback}" if promised else lines.apology
    return answer(twiml.hangup_twiml(apology, language=agent.language))


def _leave_callback(agent: Agent, call_sid: str, number: str) -> bool:
    """See that the business calls back; False where nobody could be told, or would not."""
    if not agent.promises_callback(time.time()):
        return False
    caller = identify(number, agent.country_for())
    if caller is None:
        return False
    now_services = services()
    messages = Messages(now_services.redis, now_services.settings.record_retention_s)
    why = "the call broke off"
    try:
        messages.leave(
            promised_callback(AgentRef.to(agent), call_sid, caller.e164, time.time(), why)
        )
    except Unavailable:
        return False
    return True


@sock.route("/media-stream", bp=bp)
def media_stream(ws: Connection) -> None:
    """A media stream, of Twilio or of a page."""
    now_services = services()
    if now_services.drain.draining:
        now_services.drain.check()
    connection = visitor()
    ws.distrust(STRANGER_BYTES)
    ws.accept()
    if connection is not None:
        connection.waits()
    try:
        start = read_start(ws)
    except ProtocolError as error:
        ws.close(1003, error.message)
        return
    if start is None:
        ws.close(1008, "no start")
        return
    call_id = start.call_sid
    page = call_id.startswith(PAGE_CALL)
    named = start.parameters.get("agent", "")
    if not CALL_SID.fullmatch(call_id) or not edge().media_tokens.take(
        start.parameters.get("token"), call_id, named if page else ""
    ):
        log.warning("a media stream had no valid token")
        ws.close(1008, "token")
        return
    if connection is not None:
        connection.prove()
        connection.is_served()
    ws.trust()
    try:
        agent = agent_for(Asked(named), call_id)
    except NotFound as error:
        log.error("a media stream names an unknown agent", extra={"why": error.message})
        ws.close(1008, "agent")
        return
    details: dict[str, Any] = {
        "call_id": call_id,
        "call_type": "web_call" if page else "phone_call",
        "direction": "inbound",
        "from_number": start.parameters.get("from", ""),
        "to_number": start.parameters.get("to", ""),
    }
    if page:
        details["retell_llm_dynamic_variables"] = _variables(start.parameters.get("variables", ""))
    details = {name: value for name, value in details.items() if value}
    channel = PageChannel if page else PhoneChannel
    serve(now_services, ws, call_id, channel(start, agent, details, edge().lines))


def _variables(given: str) -> dict[str, str]:
    """The dynamic variables that a page gave as a JSON object; none where it is not one."""
    try:
        value = orjson.loads(given) if given else {}
    except orjson.JSONDecodeError:
        return {}
    return {name: str(item) for name, item in value.items()} if isinstance(value, dict) else {}
