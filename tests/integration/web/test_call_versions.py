"""Requests about a call that has begun are for the call's agent, in its version."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, g

from app.adapters.agents.versions.stored import Change
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, UnknownAgent, VersionGone
from app.core.agent.reference import AgentRef
from app.errors import Unauthorized
from app.settings import Settings
from app.web.config import routes
from app.web.guard.signer import agent_for
from tests.support.web_app import make_app

FILE = """\
default: ada
agents:
  - {id: ada, name: Ada, business: Bakery, instructions: Sell cakes.}
  - {id: ben, name: Ben, business: Bakery, instructions: Cut hair., numbers: ["+49305550111"]}
"""
CALL = "call_1"


@pytest.fixture
def app(tmp_path: Path, redis_url: str) -> Flask:
    """A process in which a call has begun, and its agent was changed then."""
    path = tmp_path / "agents.yaml"
    path.write_text(FILE)
    app = make_app(Settings(redis_url=redis_url, agent_file=str(path)), routes.agents)
    services = app.extensions["services"]
    desk = services.agent_desk
    desk.source.keep_versions()
    services.calls.merge(CALL, {"agent_ref": AgentRef.to(services.agents.default).to_json()})
    ada = {"id": "ada", "name": "Ada", "business": "Bakery", "instructions": "Sell bread."}
    desk.editor.apply(lambda present: [Change("agent", "ada", ada)], by="a test")
    return app


def ask(app: Flask, asked: Asked, call_id: str = CALL, signer: str = "") -> Agent:
    with app.test_request_context():
        if signer:
            g.signer = signer
        return agent_for(asked, call_id)


def test_the_call_keeps_its_version(app: Flask) -> None:
    assert ask(app, Asked()).instructions == "Sell cakes."
    assert ask(app, Asked(address="ada")).instructions == "Sell cakes."
    assert ask(app, Asked(address="Ada")).instructions == "Sell cakes."
    # Whom the number leads to by now does not matter: the call's agent was decided.
    assert ask(app, Asked(number="+49305550111")).instructions == "Sell cakes."


def test_others_have_the_newest(app: Flask) -> None:
    assert ask(app, Asked(), "call_2").instructions == "Sell bread."
    assert ask(app, Asked(), "").instructions == "Sell bread."
    assert ask(app, Asked(address="ben")).id == "ben"
    with pytest.raises(UnknownAgent):
        ask(app, Asked(address="nobody"))


def test_a_call_outlives_its_agent(app: Flask) -> None:
    path = Path(app.extensions["services"].settings.agent_file)
    path.write_text(FILE.replace("ada", "eva").replace("Ada", "Eva"))
    desk = app.extensions["services"].agent_desk
    desk.source.refresh(read_file=True)
    desk.editor.apply(lambda present: [Change("agent", "ada", None)], by="a test")
    assert desk.source.directory.named("ada") is None
    assert ask(app, Asked(address="ada")).instructions == "Sell cakes."
    assert ask(app, Asked()).instructions == "Sell cakes."
    with pytest.raises(UnknownAgent):
        ask(app, Asked(address="ada"), "call_2")


def test_another_businesss_key_does_not_open_it(app: Flask) -> None:
    assert ask(app, Asked(), signer="bakery").instructions == "Sell cakes."
    with pytest.raises(Unauthorized):
        ask(app, Asked(), signer="salon")


def test_a_version_that_is_gone_is_told(app: Flask) -> None:
    gone = {"agent": "ada", "business": "bakery", "agent_id": "", "version": "0" * 16}
    app.extensions["services"].calls.merge(CALL, {"agent_ref": gone})
    with pytest.raises(VersionGone):
        ask(app, Asked())
