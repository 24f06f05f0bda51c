"""Twilio's edge: TwiML for a call that rings, the media socket, and what follows the stream.

The webhooks are signed by Twilio; the socket is opened by a one-time token that the TwiML carries.
"""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, request

from app import logs, metrics
from app.adapters.audio.prerecorded import LineStore
from app.adapters.tokens.media import MediaTokens
from app.bridges.services import services
from app.bridges.socket import Connection, Sock
from app.bridges.twilio import PageBridge, PhoneBridge, read_start
from app.core.agent.definition import Agent
from app.errors import BadRequest, ProtocolError, TooLarge, Unauthorized, Unavailable
from app.protocol import twilio
from app.security import twilio_signature
from app.web.caller_limit import too_many
from app.web.inbound import blocked

#: A call whose stream breaks is taken up again so many times.
MAX_RESUMES = 5
MAX_FORM_BYTES = 64_000
_CALL_SID = re.compile(r"[A-Za-z0-9_]{2,64}")
#: Calls of a page have ids of our own making.
PAGE_CALL = "web_"

bp = Blueprint("twilio", __name__)
sock = Sock()
log = logs.get(__name__)


@bp.post("/twilio/voice")
def voice() -> Response:
    """A call rings: connect it to a media stream."""
    form = _signed_form()
    call_sid = _call_sid(form)
    agent = agent_named(request.args.get("agent", ""))
    number = form.get("From", "")
    if blocked(number, agent.blocked_numbers) or too_many("voice", number, call_sid):
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "rejected").inc()
        return _twiml(twilio.reject_twiml("rejected"))
    drain = services().drain
    if drain.max_calls is not None and drain.live >= drain.max_calls:
        metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "full").inc()
        return _twiml(twilio.reject_twiml("busy"))
    metrics.WEBHOOKS_TOTAL.labels("twilio_voice", "accepted").inc()
    return _twiml(_stream(call_sid, form, agent))


@bp.post("/twilio/next")
def after_stream() -> Response:
    """The stream has ended: hang up, hand over, or take the call up again where it broke."""
    form = _signed_form()
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
    lines = agent.lines
    apology = f"{lines.apology} {lines.callback}"
    return _twiml(twilio.hangup_twiml(apology, language=agent.language))


@sock.route("/media-stream", bp=bp)
def media_stream(ws: Connection) -> None:
    """A media stream, of Twilio or of a page."""
    now_services = services()
    now_services.drain.check()
    ws.accept()
    try:
        start = read_start(ws)
    except ProtocolError as error:
        ws.close(1003, error.message)
        return
    if start is None:
        ws.close(1008, "no start")
        return
    call_id = start.call_sid
    if not _CALL_SID.fullmatch(call_id) or not media_tokens().take(
        start.parameters.get("token"), call_id
    ):
        log.warning("a media stream had no valid token")
        ws.close(1008, "token")
        return
    agent = agent_named(start.parameters.get("agent", ""))
    page = call_id.startswith(PAGE_CALL)
    details = {
        "call_id": call_id,
        "call_type": "web_call" if page else "phone_call",
        "direction": "inbound",
        "from_number": start.parameters.get("from", ""),
        "to_number": start.parameters.get("to", ""),
    }
    details = {name: value for name, value in details.items() if value}
    bridge = PageBridge if page else PhoneBridge
    bridge(now_services, ws, start, agent, details, line_store()).run()


def agent_named(name: str) -> Agent:
    """The agent of that name, else the default one."""
    agents = services().agents
    for agent in agents.all:
        if name and agent.name.casefold() == name.casefold():
            return agent
    return agents.default


def media_tokens() -> MediaTokens:
    """The process's mint of stream tokens."""
    known = current_app.extensions.get("media_tokens")
    if known is None:
        known = MediaTokens(services().redis, services().settings)
        current_app.extensions["media_tokens"] = known
    return cast(MediaTokens, known)


def line_store() -> LineStore:
    """The process's store of spoken lines."""
    known = current_app.extensions.get("line_store")
    if known is None:
        known = LineStore(services().redis, services().settings.realtime_model)
        current_app.extensions["line_store"] = known
    return cast(LineStore, known)


def base_url() -> str:
    """The address by which the outside reaches this server, without a path."""
    configured = services().settings.public_url
    if configured:
        return configured
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip()
    return f"{'https' if scheme == 'https' else 'http'}://{request.host}"


def stream_url() -> str:
    """The media socket's address."""
    parts = urlsplit(base_url())
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{parts.path}/media-stream"


def _stream(call_sid: str, form: dict[str, str], agent: Agent, *, times: int = 0) -> str:
    """TwiML that connects the call to its stream, and asks again when that has ended."""
    parameters = {
        "token": media_tokens().mint(call_sid),
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


def _signed_form() -> dict[str, str]:
    """The request's form fields, once its signature was found right. Raises `Unauthorized`."""
    if (request.content_length or 0) > MAX_FORM_BYTES:
        raise TooLarge(f"the form may have {MAX_FORM_BYTES} bytes")
    form = {name: request.form.getlist(name) for name in request.form}
    settings = services().settings
    header = request.headers.get("X-Twilio-Signature")
    if settings.twilio_auth_token:
        query = request.query_string.decode("latin-1")
        url = f"{base_url()}{request.path}" + (f"?{query}" if query else "")
        if not twilio_signature.verify(url, form, header, [settings.twilio_auth_token]):
            raise Unauthorized("the signature is missing or wrong")
    elif settings.production:
        raise Unauthorized("TWILIO_AUTH_TOKEN is not set, so that nothing can be verified")
    else:
        log.info("an unsigned request of Twilio's is accepted in development")
    return {name: values[0] for name, values in form.items()}


def _call_sid(form: dict[str, str]) -> str:
    call_sid = form.get("CallSid", "")
    if not _CALL_SID.fullmatch(call_sid) or call_sid.startswith(PAGE_CALL):
        raise BadRequest("CallSid is missing or malformed")
    return call_sid


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 4 else 0


def _twiml(text: str) -> Response:
    return Response(text, content_type="text/xml; charset=utf-8")
