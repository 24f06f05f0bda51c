"""Keeps a process's agents up to date: a message tells of each change, and a slow look at the
generation finds those whose message was lost. The file is looked at as well.

Listening takes a connection. A process that can spare none looks at the generation more often.
"""

from __future__ import annotations

import time
from typing import Any

import gevent
import redis
from gevent.event import Event
from redis import Redis

from app import logs, metrics
from app.adapters.agents.versions.source import AgentSource
from app.adapters.agents.versions.watched import WatchedFile
from app.adapters.redis import keys

#: How often the file is looked at; more seldom where that takes long.
FILE_S = 0.5
#: A look at the file may take this share of the time at most.
FILE_SHARE = 50
#: How often the generation is looked at where messages tell of changes, and where none do.
POLL_S, POLL_ALONE_S = 3.0, 0.5
LISTEN_S = 30.0
AGAIN_S = 0.5

log = logs.get(__name__)


class Follower:
    """Two greenlets of a process; `start` them once the process is otherwise ready."""

    def __init__(self, source: AgentSource, file: WatchedFile, listener: Redis | None) -> None:
        """`listener` is a client of one connection, which is used for nothing else."""
        self._source = source
        self._file = file
        self._listener = listener
        self._poll_s = POLL_ALONE_S if listener is None else POLL_S
        self._wake = Event()
        self._reread = False
        self._polled_at = 0.0
        self._looked_at = 0.0
        self._look_every_s = FILE_S
        self._seems_changed = False
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    def start(self) -> None:
        """Take up at once what has changed since the file was read, and follow from then on."""
        self._step_safely(first=True)
        self._greenlets = [gevent.spawn(self._follow)]
        if self._listener is not None:
            self._greenlets.append(gevent.spawn(self._listen, self._listener))

    def stop(self) -> None:
        """End the greenlets and the connection."""
        gevent.killall(self._greenlets)
        if self._listener is not None:
            self._listener.close()

    def reread(self) -> None:
        """Read the file again, changed or not; safe to call from a signal handler."""
        self._reread = True
        self._wake.set()

    def _follow(self) -> None:
        while True:
            self._wake.wait(FILE_S)
            self._step_safely()

    def _step_safely(self, *, first: bool = False) -> None:
        try:
            self._step(first)
        except Exception:
            log.exception("agents cannot be brought up to date")
            metrics.ERRORS_TOTAL.labels("agents").inc()

    def _step(self, first: bool) -> None:
        woken, reread = self._wake.is_set(), self._reread
        self._wake.clear()
        self._reread = False
        due = first or time.monotonic() - self._polled_at >= self._poll_s
        written = self._file.changed() if first else self._is_written()
        if woken or due or written:
            self._source.refresh(read_file=reread or written)
        if due:
            self._source.keep_versions()
            self._polled_at = time.monotonic()

    def _is_written(self) -> bool:
        """Whether the file has changed and the change is complete: it looks alike twice."""
        began = time.monotonic()
        if began - self._looked_at < self._look_every_s:
            return False
        changed = self._file.changed()
        self._looked_at = time.monotonic()
        self._look_every_s = max(FILE_S / 2, FILE_SHARE * (self._looked_at - began))
        settled, self._seems_changed = changed and self._seems_changed, changed
        return settled

    def _listen(self, listener: Redis) -> None:
        """Wake up for each message. What was told while nobody listened is found by looking."""
        while True:
            try:
                pubsub: Any = listener.pubsub
                with pubsub() as messages:
                    messages.subscribe(keys.AGENTS_CHANGED)
                    while True:
                        if messages.get_message(timeout=LISTEN_S) is not None:
                            self._wake.set()
            except (redis.RedisError, OSError) as error:
                log.info("changes of agents are not told", extra={"why": type(error).__name__})
                gevent.sleep(AGAIN_S)
