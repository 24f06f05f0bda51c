"""Businesses that are gone: their tokens go with them, later where Redis is away."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.redis.client import connect
from app.adapters.tokens.business import BusinessTokens
from app.adapters.tokens.departed import DepartedBusinesses
from app.errors import Unavailable
from app.settings import Settings

NOW = 1_795_300_000.0


def test_their_tokens_go_with_them(redis: Redis) -> None:
    tokens = BusinessTokens(redis, clock=lambda: NOW)
    gone, stays = (tokens.create(each, by="a test")[1] for each in ("bakery", "salon"))
    DepartedBusinesses(tokens, clock=lambda: NOW + 1).note(["bakery"])
    assert tokens.check(gone) is None
    assert tokens.check(stays) is not None


def test_where_redis_is_away_they_go_later(
    redis: Redis, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [NOW]
    tokens = BusinessTokens(redis, clock=lambda: clock[0])
    old = tokens.create("bakery", by="a test")[1]
    departed = DepartedBusinesses(tokens, clock=lambda: clock[0])
    away = connect(Settings(redis_url=f"redis://127.0.0.1:{free_port}/0"))
    monkeypatch.setattr(tokens, "_redis", away)
    departed.note(["bakery"])
    with pytest.raises(Unavailable):
        tokens.check(old)
    monkeypatch.setattr(tokens, "_redis", redis)
    assert tokens.check(old) is not None
    clock[0] += 5
    new = tokens.create("bakery", by="a test")[1]
    departed.revoke()
    assert tokens.check(old) is None
    assert tokens.check(new) is not None, "it is the token of the business that came after"
