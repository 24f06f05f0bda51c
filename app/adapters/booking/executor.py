"""Performs the steps of a booking flow on a real calendar and ledger."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import redis

from app import logs
from app.adapters.booking.ledger import LedgerStore
from app.adapters.redis import keys
from app.adapters.tools.context import ToolContext
from app.core.booking import commands as do
from app.core.booking.ledger import Ledger
from app.errors import BookingNotFound, CalendarDown, Outdated, SlotTaken

LOCK_S = 12.0
LOCK_WAIT_S = 3.0

log = logs.get(__name__)

T = TypeVar("T")


class Performer:
    """Runs flows for one effect."""

    def __init__(self, ctx: ToolContext) -> None:
        self._ctx = ctx
        self._store = store_for(ctx)
        self._loaded = Ledger()

    def run(self, steps: Generator[do.Step, Any, T]) -> T:
        """Perform a flow to its end; give its result. Raises CalendarDown."""
        try:
            step = next(steps)
            while True:
                try:
                    answer = self._perform(step)
                except (SlotTaken, BookingNotFound, Outdated) as refused:
                    step = steps.throw(refused)
                else:
                    step = steps.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            steps.close()

    def _perform(self, step: do.Step) -> Any:
        calendar = self._ctx.calendar
        match step:
            case do.Load():
                self._loaded, version = self._store.load()
                return self._loaded, version
            case do.Save(ledger, version):
                saved = self._store.save(self._loaded, ledger, version)
                if saved:
                    self._loaded = ledger
                return saved
            case do.Find(key, around):
                return calendar.made_by(key, around=around)
            case do.Fence(event_id, asked_at):
                return calendar.fence(event_id, asked_at)
            case do.Write(draft, key):
                self._refuse_while_paused()
                return calendar.book(draft, key)
            case do.Move(event_id, draft, key):
                self._refuse_while_paused()
                return calendar.move(event_id, draft, key)
            case do.Cancel(event_id, key, asked_at):
                self._refuse_while_paused()
                return calendar.cancel(event_id, key, asked_at)

    def _refuse_while_paused(self) -> None:
        try:
            paused = self._ctx.redis.exists(keys.BOOKINGS_PAUSED)
        except (redis.RedisError, OSError) as error:
            raise CalendarDown("the booking record cannot be reached") from error
        if paused:
            raise CalendarDown("bookings are paused")


def wish_key(ctx: ToolContext) -> str:
    """The key of the wish that an effect carries out.

    The same effect, asked for again after it was refused or given up, is a new wish; its retries
    are the same one.
    """
    return f"{ctx.key}~{int(ctx.asked_at * 1000)}"


def store_for(ctx: ToolContext) -> LedgerStore:
    """The ledger of the call this effect belongs to."""
    return LedgerStore(
        redis=ctx.redis,
        call_id=ctx.call_id,
        caller_number=ctx.caller_number,
        who=ctx.who,
        ttl_s=ctx.record_ttl_s,
    )


@contextmanager
def one_at_a_time(ctx: ToolContext) -> Iterator[None]:
    """Let the bookings of one call wait for each other, within limits.

    A courtesy, not a safeguard: it lets a correction wait for the booking it corrects. A flow is
    right without it, so after `LOCK_WAIT_S` or a failure it goes on alone.
    """
    lock = ctx.redis.lock(
        keys.booking_lock(ctx.call_id), timeout=LOCK_S, sleep=0.03, thread_local=False
    )
    wait = min(LOCK_WAIT_S, max(0.0, ctx.remaining() - 2.0))
    try:
        held = lock.acquire(blocking=True, blocking_timeout=wait)
    except (redis.RedisError, OSError) as error:
        raise CalendarDown("the booking record cannot be reached") from error
    if not held:
        log.warning("booking stopped waiting for another booking")
    try:
        yield
    finally:
        if held:
            try:
                lock.release()
            except (redis.RedisError, OSError):
                pass
