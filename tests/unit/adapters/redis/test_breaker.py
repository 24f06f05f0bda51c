"""The breaker opens on stalls, lets one probe at a time through, and closes on success."""

from __future__ import annotations

import pytest
import redis

from app.adapters.redis.breaker import Breaker
from app.errors import Unavailable


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def fail(breaker: Breaker, error: Exception) -> None:
    with pytest.raises(Unavailable), breaker.guard():
        raise error


def works(breaker: Breaker) -> bool:
    ran = False
    try:
        with breaker.guard():
            ran = True
    except Unavailable:
        pass
    return ran


def test_it_stays_closed_while_all_is_well() -> None:
    breaker = Breaker(clock=Clock())
    assert all(works(breaker) for _ in range(5))


@pytest.mark.parametrize(
    "error",
    [
        redis.TimeoutError(),
        redis.ConnectionError(),
        ConnectionResetError(),
        OSError(),
        Unavailable(),
    ],
)
def test_a_stall_opens_it_until_the_pause_is_over(error: Exception) -> None:
    clock = Clock()
    breaker = Breaker(pause_s=1.0, clock=clock)
    fail(breaker, error)
    assert breaker.open
    clock.now += 0.9
    assert not works(breaker)
    clock.now += 0.2
    assert works(breaker)
    assert not breaker.open


def test_one_probe_at_a_time() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker, redis.TimeoutError())
    clock.now += 2
    with breaker.guard():
        assert not works(breaker)
    assert works(breaker)


def test_a_failed_probe_keeps_it_open() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    fail(breaker, redis.TimeoutError())
    clock.now += 2
    fail(breaker, redis.TimeoutError())
    assert not works(breaker)


@pytest.mark.parametrize(
    "error",
    [redis.OutOfMemoryError(), redis.ReadOnlyError(), redis.ResponseError("MISCONF disk")],
)
def test_a_refusal_is_unavailable_but_no_stall(error: Exception) -> None:
    breaker = Breaker(clock=Clock())
    fail(breaker, error)
    assert works(breaker)


def test_other_errors_pass_and_do_not_count() -> None:
    breaker = Breaker(clock=Clock())
    with pytest.raises(ZeroDivisionError), breaker.guard():
        raise ZeroDivisionError
    assert works(breaker)


def test_waiting_is_bounded() -> None:
    breaker = Breaker(waiting=2, clock=Clock())
    with breaker.guard(), breaker.guard():
        assert not works(breaker)
    assert works(breaker)


def test_every_refusal_says_when_to_come_back() -> None:
    breaker = Breaker(clock=Clock())
    fail(breaker, redis.TimeoutError())
    with pytest.raises(Unavailable) as caught, breaker.guard():
        pass
    assert caught.value.retry_after >= 1
