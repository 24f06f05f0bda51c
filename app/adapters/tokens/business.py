"""The tokens of businesses: kept hashed, several at a time, gone for good once revoked.

A token is found by its id in one step, however many there are. Nothing is cached: one that was
revoked opens nothing from that moment on. Every method raises `Unavailable` where Redis is away.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.errors import BadRequest, NotFound
from app.security import business_tokens
from app.security.scope import EVERYTHING, Scope

MAX_TOKENS = 20
"""Tokens of one business."""
MAX_NOTE_CHARS = 100
USED_EVERY_S = 60
"""The last use is written down at most so often."""


@dataclass(frozen=True, slots=True)
class BusinessToken:
    """What is known of a token. Times are Unix seconds; `used_at` is 0 until its first use."""

    id: str
    business: str
    digest: str
    created_at: float
    created_by: str
    note: str = ""
    used_at: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """As lists show it; nothing in it opens anything."""
        return {
            "id": self.id,
            "business": self.business,
            "note": self.note,
            "created_at": self.created_at,
            "created_by": self.created_by,
            "used_at": self.used_at or None,
        }


class BusinessTokens:
    """All tokens, as every process sees them."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock

    def create(self, business: str, *, by: str, note: str = "") -> tuple[BusinessToken, str]:
        """A new token of the business with this id; the text beside it is not kept.

        Raises `BadRequest` where the business has too many or the note is too long.
        """
        if len(note) > MAX_NOTE_CHARS:
            raise BadRequest(f"note exceeds {MAX_NOTE_CHARS} characters")
        if len(self.listed(Scope(business))) >= MAX_TOKENS:
            raise BadRequest(f"{business} has {MAX_TOKENS} tokens: revoke one first")
        token_id = secrets.token_hex(business_tokens.ID_BYTES)
        secret = secrets.token_urlsafe(business_tokens.SECRET_BYTES)
        text = business_tokens.compose_token(token_id, secret)
        digest = business_tokens.digest_of(text)
        made = BusinessToken(token_id, business, digest, self._clock(), by, note)
        self._write(made)
        return made, text

    @guarded
    def _write(self, token: BusinessToken) -> None:
        kept = {**token.as_json(), "digest": token.digest}
        del kept["id"], kept["used_at"]
        self._redis.hset(keys.TOKENS, token.id, orjson.dumps(kept))

    @guarded
    def listed(self, scope: Scope = EVERYTHING) -> list[BusinessToken]:
        """The tokens that may be seen, the oldest first."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hgetall(keys.TOKENS)
        pipeline.hgetall(keys.TOKENS_USED)
        kept, used = pipeline.execute()
        found = [_token(name.decode(), blob, used.get(name)) for name, blob in kept.items()]
        mine = [token for token in found if scope.holds(token.business)]
        return sorted(mine, key=lambda token: (token.created_at, token.id))

    @guarded
    def revoke(self, token_id: str) -> None:
        """Make a token open nothing any more, and end the sessions it began. Raises `NotFound`."""
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hdel(keys.TOKENS, token_id)
        pipeline.hdel(keys.TOKENS_USED, token_id)
        if not pipeline.execute()[0]:
            raise NotFound("no such token")

    @guarded
    def revoke_all(self, business: str, *, until: float) -> int:
        """Revoke the tokens of a business that were made until then (Unix seconds); how many."""
        old = [each.id for each in self.listed(Scope(business)) if each.created_at <= until]
        if not old:
            return 0
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.hdel(keys.TOKENS, *old)
        pipeline.hdel(keys.TOKENS_USED, *old)
        return int(pipeline.execute()[0])

    def check(self, text: str) -> BusinessToken | None:
        """What a token opens; None where it is none, or was revoked."""
        token_id = business_tokens.read_id(text)
        found = self.find(token_id) if token_id else None
        return found if found and business_tokens.fits(text, found.digest) else None

    @guarded
    def find(self, token_id: str) -> BusinessToken | None:
        """The token of an id, which counts as used now; None where there is none."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hget(keys.TOKENS, token_id)
        pipeline.hget(keys.TOKENS_USED, token_id)
        blob, used = cast(tuple[bytes | None, bytes | None], pipeline.execute())
        if blob is None:
            return None
        token = _token(token_id, blob, used)
        now = self._clock()
        if now - token.used_at >= USED_EVERY_S:
            self._redis.hset(keys.TOKENS_USED, token_id, f"{now:.0f}")
        return token


def _token(token_id: str, blob: bytes, used: bytes | None) -> BusinessToken:
    return BusinessToken(id=token_id, used_at=float(used or 0), **orjson.loads(blob))
