"""Scripts of many greenlets, sent together: one write and one read for all that wait at a time.

A script costs Redis little and its caller much: a connection taken from the pool, a write, a wait,
a read. What is asked for while one batch is under way leaves in the next one. Each script is still
one atomic step of its own, and fails or succeeds by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import gevent
import redis
from gevent.event import AsyncResult
from redis import Redis
from redis.exceptions import NoScriptError

from app.adapters.redis.scripts import LuaScript

#: Scripts of one batch: what a live socket's frame may have to wait for when their answers come.
MAX_BATCH = 8


class ScriptSender:
    """Runs scripts for the greenlets of one process."""

    def __init__(self, client: Redis, scripts: Iterable[LuaScript]) -> None:
        self._redis = client
        self._sources = {script.name: script.source for script in scripts}
        self._digests: dict[str, str] = {}
        self._waiting: list[_Asked] = []
        self._sender: gevent.Greenlet[..., None] | None = None

    def run(
        self,
        script: LuaScript,
        keys: Mapping[str, Any],
        args: Mapping[str, Any],
        *,
        limit_s: float,
    ) -> Any:
        """The answer of a script, given its keys and arguments by name.

        Raises redis-py's errors: the server's refusal of this script, or that the server could not
        be reached, or `TimeoutError` after `limit_s`. In the latter cases it may have run.
        """
        asked = _Asked(script.name, *script.order(keys, args))
        self._waiting.append(asked)
        if self._sender is None or self._sender.dead:
            self._sender = gevent.spawn(self._send_all)
        try:
            return asked.answer.get(timeout=limit_s)
        except gevent.Timeout:
            if asked in self._waiting:
                self._waiting.remove(asked)
            raise redis.TimeoutError("no answer") from None

    def _send_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                self._send(batch)
            except Exception as error:
                for asked in batch:
                    asked.answer.set_exception(error)

    def _send(self, batch: list[_Asked]) -> None:
        """Run a batch and hand out the answers. A lost connection is tried once more."""
        for _ in range(2):
            missing = {asked.name for asked in batch} - self._digests.keys()
            for name in missing:
                self._digests[name] = self._redis.script_load(self._sources[name])
            try:
                answers = self._exchange(batch)
            except redis.TimeoutError:
                raise
            except redis.ConnectionError:
                answers = self._exchange(batch)
            unknown = []
            for asked, answer in zip(batch, answers, strict=True):
                if isinstance(answer, NoScriptError):
                    unknown.append(asked)
                elif isinstance(answer, redis.RedisError):
                    asked.answer.set_exception(answer)
                else:
                    asked.answer.set(answer)
            if not unknown:
                return
            self._digests.clear()
            batch = unknown
        raise NoScriptError("the server forgets its scripts")

    def _exchange(self, batch: list[_Asked]) -> list[Any]:
        """One write, and the answers; a refusal stands as its error."""
        pool = self._redis.connection_pool
        connection: Any = pool.get_connection()
        try:
            packed = [
                part
                for asked in batch
                for part in connection.pack_command(
                    "EVALSHA",
                    self._digests[asked.name],
                    len(asked.names),
                    *asked.names,
                    *asked.values,
                )
            ]
            connection.send_packed_command([b"".join(packed)])
            answers: list[Any] = []
            for _ in batch:
                try:
                    answers.append(connection.read_response())
                except redis.ResponseError as error:
                    answers.append(error)
            return answers
        except BaseException:
            connection.disconnect()
            raise
        finally:
            pool.release(connection)


class _Asked:
    """One script that somebody waits for."""

    __slots__ = ("answer", "name", "names", "values")

    def __init__(self, name: str, names: list[str], values: list[Any]) -> None:
        self.name = name
        self.names = names
        self.values = values
        self.answer: AsyncResult[Any] = AsyncResult()
