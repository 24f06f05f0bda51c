"""What MCP servers list and answer, as tools and results."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.tools.http_request import MAX_TOLD_CHARS
from app.core.tools.mcp_spec import MAX_TOOLS, McpServer, read_result, read_server


def listed(name: str = "find_order", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "Find  it.", "inputSchema": {"type": "object"}, **more}


def test_tools_are_read_and_kept_as_they_are() -> None:
    read = listed(annotations={"readOnlyHint": True})
    server = read_server("shop", "1.2", [read, listed("shop.place order"), listed(description="")])

    first, second = server.tools
    assert (first.name, first.description, first.read_only) == ("find_order", "Find it.", True)
    assert first.parameters == {"type": "object", "properties": {}, "required": []}
    assert (second.name, second.own_name) == ("shop_place_order", "shop.place order")
    assert not second.read_only
    assert server.left_out == ("find_order: its name is taken",)
    assert McpServer.from_json(server.to_json()) == server


@pytest.mark.parametrize(
    ("tool", "why"),
    [
        (listed(inputSchema={"type": "array"}), "must be a JSON schema of type object"),
        (listed(inputSchema={"type": "object", "properties": {"a": {"type": 7}}}), "properties.a"),
        (listed(inputSchema={"type": "object", "title": "x" * 30_000}), "too large"),
        ({"description": "Nameless."}, "no name"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_the_reason(tool: dict[str, Any], why: str) -> None:
    server = read_server("shop", "1", [tool])
    assert server.tools == ()
    assert why in server.left_out[0]


def test_a_server_with_too_many_tools_is_cut() -> None:
    server = read_server("s", "1", [listed(f"t{number}") for number in range(MAX_TOOLS + 5)])
    assert len(server.tools) == MAX_TOOLS
    assert server.left_out[0] == f"t{MAX_TOOLS}: more than {MAX_TOOLS} tools"


def text(*texts: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": each} for each in texts], **more}


@pytest.mark.parametrize(
    ("wire", "ok", "output"),
    [
        (text("Sent."), True, {"result": "Sent."}),
        (text("One.", "Two."), True, {"result": "One.\nTwo."}),
        (text('{"status": "sent"}'), True, {"status": "sent"}),
        (text("{broken"), True, {"result": "{broken"}),
        (text("Sent.", structuredContent={"status": "sent"}), True, {"status": "sent"}),
        ({"content": []}, True, {}),
        ({}, True, {}),
        ({"content": [{"type": "image", "data": "…"}]}, True, {"not_shown": ["image"]}),
        (text("No  such\norder.", isError=True), False, "No such order."),
        ({"isError": True}, False, "It could not be done."),
    ],
)
def test_results(wire: dict[str, Any], ok: bool, output: Any) -> None:
    result = read_result(wire)
    assert result["ok"] is ok
    assert (result["output"] if ok else result["output"]["message"]) == output


def test_a_long_result_is_cut() -> None:
    output = read_result(text("x" * 2 * MAX_TOLD_CHARS))["output"]
    assert output["cut"] is True
    assert len(output["result"]) == MAX_TOLD_CHARS
