"""A client of the tests' Redis, with settings that a module may override."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from app.adapters.redis.client import connect
from app.settings import Settings


@pytest.fixture
def settings(redis_url: str) -> Settings:
    return Settings(redis_url=redis_url)


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    client = connect(settings)
    yield client
    client.close()
