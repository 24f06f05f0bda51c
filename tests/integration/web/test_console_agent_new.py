"""A new agent is made on a page, one is taken out, and another is made the default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.adapters.tokens.business import BusinessTokens
from tests.support.agents_console import ADA, PRODUCTION, AgentsConsole
from tests.support.web_app import sign_in

CEM = {"id": "cem", "name": "Cem", "business": "bakery", "instructions": "Sell tea."}
TEXT = yaml.safe_dump(CEM)


@pytest.fixture
def console(redis_url: str, tmp_path: Path) -> AgentsConsole:
    return AgentsConsole(redis_url, tmp_path)


def add(console: AgentsConsole, status: int = 303, **keys: Any) -> Any:
    text = yaml.safe_dump({**CEM, **keys})
    return console.send("/new/agent", status, act="save", text=text, note="for tea")


def default_of(console: AgentsConsole) -> str:
    return str(console.services.agents.only_default.id)


def test_it_begins_with_a_few_keys_and_is_saved_once(console: AgentsConsole) -> None:
    text = console.text("/new/agent?business=bakery")
    begun = yaml.safe_load(text)
    assert (begun["id"], begun["business"]) == ("new-agent", "bakery")
    assert "Bakery" in begun["instructions"]
    told = console.send("/new/agent/check", text=text).get_json()
    assert told == {"problems": [], "changed": True}
    looked = console.send("/new/agent", act="look", text=text).text
    assert "What would be new" in looked
    assert "<ins>id: new-agent</ins>" in looked
    assert console.services.agents.named("new-agent") is None
    for _ in range(2):
        answer = console.send("/new/agent", 303, act="save", text=text, note="a first try")
        assert answer.headers["Location"].startswith("/console/agents/new-agent?done=")
    assert console.services.agents.named("new-agent").home.id == "bakery"
    (version,) = console.services.agent_desk.store.versions("agent", "new-agent")
    assert version.note == "a first try"
    assert "id: new-agent-2\n" in console.text("/new/agent")


def test_mistakes_are_told_and_nothing_is_saved(console: AgentsConsole) -> None:
    def mistakes(data: dict[str, Any]) -> list[tuple[str, int]]:
        text = yaml.safe_dump(data, sort_keys=False)
        told = console.send("/new/agent/check", text=text).get_json()
        console.send("/new/agent", act="save", text=text)
        return [(each["path"], each["line"]) for each in told["problems"]]

    assert mistakes({**CEM, "languag": "de"}) == [("languag", 5)]
    assert mistakes({**CEM, "id": "ada"}) == [("id", 1)]
    assert mistakes({**CEM, "id": "a b"}) == [("id", 1)]
    assert mistakes({"business": "bakery", "instructions": "x"}) == [("id", 1)]
    assert console.services.agent_desk.store.generation() == 0
    console.send("/new/agent", 400, act="try", text=TEXT)
    answer = console.send(
        "/new/agent", 303, act="save", text="name: Dr. No\nbusiness: bakery\ninstructions: x\n"
    )
    assert answer.headers["Location"].startswith("/console/agents/dr-no?")


def test_a_copy_has_all_but_what_leads_calls_to_one(console: AgentsConsole) -> None:
    numbers = {"numbers": ["+493055502"], "retell_agent_ids": ["agent_1"]}
    console.save({**ADA, "lines": {"greeting": "Cake!"}, **numbers})
    assert "/console/new/agent?from=agent:ada" in console.see("ada")
    text = console.text("/new/agent?from=agent:ada")
    assert yaml.safe_load(text) == {
        **ADA,
        "id": "ada-copy",
        "name": "Ada (copy)",
        "lines": {"greeting": "Cake!"},
    }
    console.send("/new/agent", 303, act="save", text=text)
    assert console.services.agents.named("ada").numbers == ("+493055502",)
    console.see("/new/agent?from=agent:zoe", 404)
    console.see("/new/agent?from=shipped:../x", 404)
    console.see("/new/agent?business=nobody", 404)


@pytest.mark.parametrize("name", ["harbor_dental", "plumber", "restaurant", "salon", "shop"])
def test_every_shipped_agent_may_be_begun_with(console: AgentsConsole, name: str) -> None:
    assert f'value="shipped:{name}"' in console.see("/new/agent")
    text = console.text(f"/new/agent?from=shipped:{name}&business=bakery")
    assert yaml.safe_load(text)["business"] == "bakery"
    problems = console.send("/new/agent/check", text=text).get_json()["problems"]
    unset = [each for each in problems if "set SHOP_HOST in the environment" in each["message"]]
    assert problems == unset
    assert bool(unset) == (name == "shop"), "the shop's tools are at an address of the environment"


def test_an_agent_is_taken_out_unless_others_rely_on_it(console: AgentsConsole) -> None:
    assert "take it out there" in console.see("ben/delete")
    file = console.send("ben/delete", 409, base=console.base("ben/edit"))
    assert "stands in AGENT_FILE" in file.text
    add(console)
    base = console.base("cem/delete")
    assert "Take out Cem?" in console.see("cem/delete")
    console.send("cem/default", 303, base="ada")
    relied = console.send("cem/delete", 409, base=base)
    assert "make another one the default first" in relied.text
    console.send("/default", 303, base="cem")
    late = console.send("cem/delete", 412, base="old")
    assert "Somebody else has changed it meanwhile" in late.text
    gone = console.send("cem/delete", 303, base=base)
    assert "Taken out." in console.client.get(gone.headers["Location"]).text
    assert console.services.agents.named("cem") is None
    before = console.greeting
    console.save({**ADA, "lines": {"greeting": "Other."}})
    again = console.send("ada/delete", 303, base=console.base("ada/delete"))
    assert "file says counts again" in console.client.get(again.headers["Location"]).text
    assert console.greeting == before


def test_another_is_made_the_default_and_the_file_names_it_again(console: AgentsConsole) -> None:
    listed = console.client.get("/console/agents").text
    assert listed.count('<span class="tag">default</span>') == 1
    assert "ada/default" not in console.see("ada")
    base = console.base("ben/default")
    assert base == "ada"
    assert "Calls that fit no agent go to Ada now." in console.see("ben/default")
    for _ in range(2):
        console.send("ben/default", 303, base=base)
    assert default_of(console) == "ben"
    assert "as an admin has chosen" in console.client.get("/console/agents").text
    add(console)
    console.send("cem/default", 412, base="ada")
    assert default_of(console) == "ben"
    console.see("/default")
    console.send("/default", 303, base="ben")
    assert default_of(console) == "ada"
    console.see("zoe/default", 404)


def test_without_redis_nothing_is_said_to_be_done(free_port: int, tmp_path: Path) -> None:
    console = AgentsConsole(f"redis://127.0.0.1:{free_port}", tmp_path)
    answer = console.send("/new/agent", 503, act="save", text=TEXT)
    assert 'role="alert"' in answer.text
    assert "Sell tea." in answer.text, "what was typed is still there"
    assert 'role="alert"' in console.send("ben/default", 503, base="ada").text


def test_a_business_adds_and_takes_out_its_own_agents(redis_url: str, tmp_path: Path) -> None:
    console = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    sign_in(console.client, BusinessTokens(console.services.redis).create("bakery", by="x")[1])
    assert yaml.safe_load(console.text("/new/agent"))["business"] == "bakery"
    add(console)
    other = console.send(
        "/new/agent/check", text=yaml.safe_dump({**CEM, "id": "x", "business": "Salon"})
    )
    assert [each["path"] for each in other.get_json()["problems"]] == ["business"]
    add(console, 200, id="x", business="Salon")
    add(console, 200, id="ben")
    spy = add(console, 200, id="x", report_webhook_url="https://x.example/${ADMIN_TOKEN}")
    assert "mistake" in spy.text
    assert console.services.agents.named("x") is None
    for path in ("/new/agent?from=agent:ben", "/new/agent?business=salon", "ben/delete"):
        console.see(path, 404)
    console.send("ben/delete", 404, base="x")
    for path in ("cem/default", "/default"):
        console.see(path, 403)
        console.send(path, 403, base="ada")
    assert default_of(console) == "ada"
    console.send("cem/delete", 303, base=console.base("cem/delete"))
    assert console.services.agents.named("cem") is None


def test_changes_come_from_this_console_only(redis_url: str, tmp_path: Path) -> None:
    console = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    sign_in(console.client, "a")
    data = {"act": "save", "text": TEXT, "form_token": "guess", "base": "ada"}
    for path in ("/new/agent", "/new/business", "/default", "/agents/ben/default"):
        assert console.client.post(f"/console{path}", data=data).status_code == 403
    for path in ("/agents/ada/delete", "/businesses/bakery/delete", "/businesses/bakery/edit"):
        assert console.client.post(f"/console{path}", data=data).status_code == 403
    assert console.services.agent_desk.store.generation() == 0
