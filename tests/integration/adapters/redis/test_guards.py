"""Guards on a real Redis, also when asked from many threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from app.adapters.calls.store import CallStore
from app.adapters.redis.client import connect
from app.adapters.redis.guards import Guards
from app.adapters.tokens.socket import FIRST_USE_S, SocketTokens
from app.errors import Unavailable
from app.settings import Settings
from tests.support.waiting import eventually


@pytest.fixture
def guards(redis: Redis) -> Guards:
    return Guards(redis)


def test_first_is_first_once(guards: Guards) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: guards.first("inbound", "x", 60), range(40)))
    assert answers.count(True) == 1
    assert guards.first("inbound", "y", 60)
    assert guards.first("other", "x", 60)


def test_a_rate_has_a_limit_and_says_how_long(guards: Guards) -> None:
    def ask(mark: int, window_s: int = 60) -> int:
        return guards.wait_for("sms", "+1415", limit=3, window_s=window_s, mark=str(mark))

    assert [ask(mark) for mark in range(3)] == [0, 0, 0]
    assert 0 < ask(3) <= 60
    assert ask(1) == 0, "the same attempt, asked again"
    assert guards.wait_for("sms", "+1416", limit=3, window_s=60, mark="0") == 0


def test_a_rate_lets_through_exactly_its_limit(guards: Guards) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda mark: guards.wait_for("a", "b", limit=5, window_s=60, mark=str(mark)),
                range(40),
            )
        )
    assert answers.count(0) == 5


def test_a_rate_recovers(guards: Guards) -> None:
    def ask(mark: str) -> bool:
        return guards.wait_for("sms", "+1415", limit=1, window_s=1, mark=mark) == 0

    assert ask("a")
    assert not ask("b")
    assert eventually(lambda: ask("c"))


def test_a_tie_is_for_good(guards: Guards) -> None:
    assert guards.tie("socket", "nonce", "call_1", 60)
    assert guards.tie("socket", "nonce", "call_1", 60)
    assert not guards.tie("socket", "nonce", "call_2", 60)
    assert guards.tie("socket", "nonce", "call_1", 60)
    assert guards.tie("socket", "another", "call_2", 60)


class Clock:
    now = 1_795_300_000.0

    def __call__(self) -> float:
        return self.now


class TestSocketTokens:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def mint(self, redis: Redis, redis_url: str, clock: Clock) -> SocketTokens:
        settings = Settings(redis_url=redis_url, socket_token="static-secret")
        return SocketTokens(redis, settings, clock=clock)

    def test_the_static_token_opens_every_call(self, mint: SocketTokens) -> None:
        assert mint.accept("static-secret", "call_1")
        assert mint.accept("static-secret", "call_2")
        assert not mint.accept("static-secre", "call_1")
        assert not mint.accept("", "call_1")
        assert not mint.accept(None, "call_1")

    def test_a_minted_token_belongs_to_the_first_call_that_uses_it(
        self, mint: SocketTokens
    ) -> None:
        token = mint.mint("inbound-1", "bakery")
        assert mint.accept(token, "call_1")
        assert mint.accept(token, "call_1")
        assert not mint.accept(token, "call_2")

    def test_a_repeated_request_gets_a_token_of_the_same_call(
        self, mint: SocketTokens, clock: Clock
    ) -> None:
        first = mint.mint("inbound-1", "bakery")
        clock.now += 20
        second = mint.mint("inbound-1", "bakery")
        assert mint.accept(first, "call_1")
        assert not mint.accept(second, "call_2")
        assert mint.accept(second, "call_1")

    def test_a_bound_token_fits_its_call_only(self, mint: SocketTokens) -> None:
        token = mint.mint("about", "bakery", "call_1")
        assert not mint.accept(token, "call_2")
        assert mint.accept(token, "call_1")

    def test_it_is_of_one_business(self, mint: SocketTokens) -> None:
        opened = mint.accept(mint.mint("inbound-1", "bäckerei"), "call_1")
        assert opened is not None
        assert opened.fits("bäckerei")
        assert not opened.fits("salon")
        everything = mint.accept("static-secret", "call_2")
        assert everything is not None
        assert everything.fits("salon")

    def test_after_its_time_it_only_lets_its_own_call_come_back(
        self, mint: SocketTokens, clock: Clock
    ) -> None:
        used, unused = mint.mint("a", "bakery"), mint.mint("b", "bakery")
        assert mint.accept(used, "call_1")
        clock.now += FIRST_USE_S + 1
        assert mint.accept(used, "call_1")
        assert not mint.accept(used, "call_2")
        assert not mint.accept(unused, "call_1")
        clock.now += 7 * 3600
        assert not mint.accept(used, "call_1")

    def test_a_fresh_token_does_not_open_a_call_that_goes_on(
        self, mint: SocketTokens, redis: Redis, redis_url: str
    ) -> None:
        first, second = mint.mint("inbound-1", "bakery"), mint.mint("inbound-2", "bakery")
        assert mint.accept(first, "call_1")
        assert not mint.accept(second, "call_1")
        assert mint.accept(second, "call_2")
        calls = CallStore(redis, Settings(redis_url=redis_url))
        calls.take("call_3", "process")  # opened with the static token
        assert not mint.accept(mint.mint("inbound-3", "bakery"), "call_3")
        assert mint.accept("static-secret", "call_1")

    def test_a_token_ends_with_its_call(
        self, mint: SocketTokens, redis: Redis, redis_url: str
    ) -> None:
        token = mint.mint("inbound-1", "bakery")
        calls = CallStore(redis, Settings(redis_url=redis_url))
        assert mint.accept(token, "call_1")
        lease = calls.take("call_1", "process")
        assert mint.accept(token, "call_1"), "the line was lost and comes back"
        calls.end("call_1")
        calls.release(lease)
        assert not mint.accept(token, "call_1")

    def test_where_none_is_required_all_may_come(
        self, redis: Redis, redis_url: str, clock: Clock
    ) -> None:
        mint = SocketTokens(redis, Settings(redis_url=redis_url), clock=clock)
        assert not mint.required
        assert mint.accept(None, "call_1")
        assert mint.accept(mint.mint("a", "bakery"), "call_1")

    def test_redis_away(self, free_port: int, clock: Clock) -> None:
        settings = Settings(
            redis_url=f"redis://127.0.0.1:{free_port}/0", socket_token="static-secret"
        )
        client = connect(settings)
        mint = SocketTokens(client, settings, clock=clock)
        token = mint.mint("a", "bakery")
        assert mint.accept(token, "call_1")
        assert not mint.accept(token[:-1] + "_", "call_1")
        clock.now += FIRST_USE_S + 1
        assert not mint.accept(token, "call_1")
        with pytest.raises(Unavailable):
            Guards(client).first("a", "b", 1)
