"""Who may open a call's socket: bearers of the configured token, or of one minted for the call.

A minted token must be used within minutes; whichever call uses it first has it for good. So Retell
can reconnect with the same URL for as long as the call lasts, and nobody else can use it at all.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from redis import Redis

from app import logs
from app.adapters.redis.guards import Guards
from app.errors import Unavailable
from app.security import tokens
from app.settings import Settings

log = logs.get(__name__)

#: Ringing, answering and the first connection attempts, with room.
FIRST_USE_S = 15 * 60


class SocketTokens:
    """Mints and accepts tokens for one `purpose`: ``"socket"`` (Retell) or ``"media"`` (Twilio)."""

    def __init__(
        self,
        client: Redis,
        settings: Settings,
        *,
        purpose: str = "socket",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._guards = Guards(client)
        self._static = settings.socket_token
        self._secrets = tuple(filter(None, (settings.socket_token, *settings.signing_keys)))
        self._purpose = purpose
        self._ttl_s = settings.live_call_ttl_s
        self._clock = clock

    @property
    def required(self) -> bool:
        """Whether sockets are closed to those without a token."""
        return bool(self._static)

    def mint(self, about: str, call_id: str | None = None) -> str:
        """A token for one call. `about` names the request it answers: asked again it is the same
        token but for its expiry. Without a `call_id` it fits the first call that uses it."""
        nonce = hashlib.sha256(f"{self._secrets[0]}\0{self._purpose}\0{about}".encode())
        return tokens.mint(
            self._secrets[0],
            purpose=self._purpose,
            expires_s=int(self._clock()) + FIRST_USE_S,
            nonce=nonce.hexdigest()[:24],
            call_id=call_id,
        )

    def accept(self, token: str | None, call_id: str) -> bool:
        """Whether `token` opens the socket of `call_id`. Always true where none is required."""
        if not self.required:
            return True
        if not token:
            return False
        if tokens.same(token, self._static):
            return True
        now_s = self._clock()
        found = tokens.check(
            token,
            self._secrets,
            purpose=self._purpose,
            call_id=call_id,
            now_s=now_s - self._ttl_s,
        )
        if found is None:
            return False
        try:
            if now_s > found.expires_s:
                return self._guards.tied(self._purpose, found.nonce, call_id)
            return self._guards.tie(self._purpose, found.nonce, call_id, self._ttl_s)
        except Unavailable:
            # Genuine and fresh, and the caller waits: only its being the first cannot be told.
            log.warning("a token was taken without its guard", extra={"call_id": call_id})
            return now_s <= found.expires_s
