"""Jobs that tell others of bookings and messages: one per change, then one per channel, each with
its own retries."""

from __future__ import annotations

import time
from typing import Any

from app import logs, metrics
from app.adapters import queue
from app.adapters.booking.ledger import show
from app.adapters.job_names import DELIVER
from app.adapters.notify.base import MESSAGE_KINDS, Change, Channel, NotTold
from app.adapters.notify.channels import open_channels
from app.adapters.notify.messages import Message, Messages
from app.adapters.notify.text_budget import TextBudget
from app.adapters.notify.told import Telling
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.booking.ledger import Booking
from workers.runtime import Runtime, runtime

RETRY_DELAYS_S = (5, 30, 120, 600, 1800, 7200)

log = logs.get(__name__)

TOLD = metrics.counter(
    "booking_notifications_total", "Messages about bookings, by channel.", ("channel", "outcome")
)


def announce(change: dict[str, Any]) -> None:
    """Queue the delivery of a change on every channel that wants it."""
    at_work = runtime()
    agent = at_work.agents.find(AgentRef.from_json(change))
    channels = open_channels(at_work.settings_of(agent), agent, change["kind"])
    wanting = [channel for channel in channels if channel.wants(_change(change), agent)]
    if not wanting:
        _keep(at_work, change)
        return
    with at_work.redis.pipeline(transaction=True) as pipeline:
        for channel in wanting:
            queue.enqueue(
                pipeline,
                DELIVER,
                (change, channel.name),
                retry_delays_s=RETRY_DELAYS_S,
                about=f"tell of a {_about(change)} by {_kind(channel.name)}",
            )
        pipeline.execute()


def _keep(at_work: Runtime, change: dict[str, Any]) -> None:
    """Nobody can be told of it: what somebody waits for goes into the list of messages at least."""
    if change["kind"] not in ("noted_done", "noted_failed"):
        return
    message = Message(
        id=str(change["id"]),
        kind=change["kind"],
        who=AgentRef.from_json(change),
        call_id=str(change.get("call_id") or ""),
        caller_number=str(change.get("caller_number") or ""),
        at=time.time(),
        text=str(change.get("wish") or ""),
    )
    keep_s = at_work.settings.record_retention_s
    Messages(at_work.redis, keep_s).leave(message, announce=False)


def deliver(change: dict[str, Any], channel_name: str) -> None:
    """Tell on one channel. Raises NotTold, to be tried again; a repeat is not sent twice."""
    at_work = runtime()
    agent = at_work.agents.find(AgentRef.from_json(change))
    channel = _channel(at_work, agent, change["kind"], channel_name)
    shown = _kind(channel_name)
    if channel is None:
        log.warning("notification channel switched off", extra={"channel": shown})
        return
    telling = Telling(at_work.redis, str(change["id"]), channel_name)
    claim = telling.claim()
    if claim == "busy":
        raise NotTold("another worker is telling of it")
    if claim == "told":
        return
    with logs.bind(call_id=change.get("call_id")):
        if channel_name == "text" and not _may_text(at_work, _change(change), agent):
            TOLD.labels(shown, "limited").inc()
            log.warning("not texted: too many texts today", extra={"kind": change["kind"]})
            telling.failed()
            return
        try:
            channel.send(_change(change), agent)
        except NotTold as failed:
            telling.failed()
            TOLD.labels(shown, "failed").inc()
            log.warning("notification failed", extra={"channel": shown, "why": failed.message})
            raise
        TOLD.labels(shown, "sent").inc()
        log.info("notification sent", extra={"channel": shown, "kind": change["kind"]})
    telling.done()


def _may_text(at_work: Runtime, change: Change, agent: Agent) -> bool:
    business = AgentRef.to(agent).business
    budget = TextBudget(at_work.redis)
    return budget.allows(business, change.caller_number, change.call_id, change.mark)


def _channel(at_work: Runtime, agent: Agent, kind: str, name: str) -> Channel | None:
    channels = open_channels(at_work.settings_of(agent), agent, kind)
    return next((channel for channel in channels if channel.name == name), None)


def _kind(channel_name: str) -> str:
    """What a channel is, without the number it goes to."""
    return channel_name.partition(" ")[0]


def _about(change: dict[str, Any]) -> str:
    return "message" if change["kind"] in MESSAGE_KINDS else "booking"


def _change(data: dict[str, Any]) -> Change:
    booking = Booking(**data["booking"]) if data.get("booking") else None
    return Change(
        id=str(data["id"]),
        kind=str(data["kind"]),
        call_id=str(data.get("call_id") or ""),
        booking={**show(booking), "phone": booking.phone} if booking else None,
        caller_number=str(data.get("caller_number") or ""),
        mark=str(data.get("mark") or data["id"]),
        wish=str(data.get("wish") or ""),
        reason=str(data.get("reason") or ""),
        message=data.get("message"),
    )
