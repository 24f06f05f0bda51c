"""Businesses that are taken out while the program runs: their tokens open nothing any more.

A business that is put there later under the same id is another one, which their tokens must not
open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from app import logs
from app.adapters.tokens.business import BusinessTokens
from app.errors import Unavailable

log = logs.get(__name__)


class DepartedBusinesses:
    """Those that this process has seen go, until their tokens are revoked."""

    def __init__(self, tokens: BusinessTokens, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock
        self._gone_at: dict[str, float] = {}

    def note(self, businesses: Iterable[str]) -> None:
        """These are gone, by their ids; their tokens are revoked at once where Redis is there."""
        self._gone_at.update(dict.fromkeys(businesses, self._clock()))
        self.revoke()

    def revoke(self) -> None:
        """Revoke what could not be revoked yet; tokens that were made since then stay."""
        for business, gone_at in list(self._gone_at.items()):
            try:
                revoked = self._tokens.revoke_all(business, until=gone_at)
            except Unavailable:
                log.warning("tokens of a business are not revoked yet: Redis is away")
                return
            del self._gone_at[business]
            if revoked:
                about = {"business": business, "tokens": revoked}
                log.info("tokens were revoked with their business", extra=about)
