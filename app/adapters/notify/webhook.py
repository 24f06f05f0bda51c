"""The outgoing webhook: a signed POST for each change of a booking.

Body: ``{"id", "event": "booking.created", "call_id", "booking": {…} | null, "wish", "reason"}``; of
a message that a caller left also ``"message"``, and the event is ``message.taken``. Header
``Callsmith-Signature: t=<unix seconds>,v1=<hex>`` where the hex is HMAC-SHA256 with the secret over
``<t>.<body>``. ``Idempotency-Key`` is the id, which stays the same when a change is sent again; any
2xx ends it, anything else is tried again for some hours.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from app.adapters.notify.base import Change
from app.adapters.notify.signed_post import post_signed
from app.core.agent.definition import Agent

_EVENTS = {
    "callback": "message.callback",
    "request": "message.request",
    "message": "message.taken",
}
"""Events that are not of a booking."""


class Webhook:
    """Posts changes to one URL. `public_only` refuses private and loopback addresses."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        public_only: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret = secret
        self._public_only = public_only
        self._clock = clock

    def wants(self, change: Change, agent: Agent) -> bool:
        """All changes."""
        return True

    def send(self, change: Change, agent: Agent) -> None:
        """Deliver. Raises `NotTold`."""
        body = orjson.dumps(
            {
                "id": change.id,
                "event": _EVENTS.get(change.kind, f"booking.{change.kind}"),
                "business": agent.business,
                "call_id": change.call_id,
                "caller_number": change.caller_number or (change.booking or {}).get("phone", ""),
                "booking": change.booking,
                "wish": change.wish or None,
                "reason": change.reason or None,
                **({"message": change.message} if change.message else {}),
            }
        )
        post_signed(
            self._url,
            body,
            secret=self._secret,
            key=change.id,
            now_s=int(self._clock()),
            what="the webhook",
            public_only=self._public_only,
        )
