"""A circuit breaker: when a server stalls, one request in a while waits for it, not all of them.

A Redis that is stopped but connected answers nothing, and every request would wait out its time
limit, holding a greenlet and a pooled connection. After a few such failures the breaker opens:
requests fail at once, and after a pause one probe at a time is let through until one succeeds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from app import logs
from app.errors import Unavailable

log = logs.get(__name__)

#: Errors after which the next command would most likely wait in vain as well.
STALLED: tuple[type[Exception], ...] = (
    redis.ConnectionError,
    redis.TimeoutError,
    OSError,
)


class Breaker:
    """Guards the use of one server. `pause_s` is the time between probes while it is away.

    At most `waiting` uses are under way at once: what comes beyond that is refused, so that a stall
    that has only begun cannot pile up requests either.
    """

    def __init__(
        self,
        *,
        failures: int = 1,
        pause_s: float = 1.0,
        waiting: int = 256,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._pause_s = pause_s
        self._waiting = waiting
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0
        self._under_way = 0
        self._probing = False

    @property
    def open(self) -> bool:
        """True while requests are refused, except for probes."""
        return self._failures >= self._limit

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Run the body if the server is thought to be there. Raises `Unavailable` otherwise.

        Any redis error of the body becomes `Unavailable`; one that means a stall or a lost
        connection counts against the server.
        """
        probe = False
        if self._failures >= self._limit:
            if self._probing or self._clock() < self._open_until:
                raise Unavailable("redis is away", retry_after=1)
            self._probing = probe = True
        elif self._under_way >= self._waiting:
            raise Unavailable("too many requests wait for the store", retry_after=1)
        self._under_way += 1
        try:
            yield
        except Unavailable as error:
            self._failed(error)
            raise
        except STALLED as error:
            self._failed(error)
            raise Unavailable("redis is away", retry_after=1) from error
        except redis.RedisError as error:
            # It answers, though with a refusal: out of memory, read-only, loading, misconfigured.
            log.warning("redis refuses writes", extra={"error": type(error).__name__})
            self._succeeded()
            raise Unavailable("the store takes no writes", retry_after=2) from error
        else:
            self._succeeded()
        finally:
            self._under_way -= 1
            if probe:
                self._probing = False

    def _failed(self, error: Exception) -> None:
        if self._failures < self._limit:
            log.warning("redis is away", extra={"error": type(error).__name__})
        self._failures += 1
        self._open_until = self._clock() + self._pause_s

    def _succeeded(self) -> None:
        if self._failures >= self._limit:
            log.info("redis is back")
        self._failures = 0
