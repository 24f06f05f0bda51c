"""Calls that go on: server-sent events of them, and stepping into one.

GET  /api/events/stream             the live calls, as they change
GET  /api/events/stream?call=ID     one call as it is spoken
POST /api/calls/<id>/say|instruct|transfer|end|mute
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast, get_args

import gevent
import orjson
from flask import Blueprint, Response, request

from app import logs
from app.adapters.calls.step_in import step_in
from app.bridges.services import Services, services
from app.core.call.events import StepIn, StepInKind
from app.core.language.phone_numbers import identify
from app.core.record.live import Conversation
from app.errors import BadRequest, NotFound, Unavailable
from app.protocol.body import json_object
from app.security.scope import Scope
from app.web.agents import agent_of_summary
from app.web.calls.streams import LiveCalls, News
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_json_body
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_call

#: How often a page is told what changed, in seconds.
CALLS_EVERY_S, WORDS_EVERY_S = 1.0, 0.4
#: A line without meaning keeps proxies from closing a quiet stream.
QUIET_S = 15.0
#: Streams of one process. A page has one.
MAX_STREAMS = 100
MAX_TEXT, MAX_BODY = 1000, 16_384

_AWAY = "Redis is away: live calls cannot be seen."

KINDS: tuple[str, ...] = get_args(StepInKind)

bp = Blueprint("live", __name__, url_prefix="/api")
log = logs.get(__name__)


@bp.get("/events/stream")
@access.scoped
def stream() -> Response:
    """Events named `calls` (every live call) at first, then `changed` (those that changed or are
    gone); or `words`, `problem` and `over` of one call."""
    now, call_id = services(), request.args.get("call", "")
    if call_id:
        visible_call(call_id)
    scope = viewer().scope
    source = _words(now, call_id) if call_id else _calls(now, edge().live_calls, scope)
    return Response(
        edge().streams.limited(source, MAX_STREAMS, scope),
        content_type="text/event-stream; charset=utf-8",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@bp.post("/calls/<call_id>/<what>")
@access.scoped
def step(call_id: str, what: str) -> tuple[dict[str, Any], int]:
    """Step into a call: body ``{"text": …}``, for a transfer ``{"number": …, "text"?: …}``, for
    `mute` ``{"tool": …}``. 202: the process that holds the call was told."""
    if what not in KINDS:
        raise NotFound(f"what can be done in a call: {', '.join(KINDS)}")
    given = json_object(read_json_body(edge().bodies, MAX_BODY))
    text = _text(given, "tool" if what == "mute" else "text")
    number = ""
    if what in ("say", "instruct", "mute") and not text:
        raise BadRequest(f"{what} needs {'a tool' if what == 'mute' else 'a text'}")
    if what == "transfer":
        number = _number(_text(given, "number"), call_id)
    event = StepIn(cast(StepInKind, what), text, number, by=viewer().by)
    step_in(services().redis, services().calls, call_id, event)
    log.info("stepped into a call", extra={"call_id": call_id, "did": what, "by": event.by})
    return {"accepted": True}, 202


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be a text")
    if len(value) > MAX_TEXT:
        raise BadRequest(f"{name} exceeds {MAX_TEXT} characters")
    return value.strip()


def _number(given: str, call_id: str) -> str:
    """Whom to transfer to: the number given, or that of the agent's target of this name; else the
    agent's first target that is open."""
    now = services()
    summary = now.calls.summary(call_id) or {}
    agent = agent_of_summary(summary) or now.agents.default
    board = agent.switchboard
    target = board.find(given) if given else board.open_target(time.time())
    if target is not None:
        return target.number
    if not given:
        raise BadRequest("a transfer needs a number: no target of this agent is open now")
    found = identify(given, agent.country_for())
    if found is None:
        raise BadRequest("the number is none that can be called")
    return found.e164


def _calls(now: Services, live: LiveCalls, scope: Scope) -> Iterator[bytes]:
    news, away, quiet = News(), False, 0.0
    while not now.drain.draining:
        try:
            event, away = news.of(live.rows(scope)), False
        except Unavailable:
            event = None if away else ("calls", {"problem": _AWAY})
            away = True
            news.forget()
        if event is not None:
            name, told = event
            yield b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(told))
            quiet = 0.0
        elif quiet >= QUIET_S:
            yield b": quiet\n\n"
            quiet = 0.0
        gevent.sleep(CALLS_EVERY_S)
        quiet += CALLS_EVERY_S


def _words(now: Services, call_id: str) -> Iterator[bytes]:
    """One call as it is spoken, from its beginning on, until it ends."""
    conversation, position, quiet = Conversation(), "-", 0.0
    while not now.drain.draining:
        try:
            for after, lines in now.calls.follow_record(call_id, position):
                position = after
                for line in lines:
                    conversation.add(orjson.loads(line))
                gevent.sleep(0)
            over = (now.calls.summary(call_id) or {}).get("status") != "ongoing"
        except Unavailable:
            yield b'event: problem\ndata: "Redis is away: the call goes on without this page."\n\n'
            gevent.sleep(CALLS_EVERY_S)
            continue
        changed = conversation.changes()
        if changed is not None:
            yield b"event: words\ndata: " + orjson.dumps(changed) + b"\n\n"
            quiet = 0.0
        elif quiet >= QUIET_S:
            yield b": quiet\n\n"
            quiet = 0.0
        if over:
            yield b"event: over\ndata: {}\n\n"
            return
        gevent.sleep(WORDS_EVERY_S)
        quiet += WORDS_EVERY_S
