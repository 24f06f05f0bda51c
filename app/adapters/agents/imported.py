"""What an agent's file refers to outside itself: secrets of the environment, Python tools."""

from __future__ import annotations

import functools
import importlib.util
import traceback
from collections.abc import Iterator, Mapping

from app.core.agent.definition import Agent
from app.core.agent.references import missing_references
from app.core.agent.tools import PythonTools
from app.core.tools.declarations import Tool
from app.tools import PythonTool, tools_of


class CannotImport(Exception):
    """A module of tools cannot be used; the text says why and where."""


@functools.cache
def load_module(name: str) -> Mapping[str, PythonTool]:
    """Import a module and return its tools. Raises CannotImport."""
    try:
        found = tools_of(importlib.import_module(name))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        raise CannotImport(f"{name}: {type(error).__name__}: {error} ({where})") from None
    if not found:
        raise CannotImport(f"{name} has no function with the decorator app.tools.tool")
    return found


def python_tools(agent: Agent) -> dict[str, tuple[PythonTools, PythonTool]]:
    """An agent's Python tools by name, each with the entry that brings it. Raises CannotImport."""
    found: dict[str, tuple[PythonTools, PythonTool]] = {}
    for entry in agent.tools:
        if not isinstance(entry, PythonTools):
            continue
        tools = load_module(entry.python)
        unknown = sorted(set(entry.only) - set(tools))
        if unknown:
            raise CannotImport(f"{entry.python} has no tool {unknown[0]}; it has {_names(tools)}")
        for name in entry.only or tools:
            found[name] = (entry, tools[name])
    return found


def with_python_tools(agent: Agent, module: str = "") -> Agent:
    """The agent with the tools of its Python modules, and of `module` (the setting TOOLS_MODULE).

    Raises CannotImport, also where MCP servers are named and the SDK is not installed, or
    ValueError for a name that is taken.
    """
    if agent.servers and importlib.util.find_spec("mcp") is None:
        raise CannotImport("MCP servers need the package mcp: install requirements-all.txt")
    if module and not any(_brings(entry, module) for entry in agent.tools):
        tools = (*agent.tools, PythonTools(python=module))
        agent = agent.model_copy(update={"tools": tools})
    imported: dict[str, Tool] = {
        name: found.tool for name, (_, found) in python_tools(agent).items()
    }
    return agent.with_imported(imported) if imported else agent


def unset_secrets(
    agent: Agent, environ: Mapping[str, str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The references of an agent's file that have no value: where they stand, and the name."""
    for place, entry in enumerate(agent.tools):
        if not isinstance(entry, str):
            for name in missing_references(entry.references(), environ):
                yield ("tools", place), name
    for key in ("report_webhook_url", "report_webhook_secret"):
        for name in missing_references([getattr(agent, key) or ""], environ):
            yield (key,), name


def _brings(entry: object, module: str) -> bool:
    return isinstance(entry, PythonTools) and entry.python == module


def _names(tools: Mapping[str, PythonTool]) -> str:
    return ", ".join(sorted(tools))
