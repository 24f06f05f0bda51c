"""POST /webhook/retell: verify the raw bytes, parse, store and queue in one step, answer."""

from __future__ import annotations

import time
from dataclasses import replace

import gevent
from flask import Blueprint, Response, g, request

from app import logs, metrics
from app.bridges.services import services
from app.core.agent.directory import Asked
from app.errors import AppError, Unauthorized
from app.protocol.retell_webhook import EVENTS, WebhookEvent, parse
from app.settings import Settings
from app.web.agents import agent_named
from app.web.edge import edge
from app.web.guard.signed import read_signed
from app.web.guard.signer import agent_for, check_call

bp = Blueprint("webhooks", __name__)
log = logs.get(__name__)

_ANSWERS = {
    "stored": b'{"received":true}\n',
    "queued": b'{"received":true}\n',
    "duplicate": b'{"received":true,"duplicate":true}\n',
    "ignored": b'{"received":true,"ignored":true}\n',
}
_IGNORED_TWICE = b'{"received":true,"duplicate":true,"ignored":true}\n'


@bp.post("/webhook/retell", strict_slashes=False)
def retell() -> Response:
    """Retell's events and the plain payloads. A 2xx means stored; anything else, send it again."""
    settings = services().settings
    label = "unknown"
    try:
        raw, signature = read_signed(settings)
        now_ms = int(time.time() * 1000)
        event = parse(raw)
        label = event.event if event.event in EVENTS else "other"
        if not signature:
            _may_be_unsigned(event, settings)
        event = addressed(event, request.args.get("agent", ""))
        outcome = edge().intake.take(event, now_ms, signature)
        if outcome == "foreign":
            raise Unauthorized("this signature has been used for another request")
    except AppError as error:
        metrics.WEBHOOKS_TOTAL.labels(label, error.code).inc()
        gevent.sleep(0)  # what is refused waits for nothing: it must not starve the sockets
        raise
    ignored = event.kind == "unknown"
    metrics.WEBHOOKS_TOTAL.labels(label, "ignored" if ignored else outcome).inc()
    if event.event == "transcript" and not event.final and outcome != "duplicate":
        edge().early_intents.heard(event.id, now_ms, who(event))
    if ignored:
        return _json(_IGNORED_TWICE if outcome == "duplicate" else _ANSWERS["ignored"])
    return _json(_ANSWERS[outcome])


def addressed(event: WebhookEvent, agent: str) -> WebhookEvent:
    """The event with the agent that the address names, if it names one; of an event that a
    business's own key has signed, with that business's agent.

    Raises `UnknownAgent` for one that there is none of, `Unauthorized` for another business's.
    """
    if agent.strip():
        agent_named(agent)
        event = replace(event, facts={**event.facts, "agent": agent})
    if g.get("signer") and event.subject not in ("none", "alert"):
        check_call(event.id)
        event = replace(event, facts={**event.facts, "agent": agent_for(who(event)).id})
    return event


def who(event: WebhookEvent) -> Asked:
    """What an event tells of the agent that it is for."""
    return Asked.of_details(event.facts, str(event.facts.get("agent") or ""))


def _may_be_unsigned(event: WebhookEvent, settings: Settings) -> None:
    """Development takes plain payloads unsigned, and Retell's own only while no key is set."""
    if event.kind != "plain":
        if settings.retell_api_keys:
            raise Unauthorized("the signature is missing")
        log.info("unsigned event taken in development", extra={"event": event.event})


def _json(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json")
