"""AGENT_FILE as a process watches it, and the last content of it that was good.

That is kept in Redis: a process that is started while the file is being edited, and broken, goes on
with what the others have.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import cast

import gevent
import orjson
from redis import Redis

from app import logs
from app.adapters.agents import files
from app.adapters.agents.documents import Document, Documents, Problem, Sent
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.errors import SettingsError, Unavailable

KEEP_S = 30 * 86_400
AGAIN_S = 86_400.0

log = logs.get(__name__)

Apart = Callable[[Callable[[], Documents]], Documents]


class WatchedFile:
    """The file of one process. `problems` are why it cannot be read, if it cannot."""

    def __init__(self, path: str, client: Redis, apart: Apart | None = None) -> None:
        """`apart` runs what computes for long where it holds up nobody."""
        self._path = path
        self._redis = client
        self._apart = apart or _in_a_thread
        self._signature = files.signature(path)
        self.problems: tuple[Problem, ...] = ()
        self._kept: Documents | None = None
        self._kept_at = 0.0

    def changed(self) -> bool:
        """Whether it is another one than was read last. It only asks the file system."""
        return files.signature(self._path) != self._signature

    def read_first(self) -> Documents:
        """The documents. Raises `SettingsError`."""
        return files.read(self._path or None)

    def read(self) -> Documents | None:
        """The documents; None where the file cannot be read."""
        self._signature = files.signature(self._path)
        self.problems = ()
        try:
            return self._apart(self.read_first)
        except SettingsError as error:
            self.refuse(error.problems)
            return None

    def refuse(self, problems: list[str]) -> None:
        """These are wrong with it."""
        self.problems = tuple(Problem("AGENT_FILE", "", each) for each in problems)

    def keep(self, good: Documents) -> None:
        """Have processes that start later know this good content. Redis may be away."""
        if self._path == files.NO_FILE or (
            good is self._kept and time.monotonic() - self._kept_at < AGAIN_S
        ):
            return
        told = {
            "agents": [each.data for each in good.agents],
            "businesses": {each.key: each.data for each in good.businesses},
            "default": good.default,
            "implied": good.implied,
        }
        try:
            self._write(orjson.dumps(told))
        except Unavailable:
            return
        self._kept, self._kept_at = good, time.monotonic()

    def forget(self) -> None:
        """It is not kept any more."""
        self._kept = None

    def last_good(self) -> Documents | None:
        """The last content that any process has kept; None where there is none, or no Redis."""
        try:
            raw = self._read()
        except Unavailable:
            return None
        if raw is None:
            return None
        found = orjson.loads(raw)
        origin = Sent("the last good AGENT_FILE")
        businesses = found["businesses"].items()
        return Documents(
            [Document("agent", str(at), data, origin) for at, data in enumerate(found["agents"])],
            [Document("business", key, data, origin) for key, data in businesses],
            found["default"],
            origin.name,
            implied=found["implied"],
        )

    @guarded
    def _write(self, value: bytes) -> None:
        self._redis.set(self._key(), value, ex=KEEP_S)

    @guarded
    def _read(self) -> bytes | None:
        return cast(bytes | None, self._redis.get(self._key()))

    def _key(self) -> str:
        return keys.last_agent_file(hashlib.sha256(self._path.encode()).hexdigest()[:16])


def _in_a_thread(work: Callable[[], Documents]) -> Documents:
    def safely() -> Documents | SettingsError:
        try:
            return work()
        except SettingsError as error:  # gevent prints what is raised in its threads
            return error

    found: Documents | SettingsError = gevent.get_hub().threadpool.apply(safely)
    if isinstance(found, SettingsError):
        raise found
    return found
