"""How many text messages a business may send: bounded by call, by number and in all."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from app.adapters.redis.guards import Guards
from app.core.language.phone_numbers import identify, number_hash

PER_CALL = 4
PER_NUMBER = 8
PER_BUSINESS = 500
DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class TextBudget:
    """The texts of a day. Raises `Unavailable` where Redis is away."""

    redis: Redis

    def allows(self, business: str, number: str, call_id: str, mark: str) -> bool:
        """Count a text to a number and tell whether it may be sent.

        The same `mark` counts once, so what was allowed when it was promised stays allowed.
        """
        guards = Guards(self.redis)
        bounds = (
            ("texts:call", call_id, PER_CALL),
            ("texts:number", f"{business}:{number_hash(number)}", PER_NUMBER),
            ("texts:business", business, PER_BUSINESS),
        )
        return not any(
            guards.wait_for(kind, whose, limit=limit, window_s=DAY_S, mark=mark)
            for kind, whose, limit in bounds
        )


def can_be_texted(number: str) -> bool:
    """Whether a text can be sent to the number of a caller: it is one, and may be a mobile's."""
    found = identify(number)
    return found is not None and found.mobile
