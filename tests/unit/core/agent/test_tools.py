"""An agent's own tools: what they declare and where they are offered."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.core.agent.definition import Agent
from app.core.agent.session_config import text_session
from app.core.audio.session_config import audio_session
from app.core.tools.declarations import TOOLS, Tool

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
