"""Twilio's edge: TwiML for a call that rings, the media socket, and what follows the stream.

The webhooks are signed by Twilio; the socket is opened by a one-time token that the TwiML carries.
"""

from __future__ import annotations

import re
import time
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from app import logs, metrics
from app.adapters.notify.messages import Messages, promised_callback
from app.bridges.page import PageChannel
from app.bridges.services import services
from app.bridges.socket import Connection, Sock
from app.bridges.twilio import PhoneChannel, read_start, serve
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.language.phone_numbers import identify
from app.errors import BadRequest, NotFound, ProtocolError, Unavailable
from app.protocol import twilio
from app.web.addresses import base_url, stream_url
from app.web.agents import PAGE_CALL, agent_named
from app.web.edge import edge
from app.web.guard.admission import visitor
from app.web.guard.callers import blocked, too_many
from app.web.guard.signed import read_signed_form

#: A call whose stream breaks is taken up again so many times.
MAX_RESUMES = 5
#: What a media socket may send before its token was seen.
STRANGER_BYTES = 16_384
_CALL_SID = re.compile(r"[A-Za-z0-9_]{2,64}")

bp = Blueprint("twilio", __name__)
sock = Sock()
log = logs.get(__name__)


@bp.post("/twilio/voice")
def voice() -> Response:
    """A call rings: connect it to a media stream."""
    form = read_signed_form()
    call_sid = _call_sid(form)
    agent = agent_named(request.args.get("agent", ""))
    number = form.get("From", "")
    if blocked(number, agent.blocked_numbers) or too_many("voice", number, call_sid):
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "rejected").inc()
        return _twiml(twilio.reject_twiml("rejected"))
    drain = services().drain
    if drain.full or drain.draining:
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "full").inc()
        return _twiml(twilio.reject_twiml("busy"))
    metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "accepted").inc()
    return _twiml(_stream(call_sid, form, agent))


@bp.post("/twilio/next")
def after_stream() -> Response:
    """The stream has ended: hang up, hand over, or take the call up again where it broke."""
    form = read_signed_form()
    call_sid = _call_sid(form)
    agent = agent_named(request.args.get("agent", ""))
    metrics.WEBHOOKS_TOTAL.labels("twilio_next", "accepted").inc()
    if form.get("CallStatus") in ("completed", "busy", "failed", "no-answer", "canceled"):
        return _twiml(twilio.hangup_twiml())
    try:
        state = services().calls.load(call_sid)
    except Unavailable:
        state = None
    ending = (state or {}).get("ending")
    if isinstance(ending, dict):
        text = twilio.closing_twiml(
            ending["kind"], ending["number"], ending["say"], language=agent.language
        )
        return _twiml(text)
    times = _number(request.args.get("times"))
    if state is not None and not state.get("ended") and times < MAX_RESUMES:
        return _twiml(_stream(call_sid, form, agent, times=times + 1))
    promised = _leave_callback(agent, call_sid, form.get("From", ""))
    lines = agent.lines
    apology = f"{lines.apology} {lines.callback}" if promised else lines.apology
    return _twiml(twilio.hangup_twiml(apology, language=agent.language))


def _leave_callback(agent: Agent, call_sid: str, number: str) -> bool:
    """See that the business calls back; False where nobody could be told, or would not."""
    if not agent.promises_callback:
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
    if not _CALL_SID.fullmatch(call_id) or not edge().media_tokens.take(
        start.parameters.get("token"), call_id
    ):
        log.warning("a media stream had no valid token")
        ws.close(1008, "token")
        return
    if connection is not None:
        connection.prove()
        connection.is_served()
    ws.trust()
    try:
        agent = agent_named(start.parameters.get("agent", ""))
    except NotFound as error:
        log.error("a media stream names an unknown agent", extra={"why": error.message})
        ws.close(1008, "agent")
        return
    page = call_id.startswith(PAGE_CALL)
    details = {
        "call_id": call_id,
        "call_type": "web_call" if page else "phone_call",
        "direction": "inbound",
        "from_number": start.parameters.get("from", ""),
        "to_number": start.parameters.get("to", ""),
    }
    details = {name: value for name, value in details.items() if value}
    channel = PageChannel if page else PhoneChannel
    serve(now_services, ws, call_id, channel(start, agent, details, edge().lines))


def _stream(call_sid: str, form: dict[str, str], agent: Agent, *, times: int = 0) -> str:
    """TwiML that connects the call to its stream, and asks again when that has ended."""
    parameters = {
        "token": edge().media_tokens.mint(call_sid),
        "from": form.get("From", "")[:64],
        "to": form.get("To", "")[:64],
        "agent": request.args.get("agent", "")[:100],
    }
    query = {"times": str(times), **({"agent": agent.name} if parameters["agent"] else {})}
    return twilio.connect_twiml(
        stream_url(),
        {name: value for name, value in parameters.items() if value},
        action_url=f"{base_url()}/twilio/next?{urlencode(query)}",
    )


def _call_sid(form: dict[str, str]) -> str:
    call_sid = form.get("CallSid", "")
    if not _CALL_SID.fullmatch(call_sid) or call_sid.startswith(PAGE_CALL):
        raise BadRequest("CallSid is missing or malformed")
    return call_sid


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 4 else 0


def _twiml(text: str) -> Response:
    return Response(text, content_type="text/xml; charset=utf-8")
