"""Who may open a call's socket: bearers of the configured token, or of one minted for the call.

A minted token must be used within minutes. The first call that uses it has it, and has no other: so
Retell can reconnect with the same URL until the call has ended, and nobody can come into a call
that is going on with a token that was minted for another. It is of one business, whose mark it
bears: whoever answers the call has to be an agent of that business.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from app import logs
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.errors import Unavailable
from app.security import tokens
from app.settings import Settings

log = logs.get(__name__)

#: Ringing, answering and the first connection attempts, with room.
FIRST_USE_S = 15 * 60
#: Of a token's nonce, before its business's mark.
NONCE_CHARS = 24
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token opens. `mark` is that of the only business whose agents may answer; blank is
    all of them."""

    mark: str = ""

    def fits(self, business: str) -> bool:
        """Whether an agent of the business with this id may answer."""
        return self.mark in ("", _mark(business))


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
        self._script = RedisScript(client, load_script(_HERE, "open_socket"))
        self._static = settings.socket_token
        self._secrets = tuple(filter(None, (settings.socket_token, *settings.signing_keys)))
        self._purpose = purpose
        self._ttl_s = settings.live_call_ttl_s
        self._clock = clock

    @property
    def required(self) -> bool:
        """Whether sockets are closed to those without a token."""
        return bool(self._static)

    def mint(self, about: str, business: str, call_id: str | None = None) -> str:
        """A token for one call of a business, by its id. `about` names the request it answers:
        asked again it is the same token but for its expiry. Without a `call_id` it fits the first
        call that uses it."""
        nonce = hashlib.sha256(f"{self._secrets[0]}\0{self._purpose}\0{about}".encode())
        return tokens.mint(
            self._secrets[0],
            purpose=self._purpose,
            expires_s=int(self._clock()) + FIRST_USE_S,
            nonce=f"{nonce.hexdigest()[:NONCE_CHARS]}-{_mark(business)}",
            call_id=call_id,
        )

    def accept(self, token: str | None, call_id: str) -> Opened | None:
        """What `token` opens of the socket of `call_id`; None where nothing. Where none is required
        all is open."""
        if not self.required or tokens.same(token, self._static):
            return Opened()
        if not token:
            return None
        now_s = self._clock()
        found = tokens.check(
            token,
            self._secrets,
            purpose=self._purpose,
            call_id=call_id,
            now_s=now_s - self._ttl_s,
        )
        if found is None:
            return None
        opened = Opened(found.nonce.partition("-")[2])
        fresh = now_s <= found.expires_s
        try:
            answer = self._open(call_id, found.nonce, fresh)
        except Unavailable:
            # Genuine and fresh, and the caller waits: only its being the first cannot be told.
            log.warning("a token was taken without its guard", extra={"call_id": call_id})
            return opened if fresh else None
        if answer != "open":
            log.warning("a token was refused", extra={"call_id": call_id, "why": answer})
        return opened if answer == "open" else None

    @guarded
    def _open(self, call_id: str, nonce: str, fresh: bool) -> str:
        answer: bytes = self._script(
            keys={
                "tie": f"guard:tie:{self._purpose}:{nonce}",
                "opener": keys.call(call_id, "token"),
                "summary": keys.summary(call_id),
            },
            args={
                "call_id": call_id,
                "nonce": nonce,
                "fresh": int(fresh),
                "ttl_s": self._ttl_s,
            },
        )
        return answer.decode()


def _mark(business: str) -> str:
    """What a token bears of a business's id, which may hold letters that no address may."""
    return hashlib.sha256(business.encode()).hexdigest()[:24]
