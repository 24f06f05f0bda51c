"""Lines kept in Redis by agent, model and voice."""

from __future__ import annotations

import pytest

from app.adapters.agents import files
from app.adapters.audio.prerecorded import LineStore
from app.adapters.redis.client import connect
from app.core.audio import prerecorded
from app.errors import Unavailable
from app.settings import Settings


def test_a_line_is_known_to_later_calls_of_all_processes(redis_url: str) -> None:
    client = connect(Settings(redis_url=redis_url))
    agent = files.load().default
    first, second = LineStore(client, "m"), LineStore(client, "m")
    assert first.known(agent) == {}
    text = prerecorded.wanted(agent)[0]
    first.keep(agent, text, b"\x01\x02")
    assert first.known(agent) == {text: b"\x01\x02"}
    assert second.known(agent) == {text: b"\x01\x02"}
    assert 0 < client.ttl(client.keys("business:harbor-dental:line:*")[0]) <= 30 * 86400


def test_another_voice_or_model_has_lines_of_its_own(redis_url: str) -> None:
    client = connect(Settings(redis_url=redis_url))
    agent = files.load().default
    text = prerecorded.wanted(agent)[0]
    LineStore(client, "m").keep(agent, text, b"\x01")
    other = agent.model_copy(update={"audio": agent.audio.model_copy(update={"voice": "cedar"})})
    assert LineStore(client, "m").known(other) == {}
    assert LineStore(client, "n").known(agent) == {}


def test_two_businesses_share_no_line(redis_url: str) -> None:
    client = connect(Settings(redis_url=redis_url))
    agent = files.load().default
    text = prerecorded.wanted(agent)[0]
    store = LineStore(client, "m")
    store.keep(agent, text, b"\x01")
    other = agent.model_copy(update={"business": "Corner Bakery"})
    assert store.known(other) == {}
    assert store.known(agent) == {text: b"\x01"}


def test_without_redis_it_says_so() -> None:
    store = LineStore(connect(Settings(redis_url="redis://127.0.0.1:1/0")), "m")
    with pytest.raises(Unavailable):
        store.known(files.load().default)
