"""Who tells what on which channel: one worker at a time, and once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded

TOLD_TTL_S = 3 * 24 * 3600
SENDING_S = 60
"""A worker that has not told by then is taken to be dead: somebody else may tell."""
_SENDING = b"sending"


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to be told on one channel. Methods raise `Unavailable` where Redis is away."""

    redis: Redis
    what: str
    channel: str

    @guarded
    def claim(self) -> Literal["mine", "busy", "told"]:
        """Take it on. After "mine", `done` or `failed` must follow."""
        if self.redis.set(self._key, _SENDING, nx=True, ex=SENDING_S):
            return "mine"
        return "busy" if self.redis.get(self._key) in (_SENDING, None) else "told"

    @guarded
    def done(self) -> None:
        """It was told, and never will be again."""
        self.redis.set(self._key, "1", ex=TOLD_TTL_S)

    @guarded
    def failed(self) -> None:
        """It was not told: somebody may try again."""
        self.redis.delete(self._key)

    @property
    def _key(self) -> str:
        return keys.told(self.what, self.channel)
