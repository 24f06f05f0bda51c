"""The outgoing webhook: a signed POST for each change of a booking.

Body: ``{"id", "event": "booking.created", "call_id", "booking": {…} | null, "wish", "reason"}``.
Header ``Callsmith-Signature: t=<unix seconds>,v1=<hex>`` where the hex is HMAC-SHA256 with
BOOKING_WEBHOOK_SECRET over ``<t>.<body>``. The id stays the same when a change is sent again; any
2xx ends it, anything else is tried again for some hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from app.adapters.http import HttpFailed, request
from app.adapters.notify.base import Change, NotTold
from app.core.agent.definition import Agent
from app.security import outgoing

_OBJECTS = {"callback": "message", "request": "message"}
"""What an event is of, where it is not of a booking."""


class Webhook:
    """Posts changes to one URL."""

    name = "webhook"

    def __init__(self, url: str, secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._url = url
        self._secret = secret
        self._clock = clock

    def wants(self, change: Change, agent: Agent) -> bool:
        """All changes."""
        return True

    def send(self, change: Change, agent: Agent) -> None:
        """Deliver. Raises `NotTold`."""
        body = orjson.dumps(
            {
                "id": change.id,
                "event": f"{_OBJECTS.get(change.kind, 'booking')}.{change.kind}",
                "business": agent.business,
                "call_id": change.call_id,
                "caller_number": change.caller_number or (change.booking or {}).get("phone", ""),
                "booking": change.booking,
                "wish": change.wish or None,
                "reason": change.reason or None,
            }
        )
        headers = {"Content-Type": "application/json", "User-Agent": "callsmith"}
        if self._secret:
            headers[outgoing.HEADER] = outgoing.sign(body, self._secret, int(self._clock()))
        try:
            status, _ = request("POST", self._url, body, headers)
        except HttpFailed as failed:
            raise NotTold(f"the booking webhook failed: {failed}") from failed
        if not 200 <= status < 300:
            raise NotTold(f"the booking webhook answered {status}")
