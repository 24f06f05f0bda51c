"""What Twilio asks during a transfer. All of it is signed by Twilio.

A colleague is asked before they get the call: they hear what it is about, and press 1 or say yes.
Voicemail does neither, so nobody is ever joined to a machine. Meanwhile the caller waits in a
conference, of which Twilio asks every few seconds what to play: so a caller of whom nobody tells
anything any more is fetched back too.
"""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from app import logs
from app.adapters.twilio.tickets import State, Ticket, Tickets
from app.bridges.services import services
from app.core.language import agreement
from app.errors import NotFound, Unavailable
from app.protocol import twiml
from app.web.guard.signed import read_signed_form
from app.web.phone.leg import OVER, Leg, answer
from app.web.phone.transfers import (
    account_of,
    answered,
    colleague_address,
    fetch_back,
    leg_of,
    not_answered,
    room,
)

#: How long a colleague may take to ring, listen and answer, beyond the ringing, in seconds.
LISTEN_S = 60.0
_STATUSES: dict[str, State] = {"busy": "busy", "no-answer": "no-answer", "failed": "failed"}
ACCEPT, DECLINE = "1", "2"
ASK = "Press 1 or say yes to take the call. Press 2 or say no to decline."
GONE = "The caller has hung up. Goodbye."
CONNECTING = "Thank you. I connect you now."

bp = Blueprint("transfers", __name__)
log = logs.get(__name__)


@bp.post("/twilio/dialed")
def dialed() -> Response:
    """A dial has ended, or a wait for a colleague."""
    form = read_signed_form()
    leg = Leg.of_request(form)
    ticket_id = request.args.get("ticket", "")[:64]
    if ticket_id:
        return answer(_after_waiting(leg, ticket_id, form))
    status = form.get("DialCallStatus", "")
    if status in ("completed", "answered"):
        return answer(answered(leg))
    if form.get("CallStatus") in OVER:
        leg.note("transfer_failed", target=leg.target, why="caller_left")
        leg.end()
        return answer(twiml.hangup_twiml())
    return answer(not_answered(leg, status if status in _STATUSES else "failed"))


def _after_waiting(leg: Leg, ticket_id: str, form: dict[str, str]) -> str:
    """The caller has left the conference: after they spoke, or while they waited."""
    tickets = Tickets(services().redis)
    gone = tickets.update(leg.call_sid, ticket_id, state="gone")
    if gone is not None:
        _release_colleague(gone)
        if form.get("CallStatus") in OVER:
            leg.note("transfer_failed", target=leg.target, why="caller_left")
            leg.end()
            return twiml.hangup_twiml()
        return not_answered(leg, "failed")  # the conference could not be held
    found = tickets.get(leg.call_sid, ticket_id)
    if found is not None and found.state == "accepted":
        return answered(leg)
    if form.get("CallStatus") in OVER:
        leg.end()
        return twiml.hangup_twiml()
    return not_answered(leg, found.state if found else "failed")


@bp.post("/twilio/hold")
def hold() -> Response:
    """The caller waits: what they hear for the next seconds."""
    leg = Leg.of_request(read_signed_form())
    agent = leg.agent
    tickets = Tickets(services().redis)
    ticket_id = request.args.get("ticket", "")[:64]
    ticket = tickets.get(leg.call_sid, ticket_id)
    if ticket is None:
        return answer(twiml.hold_twiml(agent.lines.hold, language=agent.language))
    target = agent.switchboard.find(ticket.target)
    longest_s = LISTEN_S + (target.ring_s if target else 0)
    if ticket.state == "ringing" and time.time() - ticket.at > longest_s:
        late = tickets.update(leg.call_sid, ticket_id, state="no-answer")
        if late is not None:
            _release_colleague(late)
            ticket = late
    if ticket.state not in ("ringing", "accepted"):
        fetch_back(ticket, ticket.state)
    line = agent.lines.hold if ticket.state == "ringing" else ""
    return answer(twiml.hold_twiml(line, language=agent.language))


@bp.post("/twilio/colleague")
def colleague() -> Response:
    """A colleague has answered the telephone: say what it is about, and ask."""
    read_signed_form()
    ticket = _ticket()
    if ticket.state != "ringing":
        return answer(twiml.hangup_twiml(GONE))
    leg = leg_of(ticket)
    again = request.args.get("again", "")
    language = leg.agent.language
    text = f"{ticket.brief} {ASK}"
    action = colleague_address(leg, ticket, "/twilio/colleague/answer", again=again or "0")
    once_more = "" if again else colleague_address(leg, ticket, "/twilio/colleague", again="1")
    return answer(
        twiml.ask_twiml(text, action_url=action, otherwise_url=once_more, language=language)
    )


@bp.post("/twilio/colleague/answer")
def colleague_answer() -> Response:
    """The colleague has pressed a key or said something."""
    form = read_signed_form()
    ticket = _ticket()
    tickets, leg = Tickets(services().redis), leg_of(ticket)
    digits, said = form.get("Digits", ""), form.get("SpeechResult", "")[:200]
    if digits == ACCEPT or (not digits and agreement.agrees(said)):
        taken = tickets.update(ticket.call_id, ticket.id, state="accepted")
        if taken is None:
            return answer(twiml.hangup_twiml(GONE))
        leg.note("transfer_accepted", target=ticket.target)
        return answer(
            twiml.join_twiml(room(ticket.call_id), CONNECTING, language=leg.agent.language)
        )
    declined = digits == DECLINE or (not digits and agreement.objects(said))
    if not declined and request.args.get("again", "0") == "0":
        url = colleague_address(leg, ticket, "/twilio/colleague", again="1")
        return answer(twiml.redirect_twiml(url))
    refused = tickets.update(ticket.call_id, ticket.id, state="declined")
    if refused is not None:
        fetch_back(refused, "declined")
    return answer(twiml.hangup_twiml())


@bp.post("/twilio/colleague/ended")
def colleague_ended() -> Response:
    """The colleague's leg has ended."""
    form = read_signed_form()
    ticket = _ticket()
    why = _STATUSES.get(form.get("CallStatus", ""), "no-answer")
    missed = Tickets(services().redis).update(ticket.call_id, ticket.id, state=why)
    if missed is not None:
        fetch_back(missed, why)
    return Response("", status=204)


def _ticket() -> Ticket:
    """The transfer that a request about the colleague's leg belongs to. Raises `NotFound`."""
    call_id, ticket_id = request.args.get("call", "")[:64], request.args.get("ticket", "")[:64]
    found = Tickets(services().redis).get(call_id, ticket_id) if call_id and ticket_id else None
    if found is None:
        raise NotFound("there is no such transfer")
    return found


def _release_colleague(ticket: Ticket) -> None:
    """Stop the ringing, or end the call of a colleague who is not needed any more."""
    calls = account_of(ticket)
    if calls is None or not ticket.colleague:
        return
    try:
        calls.hang_up(ticket.colleague)
    except Unavailable as error:
        log.info("a colleague's call was over already", extra={"why": error.message})
