"""The tools of an agent as people are shown them: where each comes from and what holds for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from app.adapters.agents.imported import python_tools
from app.core.agent.definition import Agent
from app.core.agent.tools import HttpTool
from app.core.tools.declarations import Kind, Policy, Tool


@dataclass(frozen=True, slots=True)
class ListedTool:
    """One tool. `source` is "built in", "http", "python" or "mcp"; `origin` the host, module or
    command."""

    name: str
    description: str
    kind: Kind
    source: str
    origin: str
    policies: tuple[str, ...]
    channels: tuple[str, ...]
    """Empty is all of them."""
    arguments: dict[str, Any]
    """The JSON schema of each argument, by name."""
    required: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def list_tools(agent: Agent) -> list[ListedTool]:
    """All tools of the agent, in the order of its file. Raises CannotImport."""
    origins = _origins(agent)
    return [
        _listed(tool, *origins.get(name, ("built in", ""))) for name, tool in agent.toolset.items()
    ]


def _origins(agent: Agent) -> dict[str, tuple[str, str]]:
    """Source and origin of the tools that are not built in."""
    found = {
        entry.name: ("http", urlsplit(entry.url).netloc)
        for entry in agent.tools
        if isinstance(entry, HttpTool)
    }
    for name, (module, _) in python_tools(agent).items():
        found[name] = ("python", module.python)
    for name, each in agent.found.items():
        found[name] = ("mcp", each.entry.origin)
    return found


def _listed(tool: Tool, source: str, origin: str) -> ListedTool:
    return ListedTool(
        name=tool.name,
        description=tool.description,
        kind=tool.kind,
        source=source,
        origin=origin,
        policies=tuple(_policies(tool.policy)),
        channels=tuple(sorted(tool.policy.channels)),
        arguments=dict(tool.parameters.get("properties") or {}),
        required=tuple(tool.parameters.get("required") or ()),
    )


def _policies(policy: Policy) -> list[str]:
    """What holds for the tool, a few words each; the workers' own limits are left out."""
    found = []
    if policy.confirm:
        found.append("asks the caller first")
    if policy.timeout_s is not None:
        found.append(f"{policy.timeout_s:g} s")
    if policy.attempts is not None:
        found.append(f"{policy.attempts} attempt" + ("" if policy.attempts == 1 else "s"))
    if policy.runs_per_call is not None:
        found.append(f"{policy.runs_per_call} per call")
    if policy.holding_line:
        found.append("own holding line")
    return found
