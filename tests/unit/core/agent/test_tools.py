"""An agent's own tools: what they declare and where they are offered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.agent.definition import Agent
from app.core.agent.session_config import text_session
from app.core.agent.tools import FoundTool, McpTools
from app.core.audio.session_config import audio_session
from app.core.tools.declarations import TOOLS, Policy, Tool
from app.core.tools.mcp_spec import McpTool

ORDER = {
    "name": "order_status",
    "description": "Look up an order.",
    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    "url": "https://shop.example/orders/{id}",
    "headers": {"Authorization": "Bearer ${SHOP_TOKEN}"},
}


def agent(*tools: Any) -> Agent:
    return Agent.model_validate(
        {"name": "Ada", "business": "Shop", "instructions": "x", "tools": list(tools)}
    )


def names(session: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in session["tools"]]


def test_an_own_tool_is_declared_to_the_model_beside_the_built_in_ones() -> None:
    session = text_session(agent("end_call", ORDER), {}, 0.0)

    assert names(session) == ["end_call", "order_status"]
    assert session["tools"][1]["parameters"]["required"] == ["id"]
    assert "url" not in session["tools"][1]


def test_a_tool_may_be_kept_to_some_channels() -> None:
    ada = agent("end_call", {**ORDER, "channels": ["audio"]})

    assert names(text_session(ada, {}, 0.0)) == ["end_call"]
    assert names(audio_session(ada, {}, 0.0)) == ["end_call", "order_status"]
    assert [tool.name for tool in ada.offered("function")] == ["end_call"]


def test_settings_become_the_policy() -> None:
    more = {"timeout_ms": 2500, "retries": 0, "confirm": True, "runs_per_call": 1}
    declared = agent({**ORDER, **more, "kind": "action"}).toolset["order_status"]

    assert declared.kind == "write"
    assert declared.policy.timeout_s == 2.5
    assert declared.policy.attempts == 1
    assert declared.policy.confirm
    assert declared.policy.runs_per_call == 1
    own = TOOLS["book_appointment"].policy
    assert (own.attempts, own.timeout_s) == (None, None), "the workers' own schedule"


def test_a_secret_is_filled_in_only_where_it_is_used() -> None:
    ada = agent(ORDER)
    entry = ada.tools[0]
    assert not isinstance(entry, str)

    assert entry.endpoint({"SHOP_TOKEN": "t0k"}).headers["Authorization"] == "Bearer t0k"  # type: ignore[union-attr]
    assert "${SHOP_TOKEN}" in ada.model_dump_json()
    with pytest.raises(KeyError):
        entry.endpoint({"SHOP_TOKEN": " "})  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"headers": {"bad header": "x"}}, "no header"),
        ({"headers": {"X-A": "a\nb"}}, "no header"),
        ({"tell": ["status"]}, "JSON pointer"),
        ({"url": "https://${HOST}/{id}?k={no}"}, "no parameter"),
        ({"name": "end_call"}, "built-in"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_mistake_is_told_when_the_file_is_read(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        agent({**ORDER, **change})


def test_imported_tools_join_under_names_of_their_own() -> None:
    brought = Tool("weather", "Tell the weather.", {"type": "object", "properties": {}}, "read")
    ada = agent("end_call").with_imported({"weather": brought})

    assert list(ada.toolset) == ["end_call", "weather"]
    with pytest.raises(ValueError, match="two tools are named"):
        agent("end_call").with_imported({"end_call": TOOLS["end_call"]})
    with pytest.raises(ValueError, match="two tools are named"):
        agent(ORDER, ORDER)


SHOP = {"mcp": "https://shop.example/mcp", "headers": {"Authorization": "Bearer ${SHOP_TOKEN}"}}
FIND = McpTool("find_order", "find.order", "Find it.", {"type": "object"}, read_only=True)
PLACE = McpTool("place_order", "place_order", "Place it.", {"type": "object"})


def entry(**more: Any) -> McpTools:
    return agent({**SHOP, **more}).servers[0]


def test_an_mcp_tool_is_a_write_unless_its_server_says_that_it_reads() -> None:
    find, place = entry().declare(FIND), entry().declare(PLACE)

    assert find is not None
    assert place is not None
    assert (find.kind, place.kind) == ("read", "write")
    assert (find.policy.timeout_s, find.policy.attempts) == (8.0, 1)
    told = [
        (kept.kind if kept else None) for kept in map(entry(kind="read").declare, (FIND, PLACE))
    ]
    assert told == ["read", "read"]


def test_an_mcp_entry_filters_and_overrides() -> None:
    only = entry(only=["find_order"], confirm=True, timeout_ms=500, channels=["audio"])
    assert only.declare(PLACE) is None
    find = only.declare(FIND)
    assert find is not None
    assert find.policy == Policy(
        confirm=True, timeout_s=0.5, attempts=1, channels=frozenset({"audio"})
    )
    own = {"kind": "write", "confirm": False, "timeout_ms": 900, "runs_per_call": 1}
    find = entry(confirm=True, tools={"find_order": own}).declare(FIND)
    assert find is not None
    assert find.kind == "write"
    assert find.policy == Policy(timeout_s=0.9, attempts=1, runs_per_call=1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mcp": "shop.example"}, "mcp must start with https://"),
        ({**SHOP, "command": "x"}, "either mcp, an address, or command"),
        ({"command": []}, "either mcp, an address, or command"),
        ({"command": "x", "headers": {"A": "b"}}, "headers go with an address"),
        ({"command": 'x "y'}, "No closing quotation"),
        ({**SHOP, "headers": {"A b": "c"}}, "is no header"),
        ({**SHOP, "only": ["a"], "tools": {"b": {}}}, "tools names b, which only leaves out"),
        ({**SHOP, "kind": "action"}, "kind"),
    ],
)
def test_a_mistake_in_an_mcp_entry_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        agent(given)


def test_servers_are_told_apart_by_how_they_are_reached() -> None:
    command = agent({"command": "npx -y shop", "environment": {"KEY": "${KEY}"}}).servers[0]

    assert command.command == ("npx", "-y", "shop")
    assert (command.origin, entry().origin) == ("npx -y", "shop.example")
    assert entry().server_id == entry(only=["find_order"]).server_id
    assert entry().server_id != entry(headers={}).server_id != command.server_id
    assert command.references() == ("npx", "-y", "shop", "${KEY}")


def test_found_tools_join_and_leave_names_that_are_taken() -> None:
    ada = agent("end_call", ORDER, SHOP)
    assert list(ada.toolset) == ["end_call", "order_status"]
    shop = ada.servers[0]
    declared = shop.declare(FIND)
    assert declared is not None
    found = {
        name: FoundTool(shop, "find.order", replace(declared, name=name))
        for name in ("find_order", "order_status", "book_appointment")
    }

    equipped = ada.with_found(found)

    assert list(equipped.toolset) == ["end_call", "order_status", "find_order"]
    assert list(equipped.found) == ["find_order"]
    assert list(ada.toolset) == ["end_call", "order_status"]
    assert list(equipped.with_found({}).toolset) == ["end_call", "order_status"]


def test_services_and_hours_are_told_where_they_are_the_business_s_own() -> None:
    def told(given: Agent) -> str:
        return str(text_session(given, {}, 0.0)["instructions"])

    assert "Opening hours" not in told(agent("end_call", ORDER))
    assert "Opening hours" in told(agent("check_availability"))
    hours = {"monday": ["08:00-12:00"]}
    with_hours = {"name": "A", "business": "B", "instructions": "x", "booking": {"hours": hours}}
    assert "Monday" in told(Agent.model_validate({**with_hours, "tools": ["end_call"]}))
