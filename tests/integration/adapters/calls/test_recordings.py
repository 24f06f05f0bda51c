"""Flight records within their space: packed when written, the oldest dropped, none lost by it."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.calls.recordings import RecordKeeper
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.settings import Settings

LINES = [b'{"t":%d,"in":"retell","frame":{"interaction_type":"ping_pong"}}' % n for n in range(400)]


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(redis_url=redis_url, records_bytes=100_000)


@pytest.fixture
def store(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


@pytest.fixture
def keeper(redis: Redis, settings: Settings) -> RecordKeeper:
    return RecordKeeper(redis, settings)


def write(store: CallStore, call_id: str, lines: list[bytes]) -> None:
    for place in range(0, len(lines), 10):
        assert store.record(call_id, lines[place : place + 10])


def size(redis: Redis) -> int:
    return sum(int(value) for value in redis.hvals(keys.RECORD_SIZES))


def test_packed_records_read_the_same_and_go_on(
    store: CallStore, redis: Redis, keeper: RecordKeeper
) -> None:
    write(store, "c1", LINES[:300])
    written = size(redis)
    position = list(store.follow_record("c1"))[-1][0]
    keeper.sweep()
    assert redis.xlen(keys.record("c1")) == 30, "it is still being written"
    keeper.sweep(idle_s=-1)
    assert redis.xlen(keys.record("c1")) == 1
    assert size(redis) < written / 5
    assert list(store.read_record("c1")) == LINES[:300]
    assert list(store.follow_record("c1", position)) == []
    store.record("c1", LINES[300:310])
    assert list(store.read_record("c1", position)) == LINES[300:310]
    keeper.sweep(idle_s=-1)
    assert list(store.read_record("c1")) == LINES[:310]
    for key in redis.scan_iter("*"):
        assert redis.ttl(key) > 0, key


def test_the_oldest_make_room_and_live_ones_stay(
    store: CallStore, redis: Redis, keeper: RecordKeeper
) -> None:
    for number in range(6):
        write(store, f"c{number}", LINES[:300])
    assert size(redis) > 100_000
    redis.zadd(keys.OPEN_RECORDS, {f"c{number}": 4e9 for number in (4, 5)})
    redis.zadd(keys.OPEN_RECORDS, {f"c{number}": 1.7e9 + number for number in range(4)})
    keeper._keep_s = 10**10  # nothing has lapsed
    keeper.sweep()
    left = [number for number in range(6) if redis.exists(keys.record(f"c{number}"))]
    assert left[-2:] == [4, 5], "calls that go on keep theirs"
    assert 0 not in left
    assert left == sorted(set(left)), "the longest untouched went first"
    assert size(redis) <= 100_000
    assert list(store.read_record("c5")) == LINES[:300]


def test_one_call_cannot_take_all_the_space(store: CallStore) -> None:
    while store.record("c1", LINES[:10]):
        pass
    assert sum(len(line) + 1 for line in store.read_record("c1")) <= 25_000


def test_what_has_lapsed_is_forgotten(store: CallStore, redis: Redis, keeper: RecordKeeper) -> None:
    write(store, "gone", LINES[:10])
    redis.zadd(keys.OPEN_RECORDS, {"gone": 1.0})
    keeper.sweep()
    assert not redis.exists(keys.OPEN_RECORDS, keys.RECORD_SIZES)
