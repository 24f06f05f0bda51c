"""One-time tokens for media streams.

Twilio signs no frame of a media stream, and its address may hold no query string: so the TwiML that
starts the stream, or the page that opens it, carries a token for that call. It opens one stream,
once, within minutes, and nothing is opened upstream before it was checked.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from redis import Redis

from app import logs
from app.adapters.redis.guards import Guards
from app.errors import Unavailable
from app.security import tokens
from app.settings import Settings

PURPOSE = "media"
#: From the TwiML to the stream's `start` frame; a page may be open for a while before.
VALID_S = 10 * 60

log = logs.get(__name__)


class MediaTokens:
    """Mints and takes them."""

    def __init__(
        self, client: Redis, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._guards = Guards(client)
        self._secrets = tuple(filter(None, (settings.socket_token, *settings.signing_keys)))
        self._clock = clock

    def mint(self, call_id: str, agent: str = "") -> str:
        """A token for one stream of this call; with an `agent` for no other agent's."""
        return tokens.mint(
            self._secrets[0],
            purpose=PURPOSE,
            expires_s=int(self._clock()) + VALID_S,
            nonce=secrets.token_urlsafe(12),
            call_id=_about(call_id, agent),
        )

    def take(self, token: str | None, call_id: str, agent: str = "") -> bool:
        """Whether `token` opens a stream of `call_id`, minted as is told; it does so once."""
        about, now_s = _about(call_id, agent), self._clock()
        found = tokens.check(
            token or "", self._secrets, purpose=PURPOSE, call_id=about, now_s=now_s
        )
        if found is None or not found.bound:
            return False
        try:
            return self._guards.first(PURPOSE, found.nonce, VALID_S + 60)
        except Unavailable:
            # Genuine and fresh, and the caller waits: only its first use cannot be told.
            log.warning("a token was taken without its guard", extra={"call_id": call_id})
            return True


def _about(call_id: str, agent: str) -> str:
    return f"{call_id}\0{agent}" if agent else call_id
