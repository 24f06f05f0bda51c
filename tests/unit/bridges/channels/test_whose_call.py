"""A call on Retell's socket is its own business's, also after the line was lost and another process
took it up: its words, what the model is told, and every tool."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.agents import files
from app.bridges.channels.retell import RetellChannel
from tests.support.bridge_desk import Desk, Store

SHOPS = {"bakery": "+493055501", "salon": "+12125550142", "garage": "+81355550100"}
AGENTS = files.parse(
    "default: ada-bakery\nbusinesses:\n"
    + "".join(f"  {shop}: {{name: Corner, numbers: ['{n}']}}\n" for shop, n in SHOPS.items())
    + "agents:\n"
    + "".join(
        f"  - {{id: ada-{shop}, name: Ada, business: {shop}, retell_agent_ids: [agent_{shop}],"
        f" instructions: You speak for the {shop}.,"
        f" lines: {{greeting: 'The {shop}, good day.'}}}}\n"
        for shop in SHOPS
    ),
    "agents.yaml",
)


def connect(how: str, shop: str, store: Store, process: str) -> Desk:
    """A socket of the call's, in a process of its own."""
    channel = RetellChannel(f"ada-{shop}" if how == "address" else "")
    one = Desk(channel, store=store, process=process, agents=AGENTS)
    told = {"details": {"agent_id": f"agent_{shop}"}, "number": {"to_number": SHOPS[shop]}}
    call = {"call_id": "call_1", "direction": "inbound", **told.get(how, {})}
    one.ws.put({"interaction_type": "call_details", "call": call})
    return one


def use_tool(one: Desk, response_id: int) -> dict[str, Any]:
    """The caller asks, and the model uses a tool; what was asked of the workers."""
    said = [{"role": "user", "content": f"What is free, the {response_id}. time?"}]
    one.ws.put(
        {"interaction_type": "response_required", "response_id": response_id, "transcript": said}
    )
    one.until(lambda: "response.create" in one.session.types())
    one.session.call_tool("check_availability", "{}", f"call_{response_id}")
    one.until(lambda: one.effects.asked)
    return dict(one.effects.asked[-1]["context"])


@pytest.mark.parametrize("shop", ["salon", "garage"])
@pytest.mark.parametrize("how", ["details", "number", "address"])
def test_it_is_one_businesss_from_the_first_tool_to_the_last(how: str, shop: str) -> None:
    store = Store()
    first = connect(how, shop, store, "p1")
    first.until(lambda: any(frame.get("content_complete") for frame in first.ws.sent))
    spoken = "".join(frame.get("content", "") for frame in first.ws.sent)
    assert f"The {shop}, good day." in spoken
    asked = [use_tool(first, 1)]
    told = [str(first.session.got)]
    first.end(None)

    second = connect(how, shop, store, "p2")
    asked.append(use_tool(second, 2))
    told.append(str(second.session.got))
    second.end()
    for context in asked:
        assert (context["agent"], context["business"]) == (f"ada-{shop}", shop)
    for session in told:
        assert f"You speak for the {shop}." in session
        assert not any(f"You speak for the {other}." in session for other in SHOPS if other != shop)
    kept = store.fields["agent_ref"]
    assert (kept["agent"], kept["business"]) == (f"ada-{shop}", shop)
