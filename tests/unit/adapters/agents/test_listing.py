"""The tools of an agent as people are shown them."""

from __future__ import annotations

from app.adapters.agents import files
from app.adapters.agents.listing import list_tools

AGENT = """\
name: Ada
business: Corner Bakery
instructions: Sell cakes.
tools:
  - end_call
  - name: order_status
    description: Look up an order.
    url: https://shop.example:8443/orders
    parameters: {type: object, properties: {number: {type: integer}}, required: [number]}
    confirm: true
    retries: 0
    runs_per_call: 2
    holding_line: One moment.
    channels: [audio]
  - {python: tests.support.my_tools, only: [weather]}
"""


def test_each_tool_says_where_it_comes_from_and_what_holds_for_it() -> None:
    end, order, weather = list_tools(files.parse(AGENT, "a.yaml").default)

    assert (end.name, end.kind, end.source, end.origin) == ("end_call", "action", "built in", "")
    assert end.policies == end.channels == ()
    assert (order.source, order.origin) == ("http", "shop.example:8443")
    assert order.policies == (
        "asks the caller first", "8 s", "1 attempt", "2 per call", "own holding line",
    )  # fmt: skip
    assert order.channels == ("audio",)
    assert order.arguments == {"number": {"type": "integer"}}
    assert order.required == ("number",)
    assert (weather.source, weather.origin) == ("python", "tests.support.my_tools")
    assert weather.as_json()["arguments"]["city"]["description"] == "Where."
