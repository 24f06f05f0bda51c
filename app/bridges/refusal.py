"""Calls that no agent answers: counted, logged, and seen in the call's own story."""

from __future__ import annotations

import time

from app import logs, metrics
from app.adapters.calls.store import CallStore
from app.errors import NotFound, Unavailable

log = logs.get(__name__)


def refuse_call(calls: CallStore, channel: str, call_id: str, error: NotFound) -> None:
    """Note that a call was refused, and why. Where Redis is away the log alone has it."""
    metrics.CALLS_UNANSWERED.labels(channel, error.code).inc()
    log.warning("no agent answers the call", extra={"channel": channel, "why": error.message})
    if not call_id:
        return
    try:
        calls.merge(call_id, {"channel": channel, "refused": error.message})
        calls.add_event(
            call_id,
            {"at": time.time(), "kind": "no_agent", "channel": channel, "why": error.message},
        )
    except Unavailable:
        log.info("a refused call could not be stored", extra={"call_id": call_id})
