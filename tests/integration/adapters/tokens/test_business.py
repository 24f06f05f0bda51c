"""Tokens of businesses in Redis: hashed, several at a time, gone once revoked."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.redis.client import connect
from app.adapters.tokens.business import MAX_TOKENS, USED_EVERY_S, BusinessTokens
from app.errors import BadRequest, NotFound, Unavailable
from app.security.scope import Scope
from app.settings import Settings

NOW = 1_795_300_000.0


@pytest.fixture
def clock() -> list[float]:
    return [NOW]


@pytest.fixture
def tokens(redis: Redis, clock: list[float]) -> BusinessTokens:
    return BusinessTokens(redis, clock=lambda: clock[0])


def test_several_are_valid_until_each_is_revoked(tokens: BusinessTokens) -> None:
    first, old = tokens.create("bakery", by="an admin", note="till")
    second, new = tokens.create("bakery", by="an admin")
    for text, made in ((old, first), (new, second)):
        found = tokens.check(text)
        assert found is not None
        assert (found.id, found.business) == (made.id, "bakery")
    tokens.revoke(first.id)
    assert tokens.check(old) is None
    assert tokens.check(new) is not None
    assert [token.id for token in tokens.listed()] == [second.id]
    with pytest.raises(NotFound):
        tokens.revoke(first.id)


def test_nothing_in_redis_opens_anything(tokens: BusinessTokens, redis: Redis) -> None:
    made, text = tokens.create("bakery", by="an admin")
    secret = text.rpartition("_")[2].encode()
    for key in redis.scan_iter("*"):
        for value in redis.hgetall(key).items():
            assert all(secret not in part for part in value)
    assert tokens.check(f"cs_{made.id}_{'x' * 43}") is None
    assert tokens.check("cs_ffffffffffff_" + text[-43:]) is None


def test_its_last_use_is_told(tokens: BusinessTokens, clock: list[float]) -> None:
    _, text = tokens.create("bakery", by="an admin")
    assert tokens.listed()[0].used_at == 0
    tokens.check(text)
    assert tokens.listed()[0].used_at == NOW
    clock[0] += USED_EVERY_S - 1
    tokens.check(text)
    assert tokens.listed()[0].used_at == NOW
    clock[0] += 1
    tokens.check(text)
    assert tokens.listed()[0].used_at == NOW + USED_EVERY_S


def test_a_business_has_its_own_and_not_too_many(tokens: BusinessTokens) -> None:
    tokens.create("salon", by="an admin")
    for _ in range(MAX_TOKENS):
        tokens.create("bakery", by="an admin")
    with pytest.raises(BadRequest, match="revoke one first"):
        tokens.create("bakery", by="an admin")
    with pytest.raises(BadRequest, match="note"):
        tokens.create("salon", by="an admin", note="x" * 101)
    assert len(tokens.listed(Scope("bakery"))) == MAX_TOKENS
    assert [token.business for token in tokens.listed(Scope("salon"))] == ["salon"]


def test_all_of_a_business_go_but_what_was_made_since(
    tokens: BusinessTokens, clock: list[float]
) -> None:
    old = [tokens.create("bakery", by="an admin")[1] for _ in range(2)]
    other = tokens.create("salon", by="an admin")[1]
    clock[0] += 10
    new = tokens.create("bakery", by="an admin")[1]
    assert tokens.revoke_all("bakery", until=NOW + 5) == 2
    assert tokens.revoke_all("bakery", until=NOW + 5) == 0
    assert [tokens.check(text) is not None for text in (*old, other, new)] == [
        False,
        False,
        True,
        True,
    ]


def test_without_redis_none_is_right_or_wrong(free_port: int) -> None:
    away = BusinessTokens(connect(Settings(redis_url=f"redis://127.0.0.1:{free_port}/0")))
    with pytest.raises(Unavailable):
        away.check(f"cs_0123456789ab_{'x' * 43}")
    assert away.check("no token at all") is None
