"""Recordings within their space and time, found from anywhere in them."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.calls.sound import PAGE, SoundStore
from app.adapters.redis import keys
from app.core.record.sound import SoundChunk
from app.errors import Unavailable
from app.settings import Settings

LENGTH = 1600


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(redis_url=redis_url, recordings_bytes=100_000, record_retention_s=50_000)


@pytest.fixture
def store(redis: Redis, settings: Settings) -> SoundStore:
    return SoundStore(redis, settings)


def chunk(number: int) -> SoundChunk:
    return SoundChunk((number + 1) * LENGTH, LENGTH, bytes([number % 256]) * LENGTH, b"")


def test_what_was_kept_is_read_from_anywhere(store: SoundStore, settings: Settings) -> None:
    large = SoundStore(store._redis, Settings(redis_url=settings.redis_url))
    assert large.length("c1") == 0
    for number in range(PAGE + 5):
        assert large.keep("c1", chunk(number), 600)
    assert large.length("c1") == (PAGE + 5) * LENGTH
    assert list(large.chunks("c1")) == [chunk(number) for number in range(PAGE + 5)]
    ends = [one.end // LENGTH for one in large.chunks("c1", 2 * LENGTH, 4 * LENGTH)]
    assert ends == [3, 4]
    inside = [one.end // LENGTH for one in large.chunks("c1", 2 * LENGTH + 5, 2 * LENGTH + 9)]
    assert inside == [3]


def test_it_lapses_with_its_own_time_and_never_after_its_call(
    store: SoundStore, redis: Redis
) -> None:
    store.keep("c1", chunk(0), 600)
    assert 590 < redis.ttl(keys.sound("c1")) <= 600
    store.keep("c2", chunk(0), 10**7)
    assert redis.ttl(keys.sound("c2")) <= 50_000
    assert redis.hget(keys.summary("c1"), "recorded") == b"true"
    for key in redis.scan_iter("*"):
        assert redis.ttl(key) > 0, key


def test_one_call_may_not_take_all_the_room(store: SoundStore) -> None:
    kept = [store.keep("c1", chunk(number), 600) for number in range(40)]
    assert kept == [True] * 31 + [False] * 9
    assert store.keep("c2", chunk(0), 600)


def test_a_chunk_that_comes_twice_or_too_late_changes_nothing(store: SoundStore) -> None:
    for number in (0, 1, 1, 0):
        assert store.keep("c1", chunk(number), 600)
    assert list(store.chunks("c1")) == [chunk(0), chunk(1)]


def test_those_that_would_lapse_first_make_room(store: SoundStore, redis: Redis) -> None:
    for call, keep_s in (("late", 900), ("soon", 300), ("later", 1200)):
        for number in range(25):
            store.keep(call, chunk(number), keep_s)
    store.sweep()
    assert not redis.exists(keys.sound("soon"))
    assert redis.exists(keys.sound("late")) == redis.exists(keys.sound("later")) == 1
    assert set(redis.hkeys(keys.SOUND_SIZES)) == {b"late", b"later"}
    redis.zadd(keys.SOUND_LAPSING, {"late": 1})
    store.sweep()
    assert set(redis.hkeys(keys.SOUND_SIZES)) == {b"later"}


def test_what_is_forgotten_is_gone(store: SoundStore, redis: Redis) -> None:
    store.keep("c1", chunk(0), 600)
    assert store.forget("c1", "nobody") == 1
    assert store.forget("c1") == 0
    assert store.length("c1") == 0
    assert not redis.exists(keys.SOUND_SIZES, keys.SOUND_LAPSING)


def test_redis_full_is_unavailable(store: SoundStore, redis: Redis) -> None:
    used = int(redis.info("memory")["used_memory"])
    redis.config_set("maxmemory", used // 2)
    try:
        with pytest.raises(Unavailable):
            store.keep("c1", chunk(0), 600)
    finally:
        redis.config_set("maxmemory", 0)
