"""A process that can spare no connection for listening finds changes by looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import pytest
from redis import Redis

from app.adapters.agents import files
from app.adapters.agents.versions.opening import AgentDesk, open_desk
from app.adapters.agents.versions.stored import Change
from app.core.agent.definition import Agent
from app.settings import Settings
from tests.integration.adapters.agents.versions.conftest import FILE, Open, agent, put


@pytest.fixture
def desk(settings: Settings, redis: Redis) -> Iterator[AgentDesk]:
    few = Settings(
        redis_url=settings.redis_url, agent_file=settings.agent_file, redis_connections=2
    )
    desk = open_desk(few, redis, "web")
    desk.follower.start()
    yield desk
    desk.follower.stop()


def until(probe: Callable[[], object]) -> None:
    with gevent.Timeout(30):
        while not probe():
            gevent.sleep(0.02)


def test_it_looks_at_the_generation_and_at_the_file(
    desk: AgentDesk, process: Open, file: Path
) -> None:
    put(process("other"), agent("ben"))
    until(lambda: desk.source.directory.named("ben"))
    file.write_text(FILE.replace("Sell cakes.", "Sell bread."))
    until(lambda: desk.source.directory.default.instructions == "Sell bread.")
    until(lambda: not desk.source.directory.named("cem"))
    # What was written before the start is there at once.
    put(process("other"), agent("cem"))
    late = process("late")
    late.follower.start()
    assert late.source.directory.named("cem") is not None
    late.follower.stop()


def test_sighup_reads_a_file_that_seems_unchanged(
    desk: AgentDesk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "signature", lambda path: ())
    desk.source.refresh(read_file=True)
    file.write_text(FILE.replace("Sell cakes.", "Sell bread."))
    gevent.sleep(0)
    assert desk.source.directory.default.instructions == "Sell cakes."
    desk.follower.reread()
    until(lambda: desk.source.directory.default.instructions == "Sell bread.")


def test_an_unforeseen_error_ends_nothing(
    desk: AgentDesk, process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []

    def fail(**_: object) -> bool:
        failed.append(1)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(desk.source, "refresh", fail)
        until(lambda: failed)
    put(process("other"), agent("ben"))
    until(lambda: desk.source.directory.named("ben"))


def test_a_thousand_agents_of_two_hundred_businesses(
    process: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One change of one agent makes one agent anew, and no look-up goes through all of them."""
    here, there = process("here"), process("there")
    homes = [
        Change("business", f"b{n}", {"name": f"B {n}", "numbers": [f"+4930555{1000 + n}"]})
        for n in range(200)
    ]
    many = [
        agent(f"a{n}", business=f"b{n % 200}", retell_agent_ids=[f"agent_{n}"]) for n in range(1000)
    ]
    put(here, *homes, *many)
    there.source.refresh()
    assert len(there.source.directory.all) == 1001
    made = []
    real = Agent.model_validate

    def count(data: object) -> Agent:
        made.append(data)
        return real(data)

    monkeypatch.setattr(Agent, "model_validate", count)
    put(here, agent("a7", business="b7", instructions="new"))
    assert len(made) == 1
    there.source.refresh()
    assert len(made) == 2
    seven = there.source.directory.named("a7")
    assert seven is not None
    assert seven.instructions == "new"
