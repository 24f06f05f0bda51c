"""A job has the agent that its call began with, in whichever process and however late it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import workers.runtime
from app.adapters.tools.context import ToolContext
from app.core.agent.reference import AgentRef
from app.settings import Settings
from workers import effects
from workers.after_call.story import agent_of
from workers.runtime import Runtime, ToolJob, open_runtime

FILE = """\
agents:
  - {id: ada, name: Ada, business: Bakery, instructions: Sell cakes.}
"""


def say(context: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    """Tell what the agent was told."""
    return {"ok": True, "output": {"told": context.agent.instructions}, "say": None}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agents.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def settings(redis_url: str, file: Path) -> Settings:
    return Settings(redis_url=redis_url, agent_file=str(file))


def start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A worker process as it starts now."""
    monkeypatch.setattr(workers.runtime, "_runtime", None)
    at_work = open_runtime(settings, connections=4, tools={"say": ToolJob(say)})
    at_work.agent_desk.source.refresh()
    at_work.agent_desk.source.keep_versions()
    return at_work


def test_a_job_of_before_the_change_is_run_by_a_worker_of_after_it(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = start(settings, monkeypatch)
    who = AgentRef.to(before.agents.default).to_json()
    before.effects.ask("c1", "say-1", "say", {}, "t1", who, kind="read")
    file.write_text(FILE.replace("Sell cakes.", "Sell bread."))
    after = start(settings, monkeypatch)
    effects.run("c1", "say-1")
    done = after.effects.get("c1", "say-1")
    assert done is not None
    assert (done.result or {})["output"] == {"told": "Sell cakes."}
    assert agent_of(after, {"agent": "Ada", "agent_ref": who}).instructions == "Sell cakes."
    now = AgentRef.to(after.agents.default).to_json()
    after.effects.ask("c1", "say-2", "say", {}, "t2", now, kind="read")
    effects.run("c1", "say-2")
    newer = after.effects.get("c1", "say-2")
    assert newer is not None
    assert (newer.result or {})["output"] == {"told": "Sell bread."}


def test_a_version_that_is_gone_fails_at_once_and_does_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = start(settings, monkeypatch)
    who = AgentRef("ada", "bakery", version="0" * 16).to_json()
    at_work.effects.ask("c1", "say-1", "say", {}, "t1", who, kind="read")
    effects.run("c1", "say-1")
    failed = at_work.effects.get("c1", "say-1")
    assert failed is not None
    assert (failed.state, failed.attempts) == ("failed", 1)
    assert failed.error.startswith("version_gone: ")
    assert agent_of(at_work, {"agent": "Ada", "agent_ref": who}).instructions == "none"
