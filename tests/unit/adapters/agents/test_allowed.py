"""What a business's own token may write."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.agents.allowed import check_allowed
from app.adapters.agents.documents import Document, Kind, Sent

AGENT: dict[str, Any] = {"id": "ada", "name": "Ada", "business": "bakery", "instructions": "x"}
LOOK = {"name": "look", "description": "d", "url": "https://shop.example/x"}
ADMINS = {**LOOK, "headers": {"Authorization": "Bearer ${ADMINS_OWN}"}}


def paths(kind: Kind, data: dict[str, Any], before: dict[str, Any] | None = None) -> list[str]:
    document = Document(kind, str(data.get("id", "bakery")), data, Sent("request"))
    return [problem.path for problem in check_allowed(document, before, ("SHOP_TOKEN",))]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({}, []),
        ({"tools": [{**LOOK, "secret": "${SHOP_TOKEN}"}]}, []),
        ({"tools": [{**LOOK, "url": "https://x.example/${OTHER}"}]}, ["tools.0.url"]),
        ({"tools": ["end_call", ADMINS]}, ["tools.1.headers.Authorization"]),
        ({"tools": [{"python": "os"}]}, ["tools.0.python"]),
        ({"tools": [{"command": ["sh"]}]}, ["tools.0.command"]),
        ({"tools": [{"mcp": "https://x.example", "only": ["a"]}]}, []),
        ({"knowledge": {"folder": "/etc"}}, ["knowledge.folder"]),
        ({"knowledge": {"items": [{"question": "q", "answer": "a"}]}}, []),
        ({"report_webhook_url": "https://x.example/${file:/etc/passwd}"}, ["report_webhook_url"]),
        ({"messages": {"webhook_secret": "${OTHER}"}}, ["messages.webhook_secret"]),
        ({"instructions": "Say ${name} aloud."}, []),
        ({"later": {"deep": [{"er": "${OTHER}"}]}}, ["later.deep.0.er"]),
    ],
)
def test_a_new_agent(more: dict[str, Any], wrong: list[str]) -> None:
    assert paths("agent", {**AGENT, **more}) == wrong


def test_what_the_admin_wrote_stays_but_only_as_it_is() -> None:
    before = {**AGENT, "tools": [ADMINS, {"python": "mine"}], "knowledge": {"folder": "faq"}}
    assert paths("agent", {**before, "name": "Eve", "tools": before["tools"][::-1]}, before) == []
    elsewhere = {**ADMINS, "url": "https://evil.example"}
    assert paths("agent", {**before, "tools": [elsewhere]}, before) == [
        "tools.0.headers.Authorization"
    ]
    assert paths("agent", {**before, "knowledge": {"folder": "/"}}, before) == ["knowledge.folder"]


def test_an_address_beside_a_secret_is_not_changed_alone() -> None:
    before = {"report_webhook_url": "https://a.example", "report_webhook_secret": "${ADMINS_OWN}"}
    moved = {**AGENT, **before, "report_webhook_url": "https://evil.example"}
    assert paths("agent", moved, {**AGENT, **before}) == ["report_webhook_secret"]
    accounts = {"name": "Bakery", "openai_api_key": "${ADMINS_OWN}", "secrets": ["SHOP_TOKEN"]}
    own = {**accounts, "openai_base_url": "https://evil.example"}
    assert paths("business", own, accounts) == ["openai_api_key"]
    assert paths("business", {**accounts, "name": "The Bakery"}, accounts) == []
    assert paths("business", {**accounts, "secrets": ["OTHER"]}, accounts) == ["secrets"]
    mine = {"name": "Bakery", "retell_api_key": "${SHOP_TOKEN}"}
    assert paths("business", mine, {"name": "Bakery"}) == []
    assert paths("business", {**mine, "notify_email": ["${OTHER}"]}, mine) == ["notify_email.0"]
