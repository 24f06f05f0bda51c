"""A setup is written to the flight record and read back with all that decisions depend on."""

from __future__ import annotations

import orjson

from app.core.agent.definition import Agent
from app.core.call.setup import Setup
from app.core.tools.declarations import Policy, Tool

WEATHER = Tool(
    "weather",
    "Tell the weather.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "read",
    Policy(confirm=True, timeout_s=2.0, channels=frozenset({"retell", "audio"})),
)


def test_tools_that_are_no_part_of_the_agents_file_come_back_too() -> None:
    agent = Agent.model_validate(
        {
            "name": "Ada",
            "business": "B",
            "instructions": "x",
            "tools": ["end_call", {"python": "m"}],
        }
    )
    setup = Setup("c1", agent.with_imported({"weather": WEATHER}))

    again = Setup.from_json(orjson.loads(orjson.dumps(setup.to_json())))

    assert list(again.agent.toolset) == ["end_call", "weather"]
    assert again.agent.toolset["weather"] == WEATHER
    assert Setup.from_json({**setup.to_json(), "brought": None}).agent.brought == {}
