"""What an MCP server offers, as pure values: its tools, and what their results say.

Facts: Model Context Protocol, "Tools" (tool annotations are hints of the server; results have
content blocks, `structuredContent` and `isError`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from app.core.tools.arguments import check_schema
from app.core.tools.http_request import bounded

MAX_TOOLS = 128
MAX_DESCRIPTION_CHARS = 1000
MAX_SCHEMA_CHARS = 20_000
MAX_REASON_CHARS = 300

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class McpTool:
    """One tool of a server. `name` is what the model calls it, `own_name` what the server does."""

    name: str
    own_name: str
    description: str
    parameters: dict[str, Any]
    read_only: bool = False
    """The server says that it changes nothing."""


@dataclass(frozen=True, slots=True)
class McpServer:
    """What a server said of itself when it was last asked."""

    name: str
    version: str
    tools: tuple[McpTool, ...] = ()
    left_out: tuple[str, ...] = ()
    """Tools that cannot be used, each with the reason."""

    def to_json(self) -> bytes:
        """The form it is kept in."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_json(cls, kept: bytes) -> McpServer:
        """From the form it is kept in. Raises ValueError, TypeError or KeyError for another."""
        value = orjson.loads(kept)
        tools = tuple(McpTool(**tool) for tool in value["tools"])
        return cls(value["name"], value["version"], tools, tuple(value["left_out"]))


def read_server(name: str, version: str, listed: Iterable[Mapping[str, Any]]) -> McpServer:
    """Read the tools that a server lists (their wire form); those that cannot be used are left
    out with the reason."""
    tools: dict[str, McpTool] = {}
    left_out: list[str] = []
    for each in listed:
        own_name = str(each.get("name") or "")
        problem = ""
        tool = _tool(own_name, each)
        if len(tools) >= MAX_TOOLS:
            problem = f"more than {MAX_TOOLS} tools"
        elif not tool.name:
            problem = "no name"
        elif tool.name in tools:
            problem = "its name is taken"
        elif len(orjson.dumps(tool.parameters)) > MAX_SCHEMA_CHARS:
            problem = "its schema is too large"
        else:
            problem = check_schema(tool.parameters)
        if problem:
            left_out.append(f"{own_name[:64]}: {problem}"[:MAX_REASON_CHARS])
        else:
            tools[tool.name] = tool
    return McpServer(name[:100], version[:100], tuple(tools.values()), tuple(left_out[:MAX_TOOLS]))


def read_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """A call's result (its wire form) as a tool's result, ``{"ok", "output", "say"}``."""
    texts, others = [], []
    for block in result.get("content") or ():
        if isinstance(block, Mapping) and block.get("type") == "text":
            texts.append(str(block.get("text") or ""))
        elif isinstance(block, Mapping):
            others.append(str(block.get("type") or "unknown"))
    text = "\n".join(texts).strip()
    if result.get("isError"):
        reason = " ".join(text.split())[:MAX_REASON_CHARS] or "It could not be done."
        return {"ok": False, "output": {"error": "refused", "message": reason}, "say": None}
    structured = result.get("structuredContent")
    output = dict(structured) if isinstance(structured, Mapping) else _parsed(text)
    if others:
        output["not_shown"] = sorted(set(others))
    return {"ok": True, "output": bounded(output), "say": None}


def _tool(own_name: str, listed: Mapping[str, Any]) -> McpTool:
    annotations = listed.get("annotations")
    hints = annotations if isinstance(annotations, Mapping) else {}
    described = str(listed.get("description") or listed.get("title") or own_name)
    schema = listed.get("inputSchema")
    parameters = dict(schema) if isinstance(schema, Mapping) else {"type": "object"}
    return McpTool(
        name=_NOT_IN_NAMES.sub("_", own_name)[:64],
        own_name=own_name,
        description=" ".join(described.split())[:MAX_DESCRIPTION_CHARS],
        parameters={"properties": {}, "required": [], **parameters},
        read_only=hints.get("readOnlyHint") is True,
    )


def _parsed(text: str) -> dict[str, Any]:
    """An object that the text is, else the text as `result`."""
    if text.startswith("{"):
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, dict):
            return value
    return {"result": text} if text else {}
