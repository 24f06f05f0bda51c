"""The Redis client: one pool per process, shared by all its greenlets, never waiting for long.

Answers are bytes and the protocol is RESP2, as RQ wants it. Whether Redis is down, stalled or
full, a command ends within `CONNECT_S + COMMAND_S` and a wait for a free connection.
"""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import redis
from gevent import monkey
from redis import BlockingConnectionPool, Connection, Redis
from redis.backoff import ConstantBackoff, ExponentialWithJitterBackoff
from redis.retry import Retry

from app import logs
from app.adapters.redis.outage import breakable
from app.errors import Unavailable
from app.settings import Settings

CONNECT_S = 1.0
COMMAND_S = 2.0
#: How long a greenlet waits for one of the pool's connections.
POOL_S = 1.0
#: An idle connection is tried with a PING before its next use: servers cut idle ones (Heroku after
#: 300 s).
HEALTH_CHECK_S = 30

#: How long a patient client tries to reach Redis.
PATIENT_S = 30.0

_LOST = (redis.ConnectionError, redis.TimeoutError, ConnectionError, TimeoutError)

_poll: Callable[[], Any] = monkey.get_original("select", "poll")

log = logs.get(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def connect(
    settings: Settings,
    *,
    connections: int | None = None,
    command_s: float = COMMAND_S,
    patient: bool = False,
) -> Redis:
    """A client with a pool of its own. Nothing is sent until the first command.

    `connections` bounds the pool (`settings.redis_connections` by default). A `patient` client
    tries again for `PATIENT_S` while Redis is away, as a worker in the middle of a job
    should; others try a lost connection once more, and never repeat what timed out.
    """
    options: dict[str, Any] = {
        "protocol": 2,
        "socket_connect_timeout": CONNECT_S,
        "socket_timeout": command_s,
        "socket_keepalive": True,
        "health_check_interval": HEALTH_CHECK_S,
        "retry": PatientRetry() if patient else _quick(),
    }
    if settings.redis_url.startswith("unix://"):
        for name in ("socket_connect_timeout", "socket_keepalive"):
            del options[name]
    if settings.redis_url.startswith("rediss://") and not settings.redis_tls_verify:
        options.update(ssl_cert_reqs="none", ssl_check_hostname=False)
    pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
        settings.redis_url,
        max_connections=connections or settings.redis_connections,
        timeout=POOL_S,
        **options,
    )
    pool.connection_class = _polled(pool.connection_class)
    if not settings.production:
        pool.connection_class = breakable(pool.connection_class)
    return Redis(connection_pool=pool)


class _Polled(Connection):
    """A connection whose check before each use does not go through the event loop.

    redis-py polls for leftover input with a time limit of zero. gevent's poll waits for one turn of
    its loop for that, which costs more than the command itself; the system's own returns at once.
    """

    def can_read(self, timeout: float = 0) -> bool:
        """As redis-py's."""
        sock: Any = self._sock
        if timeout or sock is None or self._may_have_input(sock):
            return bool(super().can_read(timeout))
        return False

    def _may_have_input(self, sock: Any) -> bool:
        reader: Any = getattr(self._parser, "_reader", None)
        if reader is None or reader.has_data():
            return True
        if hasattr(sock, "pending") and sock.pending():  # TLS: decrypted and not yet read
            return True
        poller = _poll()
        poller.register(sock.fileno(), select.POLLIN)
        return bool(poller.poll(0))


def _polled(kind: type[Connection]) -> type[Connection]:
    return type(f"Polled{kind.__name__}", (_Polled, kind), {})


class PatientRetry(Retry):
    """Tries again for `PATIENT_S` in all. redis-py nests retries (a command's around a connection
    attempt's), so that counts would multiply; time does not."""

    def __init__(self) -> None:
        super().__init__(ExponentialWithJitterBackoff(cap=1.0, base=0.05), -1, _LOST)

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        """As redis-py's, but until the time is over."""
        deadline = time.monotonic() + PATIENT_S

        def in_time(error: Exception) -> bool:
            return time.monotonic() < deadline and (is_retryable is None or is_retryable(error))

        return super().call_with_retry(do, fail, in_time, with_failure_count)


def _quick() -> Retry:
    return Retry(ConstantBackoff(0.02), 1, (redis.ConnectionError,))


@contextmanager
def guard() -> Iterator[None]:
    """Turn every Redis error of the block into `Unavailable`, without the address in it."""
    try:
        yield
    except (redis.RedisError, OSError) as error:
        log.warning("redis failed", extra={"error": type(error).__name__, "why": str(error)[:200]})
        raise Unavailable("redis is away or refuses writes", retry_after=2) from error


def guarded(function: Callable[P, T]) -> Callable[P, T]:
    """`guard` around every call of `function`."""

    @wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        with guard():
            return function(*args, **kwargs)

    return inner
