"""Text messages to the caller through Twilio's REST API (Messages resource).

``POST /2010-04-01/Accounts/{sid}/Messages.json`` with `To`, `Body` and `From`, or
`MessagingServiceSid` where the sender starts with ``MG``; basic authentication; 201 when queued.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import urlencode

from app import logs
from app.adapters.http import HttpFailed, request
from app.adapters.notify import words
from app.adapters.notify.base import MESSAGE_KINDS, Change, NotTold
from app.adapters.notify.text_budget import can_be_texted
from app.core.agent.definition import Agent
from app.core.language.phone_numbers import number_hash

API = "https://api.twilio.com"

log = logs.get(__name__)


def wants_text(change: Change, agent: Agent) -> bool:
    """Promised answers always; other changes where the agent's file says so. Only the number that
    called is ever texted: one that was spoken may be anybody's, and cost anything."""
    if change.kind in MESSAGE_KINDS or not can_be_texted(change.caller_number):
        return False
    return change.kind.startswith("noted_") or agent.booking.notify.text_caller


class TwilioMessages:
    """Sends text messages from one number or messaging service."""

    def __init__(self, account_sid: str, auth_token: str, sender: str, *, api: str = API) -> None:
        self._url = f"{api}/2010-04-01/Accounts/{account_sid}/Messages.json"
        token = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self._sender = sender

    def send(self, number: str, body: str) -> bool:
        """Have a text delivered; False if this number cannot be texted. Raises `NotTold`."""
        sender = "MessagingServiceSid" if self._sender.startswith("MG") else "From"
        form = {"To": number, sender: self._sender, "Body": body}
        try:
            status, _ = request("POST", self._url, urlencode(form).encode(), self._headers)
        except HttpFailed as failed:
            raise NotTold(f"Twilio failed: {failed}") from failed
        if status not in (201, 400):
            raise NotTold(f"Twilio answered {status}")
        return status == 201


class LoggedMessages:
    """Stands in for text messages in development: writes them to the log."""

    def send(self, number: str, body: str) -> bool:
        """Write the text to the log."""
        log.info("text message (development: not sent)", extra={"text": body})
        return True


Texts = TwilioMessages | LoggedMessages


@dataclass(frozen=True, slots=True)
class CallerText:
    """Texts the caller."""

    texts: Texts
    name: str = "text"

    def wants(self, change: Change, agent: Agent) -> bool:
        """See `wants_text`."""
        return wants_text(change, agent)

    def send(self, change: Change, agent: Agent) -> None:
        """Deliver. Raises `NotTold`; a number that cannot be texted is only logged."""
        if not self.texts.send(change.caller_number, words.text(change, agent)):
            log.error("Twilio refuses to text this number", extra={"change": change.id})


@dataclass(frozen=True, slots=True)
class StaffText:
    """Texts a message to one of the business's own numbers, which the agent's file names."""

    texts: Texts
    number: str

    @property
    def name(self) -> str:
        """One channel for each number, so that none gets a text twice. It does not show it."""
        return f"text {number_hash(self.number)}"

    def wants(self, change: Change, agent: Agent) -> bool:
        """All messages."""
        return self.number in agent.messages.text

    def send(self, change: Change, agent: Agent) -> None:
        """Deliver. Raises `NotTold`; a number that cannot be texted is only logged."""
        if not self.texts.send(self.number, words.staff_text(change, agent)):
            log.error("Twilio refuses to text a number of the business")
