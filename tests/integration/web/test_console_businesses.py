"""A business is changed on its page as an agent is, a new one is made, and one is taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.adapters.tokens.business import BusinessTokens
from tests.support.agents_console import PRODUCTION, AgentsConsole
from tests.support.web_app import sign_in

BAKERY = {"name": "Bakery", "time_zone": "Europe/Berlin"}
EDIT = "/businesses/bakery/edit"


@pytest.fixture
def console(redis_url: str, tmp_path: Path) -> AgentsConsole:
    return AgentsConsole(redis_url, tmp_path)


def save(console: AgentsConsole, data: dict[str, Any], status: int = 303, base: str = "") -> Any:
    text = yaml.safe_dump(data)
    return console.send(EDIT, status, act="save", text=text, base=base or console.base(EDIT))


def name_of(console: AgentsConsole) -> str:
    found = console.services.agents.business("bakery")
    return str(found.name)


def add(console: AgentsConsole, data: dict[str, Any], status: int = 303) -> Any:
    return console.send("/new/business", status, act="save", text=yaml.safe_dump(data))


def test_its_page_explains_it_and_its_editor_has_what_it_says(console: AgentsConsole) -> None:
    page = console.see("/businesses/bakery")
    assert "<pre>Europe/Berlin</pre>" in page
    assert ">Ada</a>" in page
    assert console.text(EDIT) == "name: Bakery\ntime_zone: Europe/Berlin\n"
    console.see("/businesses/salon", 404)
    console.see("/businesses/salon/edit", 404)


def test_mistakes_are_told_with_path_and_line_as_one_types(console: AgentsConsole) -> None:
    def mistakes(text: str) -> list[tuple[str, int]]:
        told = console.send("/businesses/bakery/check", text=text).get_json()
        return [(each["path"], each["line"]) for each in told["problems"]]

    assert mistakes("name: Bakery\ntime_zone: Europe/Berlin\n") == []
    assert mistakes("name: Bakery\nnumbers:\n- '12'\n") == [("numbers", 2)]
    assert mistakes("name: Bakery\nretell_api_key: key_in_clear\n") == [("retell_api_key", 2)]
    assert mistakes("name: Bakery\nid: salon\n") == [("id", 2)]
    assert mistakes("id: bakery\nname: Bakery\n") == []
    assert mistakes("businesses:\n  bakery: {name: Bakery}\n") == [("", 1)]
    assert mistakes("name: [") != []


def test_saved_it_is_in_force_and_goes_back_to_a_version_and_to_the_file(
    console: AgentsConsole,
) -> None:
    text = yaml.safe_dump({**BAKERY, "name": "Cake House"})
    shown = console.send(EDIT, act="look", text=text, base=console.base(EDIT)).text
    assert "<ins>name: Cake House</ins>" in shown
    assert name_of(console) == "Bakery"
    save(console, {**BAKERY, "name": "Cake House"})
    assert name_of(console) == "Cake House"
    assert "version 1" in console.see("/businesses/bakery")
    save(console, {**BAKERY, "name": "Pie House"})
    assert "Cake House" in console.see("/businesses/bakery/versions/1")
    console.send("/businesses/bakery/rollback", 303, version="1", base=console.base(EDIT))
    assert name_of(console) == "Cake House"
    console.send("/businesses/bakery/rollback", 303, version="file", base=console.base(EDIT))
    assert name_of(console) == "Bakery"
    console.send(EDIT, 400, act="try", text=text, base=console.base(EDIT))


def test_somebody_else_was_faster(console: AgentsConsole, redis_url: str, tmp_path: Path) -> None:
    base = console.base(EDIT)
    save(AgentsConsole(redis_url, tmp_path), {**BAKERY, "name": "Theirs"})
    answer = save(console, {**BAKERY, "name": "Ours"}, 412, base=base)
    assert "Somebody else has changed it meanwhile" in answer.text
    assert name_of(console) == "Theirs"


def test_a_new_business_takes_the_agents_that_named_it(console: AgentsConsole) -> None:
    assert "/console/new/business?id=salon" in console.client.get("/console/agents").text
    text = console.text("/new/business?id=salon")
    assert text.startswith("id: salon\nname: Salon\n")
    console.send("/new/business", 303, act="save", text=text)
    assert ">Ben</a>" in console.see("/businesses/salon")
    assert "id: new-business\n" in console.text("/new/business")
    taken = add(console, {"id": "salon", "name": "Another"}, 200)
    assert "is taken already" in taken.text
    console.send("/new/business", 303, act="save", text=text)
    assert len(console.services.agent_desk.store.versions("business", "salon")) == 1
    assert "is needed" in add(console, {"id": "a b", "name": "x"}, 200).text
    named = add(console, {"name": "Fish & Chips"})
    assert named.headers["Location"].startswith("/console/businesses/fish-chips")
    assert "No agent answers for it yet" in console.client.get("/console/agents").text


def test_only_what_nobody_relies_on_is_taken_out(console: AgentsConsole) -> None:
    delete = "/businesses/bakery/delete"
    assert "take it out there" in console.see(delete)
    answer = console.send(delete, 409, base=console.base(EDIT))
    assert "stands in AGENT_FILE" in answer.text
    add(console, {"id": "salon", "name": "Salon"})
    full = console.send(
        "/businesses/salon/delete", 409, base=console.base("/businesses/salon/edit")
    )
    assert "has agents (ben); take them out first" in full.text
    add(console, {"id": "kiosk", "name": "Kiosk"})
    base = console.base("/businesses/kiosk/delete")
    console.send("/businesses/kiosk/delete", 412, base="old")
    gone = console.send("/businesses/kiosk/delete", 303, base=base)
    assert "Taken out." in console.client.get(gone.headers["Location"]).text
    console.see("/businesses/kiosk", 404)
    console.send("/businesses/kiosk/delete", 404, base=base)


def test_a_business_changes_itself_and_no_more(redis_url: str, tmp_path: Path) -> None:
    console = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    tokens = BusinessTokens(console.services.redis)
    sign_in(console.client, tokens.create("bakery", by="a test")[1])
    save(console, {**BAKERY, "name": "Cake House"})
    assert name_of(console) == "Cake House"
    for stolen in (
        {"calendar_token": "${ADMIN_TOKEN}"},
        {"secrets": ["ADMIN_TOKEN"]},
        {"report_webhook_url": "https://x.example/${ADMIN_TOKEN}"},
    ):
        told = console.send("/businesses/bakery/check", text=yaml.safe_dump({**BAKERY, **stolen}))
        assert told.get_json()["problems"], stolen
        save(console, {**BAKERY, **stolen}, 200)
    assert name_of(console) == "Cake House"
    console.see("/new/business", 403)
    add(console, {"id": "kiosk", "name": "Kiosk"}, 403)
    console.send("/new/business/check", 403, text="name: x")
    console.see("/businesses/bakery/delete", 403)
    console.send("/businesses/bakery/delete", 403, base=console.base(EDIT))
    assert "/console/new/business" not in console.client.get("/console/agents").text
    other = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    sign_in(other.client, tokens.create("salon", by="a test")[1])
    for path in ("", "/edit", "/versions/1", "/versions/file", "/delete"):
        other.see(f"/businesses/bakery{path}", 404)
    other.send(EDIT, 404, act="save", text=yaml.safe_dump(BAKERY), base="x")
    other.send("/businesses/bakery/rollback", 404, version="1", base="x")
