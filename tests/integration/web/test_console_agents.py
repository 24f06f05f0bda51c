"""The console's pages of agents."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.core.agent.definition import Agent
from app.settings import Settings
from app.web.console import auth
from app.web.console.agents import edit, routes
from tests.support.web_app import make_app

AGENTS = """
default: ada
businesses:
  bakery: {name: Bakery, time_zone: Europe/Berlin, numbers: ["+493055501"]}
agents:
  - {id: ada, name: Ada, business: bakery, instructions: "Sell <b>cake</b>."}
  - {id: ben, name: Ben, business: Salon, instructions: y}
"""


@pytest.fixture
def client(redis_url: str, tmp_path: Path) -> FlaskClient:
    path = tmp_path / "agents.yaml"
    path.write_text(AGENTS, encoding="utf-8")
    settings = Settings(redis_url=redis_url, agent_file=str(path))
    client = make_app(settings, auth.bp, routes.bp, edit.bp).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def test_all_agents_are_listed_by_business(client: FlaskClient) -> None:
    text = client.get("/console/agents").text
    order = [
        text.index(each) for each in ("Bakery <small", ">Ada</a> <span", "Salon <small", ">Ben<")
    ]
    assert order == sorted(order)
    assert 'Calls that fit no agent go to <a href="/console/agents/ada">Ada</a>' in text
    assert "+493055501, all other calls" in text
    assert "no number leads to it" in text


def test_an_agent_is_explained_key_by_key(client: FlaskClient) -> None:
    text = client.get("/console/agents/ada").text
    assert "<pre>Sell &lt;b&gt;cake&lt;/b&gt;.</pre>" in text
    assert "What the model is told: manner, task, limits." in text
    assert "by default <code>en</code>" in text
    assert f"4 of {len(Agent.model_fields)} keys given" in text
    assert "Europe/Berlin" in text, "what the business gives"
    assert '<a href="/console/businesses/bakery">' in text
    assert "The business</h2>" not in client.get("/console/agents/ben").text, "it is only a name"
    assert client.get("/console/agents/zoe").status_code == 404
