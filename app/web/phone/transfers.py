"""Putting a caller through: dial or ask the target, then the next one, then back to the agent."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

from app import logs, metrics
from app.adapters.twilio.calls import TwilioCalls
from app.adapters.twilio.tickets import Ticket, Tickets
from app.bridges.services import services
from app.core.agent.transfers import TransferTarget
from app.core.audio.transcript import SpokenRecord
from app.core.call.handover import brief
from app.core.language.phone_numbers import identify
from app.errors import Unavailable
from app.protocol import twiml
from app.web.phone.leg import Leg

#: A call whose stream breaks, or that comes back from a transfer, is taken up again so many times.
MAX_RESUMES = 5
RING_S = 25

log = logs.get(__name__)

TRANSFERS = metrics.counter("transfers_total", "Transfers, by how they ended.", ("how",))


def put_through(leg: Leg, number: str, say: str = "") -> str:
    """TwiML that connects the caller with `leg.target`, whose number it is."""
    agent = leg.agent
    target = agent.switchboard.find(leg.target)
    if target is not None and target.warm:
        waiting = _ask_colleague(leg, target, say)
        if waiting is not None:
            return waiting
        # Better put through without a word beforehand than not at all.
    return twiml.dial_twiml(
        number,
        say=say,
        language=agent.language,
        ring_s=target.ring_s if target else RING_S,
        action_url=leg.address("/twilio/dialed"),
    )


def not_answered(leg: Leg, why: str) -> str:
    """TwiML for a caller whom nobody takes: the next target, the agent, or the end."""
    agent, now = leg.agent, time.time()
    TRANSFERS.labels(why).inc()
    leg.note("transfer_failed", target=leg.target, why=why)
    target = agent.switchboard.find(leg.target)
    following = target and agent.switchboard.next_after(target, leg.tried, now)
    if following:
        after = replace(leg, target=following.name, tried=(*leg.tried, leg.target))
        return put_through(after, following.number, following.before or agent.lines.transfer)
    last = agent.switchboard.last_word(target) if target else ""
    if last == "end" or leg.times >= MAX_RESUMES:
        leg.end()
        return twiml.hangup_twiml(agent.lines.unanswered, language=agent.language)
    again = replace(leg, times=leg.times + 1)
    name = leg.target or "the person they were connected to"
    return again.stream(back_from=name, back_why=why)


def answered(leg: Leg) -> str:
    """TwiML for a caller who was put through, after they have spoken."""
    TRANSFERS.labels("answered").inc()
    leg.note("transfer_ended", target=leg.target)
    told = {"state": "ended", "target": leg.target, "attempts": len(leg.tried) + 1}
    leg.end(disconnection_reason="call_transfer", transfer=told)
    return twiml.hangup_twiml()


def _ask_colleague(leg: Leg, target: TransferTarget, say: str) -> str | None:
    """Have the colleague called, and the caller wait; None where that is not possible."""
    at_work, agent = services(), leg.agent
    calls = TwilioCalls.from_settings(at_work.settings_of(agent))
    caller_id = identify(leg.called) or identify(at_work.settings_of(agent).notify_sms_from)
    if calls is None or caller_id is None:
        log.warning("a warm transfer needs Twilio's account and a number of it")
        return None
    tickets = Tickets(at_work.redis)
    try:
        ticket = Ticket(
            id=uuid4().hex,
            call_id=leg.call_sid,
            target=target.name,
            agent=agent.id,
            brief=brief(agent, leg.caller, _heard(at_work.calls.load(leg.call_sid))),
            caller=leg.caller,
            called=leg.called,
            tried=leg.tried,
            times=leg.times,
            at=time.time(),
        )
        tickets.open(ticket)
        sid = calls.call(
            target.number,
            caller_id.e164,
            url=colleague_address(leg, ticket, "/twilio/colleague"),
            ended_url=colleague_address(leg, ticket, "/twilio/colleague/ended"),
            ring_s=target.ring_s,
        )
        tickets.update(leg.call_sid, ticket.id, colleague=sid)
    except Unavailable as error:
        log.warning("a colleague cannot be called", extra={"why": error.message})
        return None
    return twiml.wait_twiml(
        room(ticket.call_id),
        wait_url=leg.address("/twilio/hold", ticket=ticket.id),
        action_url=leg.address("/twilio/dialed", ticket=ticket.id),
        say=say,
        language=agent.language,
    )


def colleague_address(leg: Leg, ticket: Ticket, path: str, **more: str) -> str:
    """An address of ours for the colleague's leg."""
    return leg.address(path, call=ticket.call_id, ticket=ticket.id, **more)


def room(call_id: str) -> str:
    """The name of the conference in which a caller meets whoever takes the call."""
    return f"call-{call_id}"


def leg_of(ticket: Ticket) -> Leg:
    """The caller's leg of a warm transfer."""
    return Leg(
        ticket.call_id,
        ticket.caller,
        ticket.called,
        ticket.agent,
        ticket.times,
        ticket.target,
        ticket.tried,
    )


def account_of(ticket: Ticket) -> TwilioCalls | None:
    """The Twilio account that a transfer runs in; None where there is none."""
    return TwilioCalls.from_settings(services().settings_of(leg_of(ticket).agent))


def fetch_back(ticket: Ticket, why: str) -> None:
    """Have the caller who waits go on elsewhere: nobody took the call. Where Twilio does not take
    it, it is tried again while they wait. Raises `Unavailable` where Redis is away."""
    calls, tickets = account_of(ticket), Tickets(services().redis)
    if calls is None or not tickets.claim_fetch(ticket.call_id):
        return
    try:
        calls.instruct(ticket.call_id, not_answered(leg_of(ticket), why))
    except Unavailable as error:
        tickets.fetch_failed(ticket.call_id)
        log.warning("a waiting caller cannot be fetched back", extra={"why": error.message})


def _heard(state: dict[str, Any] | None) -> list[list[str]]:
    record = (state or {}).get("record")
    return SpokenRecord.from_state(record).as_heard() if isinstance(record, list) else []
