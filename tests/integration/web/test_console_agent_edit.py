"""An agent is changed on its page: mistakes, differences, versions, and a call to try it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from app.adapters.agents.versions.trials import Trials
from app.adapters.tokens.business import BusinessTokens
from app.core.agent.reference import AgentRef
from tests.support.agents_console import ADA, HERE, PRODUCTION, AgentsConsole
from tests.support.web_app import sign_in


def with_greeting(words: str) -> dict[str, Any]:
    return {**ADA, "lines": {"greeting": words}}


@pytest.fixture
def console(redis_url: str, tmp_path: Path) -> AgentsConsole:
    return AgentsConsole(redis_url, tmp_path)


def test_the_document_in_force_is_there_to_be_edited(console: AgentsConsole) -> None:
    text = console.see("ada/edit")
    assert "id: ada\nname: Ada\nbusiness: bakery\ninstructions: Sell cake.\n" in text
    assert "What would change" not in text
    console.see("zoe/edit", 404)


def test_mistakes_are_told_with_path_and_line_as_one_types(console: AgentsConsole) -> None:
    text = "name: Ada\nbusiness: bakery\ninstructions: x\nbooking:\n  offers: 99\nlanguag: de\n"
    told = console.send("ada/check", text=text).get_json()
    assert [(each["path"], each["line"]) for each in told["problems"]] == [
        ("booking.offers", 5),
        ("languag", 6),
    ]
    (broken,) = console.send("ada/check", text="name: [").get_json()["problems"]
    assert broken["line"] > 0
    fine = console.send("ada/check", text=yaml.safe_dump(ADA)).get_json()
    assert fine == {"problems": [], "changed": False}
    other = console.send("ada/check", text=yaml.safe_dump(with_greeting("Hi."))).get_json()
    assert other == {"problems": [], "changed": True}
    clash = console.send("ada/check", text=yaml.safe_dump({**ADA, "id": "ben"})).get_json()
    assert [each["path"] for each in clash["problems"]] == ["id"]


def test_checking_and_looking_change_nothing(console: AgentsConsole) -> None:
    before = console.greeting
    text = yaml.safe_dump(with_greeting("Bakery, hello."))
    shown = console.send("ada/edit", act="look", text=text, base=console.base()).text
    assert "<ins>" in shown
    assert "Bakery, hello." in shown
    wrong = console.send("ada/edit", act="look", text="name: [", base="").text
    assert "1 mistake" in wrong
    assert "What would change" not in wrong
    console.send("ada/edit", act="save", text="name: [", base=console.base())
    assert console.greeting == before
    assert console.services.agent_desk.store.generation() == 0


def test_a_saved_version_is_in_force_at_once_and_says_who_and_why(console: AgentsConsole) -> None:
    answer = console.save(with_greeting("Bakery, hello."), note="a shorter greeting")
    assert console.greeting == "Bakery, hello."
    page = console.client.get(answer.headers["Location"]).text
    assert "New calls get this version" in page
    assert "version 1" in page
    assert "a shorter greeting" in page
    assert "an admin" in page
    same = console.save(with_greeting("Bakery, hello."))
    assert "done=same" in same.headers["Location"]
    assert len(console.services.agent_desk.store.versions("agent", "ada")) == 1


def test_somebody_else_was_faster(console: AgentsConsole, redis_url: str, tmp_path: Path) -> None:
    base = console.base()
    other = AgentsConsole(redis_url, tmp_path)
    other.save(with_greeting("Theirs."))
    answer = console.save(with_greeting("Mine."), 412, base=base)
    assert "Somebody else has changed it meanwhile" in answer.text
    assert "Theirs." in answer.text, "the difference is to what is in force now"
    assert console.greeting == "Theirs."
    (again,) = re.findall(r'name="base" value="(\w+)"', answer.text)
    console.save(with_greeting("Mine."), base=again)
    assert console.greeting == "Mine."


def test_back_to_a_version_and_to_the_file(console: AgentsConsole) -> None:
    before = console.greeting
    console.save(with_greeting("First."))
    console.save(with_greeting("Second."))
    shown = console.see("ada/versions/1")
    assert "Put it in force again?" in shown
    assert "First." in shown
    console.send("ada/rollback", 303, version="1", base=console.base())
    assert console.greeting == "First."
    assert "back to version 1" in console.see("ada")
    assert "This is in force" in console.see("ada/versions/3")
    old = console.base()
    console.see("ada/versions/file")
    console.send("ada/rollback", 303, version="file", base=old)
    assert console.greeting == before
    assert "In force: what the agents' file says" in console.see("ada")
    late = console.send("ada/rollback", 412, version="2", base=old)
    assert "Somebody else has changed it meanwhile" in late.text
    console.send("ada/rollback", 404, version="77", base=console.base())
    console.send("ada/rollback", 400, version="newest", base=console.base())
    console.see("ada/versions/77", 404)


def test_a_draft_is_tried_in_a_call_and_is_not_in_force(console: AgentsConsole) -> None:
    before = console.greeting
    text = yaml.safe_dump(with_greeting("This is a draft."))
    answer = console.send("ada/edit", 303, act="try", text=text, base=console.base())
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    (version,) = query["version"]
    assert console.greeting == before
    page = console.client.get(answer.headers["Location"]).text
    assert "You try a version of Ada that is not in force" in page
    ticket = console.client.post(
        f"/console/try/call?agent=ada&version={version}", headers=HERE
    ).get_json()
    found = Trials(console.services.redis, console.settings).version_for(ticket["call_id"])
    assert found == AgentRef("ada", "bakery", version=version)
    assert found is not None
    assert console.services.agents.find(found).lines.greeting == "This is a draft."
    unknown = console.client.post("/console/try/call?agent=ada&version=0000", headers=HERE)
    assert unknown.status_code == 404
    console.send("ada/edit", 200, act="try", text="name: [", base="")


def test_other_calls_have_no_version_of_their_own(console: AgentsConsole) -> None:
    trials = Trials(console.services.redis, console.settings)
    assert trials.version_for("try_0000") is None
    trials.arrange("call_1", AgentRef("ada", "bakery", version="x"))
    assert trials.version_for("call_1") is None, "a telephone call is never a trial"


def test_without_redis_nothing_is_said_to_be_saved(free_port: int, tmp_path: Path) -> None:
    console = AgentsConsole(f"redis://127.0.0.1:{free_port}", tmp_path)
    assert "versions cannot be listed" in console.see("ada")
    for act in ("save", "try"):
        text = yaml.safe_dump(with_greeting("Hi."))
        answer = console.send("ada/edit", 503, act=act, text=text, base=console.base())
        assert 'role="alert"' in answer.text
        assert "Hi." in answer.text, "what was typed is still there"


def test_changes_come_from_this_console_only(redis_url: str, tmp_path: Path) -> None:
    console = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    answer = console.client.get("/console/agents/ada/edit")
    assert (answer.status_code, "/console/sign-in" in answer.headers["Location"]) == (303, True)
    sign_in(console.client, "a")
    data = {"act": "save", "text": yaml.safe_dump(with_greeting("x")), "form_token": "guess"}
    for path in ("edit", "check", "rollback"):
        answer = console.client.post(f"/console/agents/ada/{path}", data=data)
        assert answer.status_code == 403
    assert console.services.agent_desk.store.generation() == 0


def test_a_business_sees_and_changes_its_own(redis_url: str, tmp_path: Path) -> None:
    console = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    token = BusinessTokens(console.services.redis).create("bakery", by="a test")[1]
    sign_in(console.client, token)
    listed = console.client.get("/console/agents").text
    assert ">Ada<" in listed
    assert ">Ben<" not in listed
    for path in ("ben", "ben/edit", "ben/versions/1", "ben/versions/file"):
        console.see(path, 404)
    console.send("ben/edit", 404, act="save", text=yaml.safe_dump(ADA), base="x")
    console.save(with_greeting("Ours."))
    assert console.greeting == "Ours."
    assert "bakery" in console.services.agent_desk.store.versions("agent", "ada")[0].by
    moved = console.send("ada/check", text=yaml.safe_dump({**ADA, "business": "Salon"})).get_json()
    assert [each["path"] for each in moved["problems"]] == ["business"]
    spy = {**ADA, "report_webhook_url": "https://x.example/${ADMIN_TOKEN}"}
    told = console.send("ada/check", text=yaml.safe_dump(spy)).get_json()
    assert told["problems"], "a business may not refer to secrets that are not its own"
    console.save({**ADA, "business": "Salon"}, 200)
    assert console.greeting == "Ours."


def test_what_the_file_says_of_another_business_is_not_shown(
    redis_url: str, tmp_path: Path
) -> None:
    console = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    sign_in(console.client, "a")
    console.save({**ADA, "business": "Salon"})
    assert "Sell cake." in console.see("ada/versions/file")
    other = AgentsConsole(redis_url, tmp_path, **PRODUCTION)
    sign_in(other.client, BusinessTokens(other.services.redis).create("salon", by="a test")[1])
    assert "versions/file" not in other.see("ada")
    other.see("ada/versions/file", 404)
    other.send("ada/rollback", 404, version="file", base=other.base())
