"""One native thread with an asyncio loop, for libraries that want one beside gevent.

The loop never waits for greenlets, and greenlets never for the loop but by `run`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

import gevent
from gevent.event import AsyncResult, Event
from gevent.threadpool import ThreadPool

T = TypeVar("T")


class LoopThread:
    """Starts with the first `run`. To be used by the greenlets of one thread."""

    def __init__(self) -> None:
        self._pool: ThreadPool | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = Event()
        self._ended: deque[tuple[AsyncResult[Any], Any, BaseException | None]] = deque()
        self._wake: Any = None

    def run(self, work: Callable[[], Coroutine[Any, Any, T]], timeout_s: float) -> T:
        """Run a coroutine in the loop and wait for its end; other greenlets go on meanwhile.

        Raises what it raises, TimeoutError if it has not ended in time: then it is cancelled.
        """
        loop = self._started()
        result: AsyncResult[Any] = AsyncResult()
        begun: list[asyncio.Task[T]] = []

        def begin() -> None:
            task = loop.create_task(work())
            begun.append(task)
            task.add_done_callback(lambda task: self._end(task, result))

        loop.call_soon_threadsafe(begin)
        try:
            value, error = cast(tuple[T, BaseException | None], result.get(timeout=timeout_s))
        except BaseException as error:
            loop.call_soon_threadsafe(lambda: [task.cancel() for task in begun])
            if isinstance(error, gevent.Timeout):
                raise TimeoutError(f"no end within {timeout_s:g} s") from None
            raise
        if error is not None:
            raise error
        return value

    def stop(self) -> None:
        """End the loop and its thread; what still runs in it is cancelled."""
        if self._loop is None or self._pool is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._pool.join()
        self._wake.stop()
        self._loop = self._pool = None
        self._ready.clear()

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._pool is None:
            # A watcher that lives as long as the thread: the one thing that may be touched from
            # another thread.
            self._wake = gevent.get_hub().loop.async_(ref=False)
            self._wake.start(self._deliver)
            self._pool = ThreadPool(1)
            self._pool.spawn(self._serve)
        self._ready.wait()
        assert self._loop is not None
        return self._loop

    def _serve(self) -> None:
        """The thread: the loop, until `stop`."""
        loop = asyncio.new_event_loop()
        loop.call_soon(self._announce, loop)
        try:
            loop.run_forever()
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(_all_ended(loop))
            loop.close()

    def _announce(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._wake.send()

    def _end(self, task: asyncio.Task[Any], result: AsyncResult[Any]) -> None:
        """In the loop: a task has ended."""
        if task.cancelled():
            self._ended.append((result, None, TimeoutError("cancelled")))
        else:
            error = task.exception()
            self._ended.append((result, None if error else task.result(), error))
        self._wake.send()

    def _deliver(self) -> None:
        """In the hub's thread: hand over what has ended."""
        if self._loop is not None:
            self._ready.set()
        while self._ended:
            result, value, error = self._ended.popleft()
            result.set((value, error))


async def _all_ended(loop: asyncio.AbstractEventLoop) -> None:
    left = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task()]
    if left:
        await asyncio.wait(left, timeout=5.0)
