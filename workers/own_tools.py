"""Tools that the agent's file brings: how a worker runs one of each kind."""

from __future__ import annotations

from typing import Any

from app.adapters.agents.imported import python_tools
from app.adapters.agents.secrets import SECRETS
from app.adapters.knowledge import open_index, search_knowledge
from app.adapters.tools.context import Handler, ToolContext
from app.adapters.tools.http_tool import HttpToolRunner
from app.adapters.tools.python_tool import run_python
from app.core.agent.references import fill_references
from app.core.agent.tools import HttpTool, PythonTools
from app.settings import Settings
from app.tools import Context, PythonTool
from workers.desk.messages import take_message
from workers.desk.texts import send_text
from workers.own.servers import McpServers
from workers.tool_policies import EffectsOf, with_policies


def find_handler(
    settings: Settings,
    effects_of: EffectsOf,
    ctx: ToolContext,
    name: str,
    servers: McpServers | None = None,
) -> Handler | None:
    """The handler of one of the agent's own tools, with its policies around it. `servers` are
    where those of MCP servers are run.

    None if the agent has no tool of that name.
    """
    handler = _find(settings, ctx, name)
    if handler is None and servers is not None and name in ctx.agent.found:
        handler = servers.handler(ctx.agent.found[name])
    return with_policies(ctx.agent.toolset[name], handler, effects_of) if handler else None


def _find(settings: Settings, ctx: ToolContext, name: str) -> Handler | None:
    for entry in ctx.agent.tools:
        if isinstance(entry, HttpTool) and entry.name == name:
            return _Http(settings, entry)
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    found = python_tools(ctx.agent).get(name)
    return _Python(*found) if found else None


def _search(ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
    return search_knowledge(open_index(ctx.agent.knowledge), str(arguments["query"]))


_BUILT_IN: dict[str, Handler] = {
    "search_knowledge": _search,
    "take_message": take_message,
    "send_text": send_text,
}


class _Http:
    def __init__(self, settings: Settings, entry: HttpTool) -> None:
        self._entry = entry
        secret = settings.tools_secret
        if entry.secret:
            secret = fill_references(entry.secret, SECRETS)
        self._runner = HttpToolRunner(secret, settings.tools_allow_private)

    def __call__(self, ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
        endpoint = self._entry.endpoint(SECRETS)
        timeout_s = self._entry.timeout_ms / 1000
        return self._runner.run(
            self._entry.name, endpoint, arguments, call_of(ctx), ctx.key, timeout_s
        )


class _Python:
    def __init__(self, entry: PythonTools, found: PythonTool) -> None:
        self._entry = entry
        self._tool = found

    def __call__(self, ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
        return run_python(self._tool, context_for(ctx, self._entry), arguments)


def call_of(ctx: ToolContext) -> dict[str, Any]:
    """The call as the envelope of HTTP tools shows it, with the names of Retell's call object."""
    return {
        "call_id": ctx.call_id,
        "from_number": ctx.caller_number or None,
        "agent_name": ctx.agent.name,
        "business": ctx.agent.business,
        "language": ctx.agent.language,
        "transcript_object": [{"role": role, "content": words} for role, words in ctx.heard],
    }


def context_for(ctx: ToolContext, entry: PythonTools) -> Context:
    """What a Python tool is told of its call."""
    settings = {
        name: fill_references(value, SECRETS) if isinstance(value, str) else value
        for name, value in entry.settings.items()
    }
    return Context(
        call_id=ctx.call_id,
        business=ctx.agent.business,
        agent=ctx.agent.name,
        language=ctx.agent.language,
        caller_number=ctx.caller_number,
        idempotency_key=ctx.key,
        settings=settings,
    )
