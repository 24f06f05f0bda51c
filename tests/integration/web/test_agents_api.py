"""/api/agents and /api/businesses over a real Redis: two web processes, as far as they can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.adapters.tokens.business import BusinessTokens
from app.settings import Settings
from app.web.config import routes
from tests.support.web_app import make_app

FILE = """\
default: ada
businesses:
  bakery: {name: Corner Bakery, numbers: ["+49305550100"], secrets: [SHOP_TOKEN]}
agents:
  - {id: ada, name: Ada, business: bakery, instructions: Sell cakes.}
"""
BEN = {"name": "Ben", "business": "salon", "instructions": "Cut hair.", "numbers": ["+49305550111"]}


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    path = tmp_path / "agents.yaml"
    path.write_text(FILE)
    return Settings(redis_url=redis_url, agent_file=str(path))


def make(settings: Settings) -> Flask:
    return make_app(settings, routes.agents, routes.businesses)


@pytest.fixture
def app(settings: Settings) -> Flask:
    return make(settings)


@pytest.fixture
def client(app: Flask) -> Any:
    return app.test_client()


@pytest.fixture
def other(settings: Settings) -> Any:
    """Another process."""
    return make(settings).test_client()


def put(client: Any, path: str, data: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.put(path, json=data, headers=named)


def etag(client: Any, path: str) -> str:
    return str(client.get(path).headers["ETag"])


def test_what_the_file_says_is_read_and_may_be_put_back(client: Any) -> None:
    found = client.get("/api/agents/ada")
    assert found.json == {
        "id": "ada",
        "name": "Ada",
        "business": "bakery",
        "instructions": "Sell cakes.",
    }
    same = put(client, "/api/agents/ada", found.json)
    assert (same.status_code, same.json["source"]) == (200, "file")
    assert client.get("/api/agents/ada/versions").json["versions"] == []
    (row,) = client.get("/api/agents").json["agents"]
    assert (row["id"], row["source"], row["default"]) == ("ada", "file", True)
    assert row["numbers"] == ["+49305550100"]
    (home,) = client.get("/api/businesses").json["businesses"]
    assert (home["id"], home["agents"], home["source"]) == ("bakery", ["ada"], "file")


def test_an_agent_is_made_changed_and_rolled_back(client: Any, other: Any) -> None:
    made = put(client, "/api/agents/ben", BEN, X_Changed_By="Kim")
    assert (made.status_code, made.json["source"]) == (201, "api")
    first = made.headers["ETag"]
    changed = {**BEN, "instructions": "Cut beards."}
    assert put(other, "/api/agents/ben", changed).status_code == 428
    assert put(other, "/api/agents/ben", changed, If_Match='"other"').status_code == 412
    again = put(other, "/api/agents/ben", changed, If_Match=first)
    assert again.status_code == 200
    # The same once more, with what it was based on the first time: nothing new.
    assert put(other, "/api/agents/ben", changed, If_Match=first).status_code == 200
    assert put(client, "/api/agents/ben", BEN, If_Match=first).status_code == 412
    told = client.get("/api/agents/ben/versions").json["versions"]
    assert [(each["version"], each["current"]) for each in told] == [(2, True), (1, False)]
    assert [each["by"] for each in told] == ["an admin", "an admin (Kim)"]
    back = client.post(
        "/api/agents/ben/rollback",
        json={"version": 1},
        headers={"If-Match": again.headers["ETag"]},
    )
    assert back.headers["ETag"] == first
    assert other.get("/api/agents/ben").json["instructions"] == "Cut hair."
    newest = client.get("/api/agents/ben/versions").json["versions"][0]
    assert (newest["version"], newest["note"]) == (3, "back to version 1")
    old = client.get("/api/agents/ben/versions/2").json
    assert old["document"]["instructions"] == "Cut beards."


def test_the_api_wins_over_the_file_until_it_is_taken_back(client: Any) -> None:
    before = etag(client, "/api/agents/ada")
    changed = {**client.get("/api/agents/ada").json, "instructions": "Sell bread."}
    assert put(client, "/api/agents/ada", changed, If_Match=before).status_code == 200
    assert client.get("/api/agents").json["agents"][0]["source"] == "api"
    back = client.post(
        "/api/agents/ada/rollback", json={"version": "file"}, headers={"If-Match": "*"}
    )
    assert (back.json["source"], back.headers["ETag"]) == ("file", before)
    put(client, "/api/agents/ada", changed, If_Match="*")
    gone = client.delete("/api/agents/ada", headers={"If-Match": "*"})
    assert gone.json == {"id": "ada", "deleted": True, "source": "file"}
    assert client.get("/api/agents/ada").json["instructions"] == "Sell cakes."
    refused = client.delete("/api/agents/ada", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "in_file")


def test_every_mistake_is_told_with_its_path(client: Any) -> None:
    wrong = {
        "name": "Ben",
        "instruct": "x",
        "numbers": ["12"],
        "time_zone": "Mars/Base",
        "business": "salon",
        "tools": ["fly"],
        "report_webhook_secret": "${NO_SUCH}",
    }
    refused = put(client, "/api/agents/ben", wrong)
    assert refused.status_code == 422
    error = refused.json["error"]
    assert error["code"] == "invalid"
    paths = {each["path"] for each in error["problems"]}
    assert {"instruct", "instructions", "numbers", "time_zone", "tools"} <= paths
    assert client.get("/api/agents/ben").status_code == 404
    clash = put(client, "/api/agents/ben", {**BEN, "numbers": ["+49305550100"]})
    assert clash.status_code == 422
    assert "listed by" in str(clash.json["error"]["problems"])
    unset = put(client, "/api/agents/ben", {**BEN, "report_webhook_secret": "${NO_SUCH}"})
    assert unset.json["error"]["problems"] == [
        {
            "path": "report_webhook_secret",
            "message": "${NO_SUCH} is not set; set NO_SUCH in the environment",
        }
    ]
    named = put(client, "/api/agents/ben", {**BEN, "id": "dan"})
    assert named.json["error"]["problems"][0]["path"] == "id"
    bad = put(client, "/api/businesses/salon", {"numbers": ["12"], "retell_api_key": "key"})
    assert {each["path"] for each in bad.json["error"]["problems"]} == {"numbers", "retell_api_key"}


def test_what_others_rely_on_is_not_taken_out(client: Any) -> None:
    put(client, "/api/businesses/salon", {"name": "Salon", "answers": None})
    put(client, "/api/agents/ben", {**BEN, "business": "salon"})
    refused = client.delete("/api/businesses/salon", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "has_agents")
    assert "ben" in refused.json["error"]["message"]
    tag = client.get("/api/agents").headers["ETag"]
    named = client.post("/api/agents", json={"default": "ben"}, headers={"If-Match": tag})
    assert [each["what"] for each in named.json["changed"]] == ["default:default"]
    assert client.delete("/api/agents/ben", headers={"If-Match": "*"}).status_code == 409
    tag = client.get("/api/agents").headers["ETag"]
    client.post("/api/agents", json={"default": None}, headers={"If-Match": tag})
    assert client.delete("/api/agents/ben", headers={"If-Match": "*"}).status_code == 200
    assert client.delete("/api/businesses/salon", headers={"If-Match": "*"}).status_code == 200
    assert client.delete("/api/businesses/salon", headers={"If-Match": "*"}).status_code == 404


def test_a_later_business_of_the_same_id_is_not_opened_by_the_tokens_of_the_first(
    client: Any, other: Any
) -> None:
    tokens = BusinessTokens(client.application.extensions["services"].redis)
    put(client, "/api/businesses/salon", {"name": "Salon"})
    text = tokens.create("salon", by="a test")[1]
    stays = tokens.create("bakery", by="a test")[1]
    theirs = {"Authorization": f"Bearer {text}"}
    assert other.get("/api/businesses/salon").status_code == 200
    assert other.get("/api/businesses/salon", headers=theirs).status_code == 200
    assert client.delete("/api/businesses/salon", headers={"If-Match": "*"}).status_code == 200
    assert tokens.check(text) is None
    put(client, "/api/businesses/salon", {"name": "Another Salon"})
    fresh = tokens.create("salon", by="a test")[1]
    # The other process sees both changes at once, or one after the other.
    assert other.get("/api/businesses/salon").json == {"name": "Another Salon"}
    assert other.get("/api/businesses/salon", headers=theirs).status_code == 403
    assert tokens.check(fresh) is not None
    assert tokens.check(stays) is not None


def test_several_are_put_at_once_or_not_at_all(client: Any, other: Any) -> None:
    listed = client.get("/api/agents?format=file")
    tag = listed.headers["ETag"]
    assert listed.json["default"] == "ada"
    several = {
        "businesses": {"salon": {"name": "Salon"}},
        "agents": [BEN, {**BEN, "name": "Cem", "numbers": []}],
    }
    assert client.post("/api/agents", json=several).status_code == 428
    broken = {**several, "agents": [BEN, {**BEN, "name": "Cem"}]}
    refused = client.post("/api/agents", json=broken, headers={"If-Match": tag})
    assert refused.json["error"]["problems"][0]["path"] == "agents.cem.numbers"
    assert client.get("/api/agents/ben").status_code == 404
    done = client.post("/api/agents", json=several, headers={"If-Match": tag})
    assert {each["what"] for each in done.json["changed"]} == {
        "business:salon",
        "agent:ben",
        "agent:cem",
    }
    late = other.post("/api/agents", json=several, headers={"If-Match": tag})
    assert late.status_code == 412
    tag = other.get("/api/agents").headers["ETag"]
    same = other.post("/api/agents", json=several, headers={"If-Match": tag})
    assert same.json == {"changed": [], "unchanged": 3}


def test_a_business_sees_and_changes_its_own_only(
    settings: Settings, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "s")
    monkeypatch.setenv("OTHER_TOKEN", "o")
    put(client, "/api/agents/ben", BEN)
    tokens = BusinessTokens(client.application.extensions["services"].redis)
    token = tokens.create("bakery", by="a test")[1]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    assert [each["id"] for each in client.get("/api/agents").json["agents"]] == ["ada"]
    assert client.get("/api/agents/ben").status_code == 404
    assert client.get("/api/agents/ben/versions").status_code == 404
    assert client.get("/api/agents/ben/versions/1").status_code == 404
    assert client.delete("/api/agents/ben", headers={"If-Match": "*"}).status_code == 404
    assert put(client, "/api/agents/ben", BEN, If_Match="*").status_code == 404
    assert put(client, "/api/agents/ben", {**BEN, "name": "B"}, If_Match="*").status_code == 404
    taken = {**BEN, "business": "bakery", "numbers": []}
    assert put(client, "/api/agents/ben", taken, If_Match="*").status_code == 404
    for path in ("agents/ben", "agents/gone"):
        body = {"version": 9}
        told = client.post(f"/api/{path}/rollback", json=body, headers={"If-Match": "*"})
        assert (told.status_code, told.json["error"]["message"]) == (
            404,
            f"no {path.replace('agents/', 'agent ')}",
        )
    assert client.post("/api/agents", json={}, headers={"If-Match": "*"}).status_code == 403
    tool = {"name": "look", "description": "d", "url": "https://shop.example/x"}
    eve = {"name": "Eve", "business": "bakery", "instructions": "x"}
    good = {**tool, "headers": {"Authorization": "Bearer ${SHOP_TOKEN}"}}
    assert put(client, "/api/agents/eve", {**eve, "tools": [good]}).status_code == 201
    for entry in (
        {**tool, "headers": {"Authorization": "Bearer ${OTHER_TOKEN}"}},
        {**tool, "headers": {"Authorization": "${file:/etc/passwd}"}},
        {"python": "my_tools"},
        {"command": ["sh", "-c", "true"]},
    ):
        refused = put(client, "/api/agents/fay", {**eve, "tools": [entry]})
        assert refused.status_code == 422, entry
        assert refused.json["error"]["problems"][0]["path"].startswith("tools.0")
    own = client.get("/api/businesses/bakery").json
    more = {**own, "secrets": ["SHOP_TOKEN", "OTHER_TOKEN"]}
    refused = put(client, "/api/businesses/bakery", more, If_Match="*")
    assert refused.json["error"]["problems"][0]["path"] == "secrets"
    renamed = {**own, "name": "The Bakery"}
    assert put(client, "/api/businesses/bakery", renamed, If_Match="*").status_code == 200
    assert client.delete("/api/businesses/bakery", headers={"If-Match": "*"}).status_code == 403
