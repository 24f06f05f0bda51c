"""Documents in Redis: versions never change, and nobody writes over what they have not seen."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.agents.versions import stored
from app.adapters.agents.versions.stored import AgentStore, Change
from app.adapters.redis import keys
from tests.integration.adapters.agents.versions.conftest import agent


@pytest.fixture
def store(redis: Redis) -> AgentStore:
    return AgentStore(redis)


def write(store: AgentStore, *changes: Change, at: float = 1.0) -> list[int]:
    wrote = store.write(changes, expected=store.generation(), by="kim", at=at)
    assert wrote is not None
    return [each.number for each in wrote]


def test_versions_are_numbered_and_told(store: AgentStore) -> None:
    assert write(store, agent("ada"), agent("ben")) == [1, 1]
    assert write(store, agent("ada", instructions="y"), at=2.5) == [2]
    generation, found = store.read({})
    assert generation == store.generation() == 2
    assert [(name, each.number) for name, each in found.items()] == [
        ("agent:ada", 2),
        ("agent:ben", 1),
    ]
    told = [each.to_json() for each in store.versions("agent", "ada")]
    assert [(each["version"], each["by"]) for each in told] == [(2, "kim"), (1, "kim")]
    assert told[0]["at"] == "1970-01-01T00:00:02.500+00:00"
    first = store.version("agent", "ada", 1)
    assert first is not None
    assert first.data is not None
    assert first.data["instructions"] == "x"
    assert store.version("agent", "ada", 9) is None
    # What is known is the very same object afterwards: it was not fetched again.
    _, again = store.read(found)
    assert again["agent:ada"] is found["agent:ada"]


def test_who_has_not_seen_the_newest_writes_nothing(store: AgentStore, redis: Redis) -> None:
    write(store, agent("ada"))
    assert store.write([agent("ben"), agent("cem")], expected=0, by="kim", at=1.0) is None
    assert set(store.read({})[1]) == {"agent:ada"}
    assert store.generation() == 1
    assert not redis.exists(keys.document_versions("agent:ben"))


def test_what_is_taken_out_leaves_its_versions_for_a_while(store: AgentStore, redis: Redis) -> None:
    write(store, agent("ada"))
    write(store, Change("agent", "ada", None))
    assert store.read({})[1] == {}
    assert [each.data is None for each in store.versions("agent", "ada")] == [True, False]
    key = keys.document_versions("agent:ada")
    assert 0 < int(redis.ttl(key)) <= stored.FORGET_S
    assert write(store, agent("ada")) == [3]
    assert redis.ttl(key) == -1


def test_old_versions_go(store: AgentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MAX_VERSIONS", 3)
    for number in range(5):
        write(store, agent("ada", instructions=f"{number}"))
    assert [each.number for each in store.versions("agent", "ada")] == [5, 4, 3]
