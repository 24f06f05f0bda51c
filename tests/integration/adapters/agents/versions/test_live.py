"""A version that a call began with is found, fetched, or an error: never another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from redis import Redis

from app.adapters.agents.versions.kept import KeptVersions
from app.adapters.agents.versions.opening import AgentDesk
from app.adapters.agents.versions.stored import Change
from app.adapters.redis import keys
from app.core.agent.directory import VersionGone
from app.core.agent.reference import AgentRef
from app.errors import Unavailable
from app.local.embedded_redis import RedisServer
from app.settings import Settings
from tests.integration.adapters.agents.versions.conftest import FILE, Open, agent, put


def changed(desk: AgentDesk, file: Path) -> AgentRef:
    """Change the file; the reference to the version before."""
    desk.source.keep_versions()
    before = AgentRef.to(desk.source.directory.default, "agent_1")
    file.write_text(FILE.replace("Sell cakes.", "Sell bread."))
    assert desk.source.refresh(read_file=True)
    return before


def test_a_process_that_never_had_it_fetches_it(process: Open, file: Path) -> None:
    here = process("here")
    before = changed(here, file)
    late = process("late")
    for desk in (here, late, late):
        agents = desk.source.directory
        assert agents.find(before).instructions == "Sell cakes."
        assert agents.find(before).version == before.version
        assert agents.find(AgentRef.to(agents.default)).instructions == "Sell bread."
        assert agents.find(replace(before, version="")).instructions == "Sell bread."


def test_it_comes_with_its_business_as_that_was(process: Open) -> None:
    here = process("here")
    put(here, agent("ben", business="salon"))
    home = {"name": "Salon", "numbers": ["+49305550111"], "time_zone": "Europe/Berlin"}
    put(here, Change("business", "salon", home))
    ben = here.source.directory.named("ben")
    assert ben is not None
    before = AgentRef.to(ben)
    put(here, Change("business", "salon", {**home, "time_zone": "Europe/Lisbon"}))
    late = process("late")
    late.source.refresh()
    found = late.source.directory.find(before)
    assert (found.time_zone, found.home.numbers) == ("Europe/Berlin", ("+49305550111",))
    assert late.source.directory.named("ben").time_zone == "Europe/Lisbon"  # type: ignore[union-attr]


def test_one_that_is_gone_is_an_error(process: Open, redis: Redis, file: Path) -> None:
    before = changed(process("here"), file)
    key = keys.agent_version(before.business, before.agent, before.version)
    late = process("late")
    kept = orjson.loads(redis.get(key) or b"")
    redis.set(key, orjson.dumps({**kept, "agent": {**kept["agent"], "instructions": "Lie."}}))
    with pytest.raises(VersionGone, match="kept as another"):
        late.source.directory.find(before)
    redis.set(key, orjson.dumps({**kept, "agent": {**kept["agent"], "tools": ["fly"]}}))
    with pytest.raises(VersionGone, match="cannot be made again"):
        late.source.directory.find(before)
    redis.delete(key)
    with pytest.raises(VersionGone, match="not kept any more"):
        late.source.directory.find(before)


def test_versions_outlive_the_calls_that_may_use_them(
    process: Open, redis: Redis, settings: Settings
) -> None:
    desk = process()
    desk.source.keep_versions()
    ref = AgentRef.to(desk.source.directory.default)
    left_s = int(redis.ttl(keys.agent_version(ref.business, ref.agent, ref.version)))
    assert left_s > settings.live_call_ttl_s + settings.record_retention_s
    now = [0.0]
    kept = KeptVersions(redis, settings, clock=lambda: now[0])
    agents = desk.source.directory.all
    assert kept.due(agents) == list(agents)
    kept.keep([(each, desk.source.builder.said(each)) for each in agents])
    assert kept.due(agents) == []
    now[0] = 90_000.0
    assert kept.due(agents) == list(agents)


class TestWithoutRedis:
    """Redis is gone."""

    @pytest.fixture
    def url(self, own_redis: RedisServer) -> str:
        return own_redis.url

    def test_it_is_not_guessed(self, process: Open, own_redis: RedisServer, file: Path) -> None:
        before = changed(process("here"), file)
        late = process("late")
        own_redis.stop()
        with pytest.raises(Unavailable):
            late.source.directory.find(before)
