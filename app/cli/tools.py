"""See an agent's tools, and try one without a call.

  tools list                     name, kind, source, policies, channels and arguments of each
  tools test NAME '{"a": 1}'     have a worker run it as in a call; print the result and the time

`test` takes the Redis and the workers of REDIS_URL or of a running `python -m app dev`; without
either it starts its own for the moment. The exit status is 0 if the tool did what it was asked.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from app.adapters import queue
from app.adapters.agents.listing import ListedTool, list_tools
from app.adapters.redis import client as redis
from app.adapters.tools.single_run import (
    PollingReplies,
    ToolRequest,
    ToolRun,
    find_tool,
    run_tool,
)
from app.adapters.tools.store import EffectStore
from app.cli.agent_sources.known import Known, load_agents
from app.cli.mcp_servers import Servers, discover, equip, keep
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.errors import BadRequest, NotFound, Unavailable
from app.local.stack import Stack, beside, remove_run_directory, run_directory
from app.settings import Settings

NAME = "tools"
HELP = "an agent's tools: list them, run one as a worker would"

WAIT_S = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("action", choices=("list", "test"))
    parser.add_argument("name", nargs="?", metavar="NAME", help="the tool to run")
    parser.add_argument("arguments", nargs="?", metavar="JSON", help="its arguments (default {})")
    parser.add_argument("--agent", default="", help="the agent (default: the file's default one)")
    parser.add_argument("--caller", default="", metavar="NUMBER", help="the caller's number")
    parser.add_argument("--call", default="", metavar="ID", help="run it as part of this call")
    parser.add_argument("--confirmed", action="store_true", help="as if the caller had agreed")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """List, or run one; 0 if it did what it was asked."""
    env = beside(os.environ)
    settings = Settings.of_command(env)
    known = load_agents(settings)
    agent = _agent(known.agents, args.agent)
    servers = discover(settings, agent)
    agent = equip(agent, servers)
    if args.action == "list":
        _print_list(agent, list_tools(agent), args.json)
        return 0
    if not args.name:
        raise BadRequest(f"test needs the name of a tool: {', '.join(agent.toolset)}")
    asked = ToolRequest(
        agent=agent,
        tool=args.name,
        arguments=_arguments(args.arguments),
        caller_number=args.caller,
        call_id=args.call,
        confirmed=args.confirmed,
    )
    find_tool(agent, asked.tool)  # says what is wrong before anything is started
    with _store(env, settings, known, agent, servers) as store:
        done = run_tool(store, PollingReplies(store), asked, WAIT_S)
    _print_run(done, args.json)
    return 0 if done.ok else 1


def _agent(agents: Directory, name: str) -> Agent:
    found = agents.named(name) if name else agents.default
    if found is None:
        known = ", ".join(agent.name for agent in agents.all)
        raise NotFound(f"no agent is named {name!r}; known are {known}")
    return found


def _arguments(text: str | None) -> Any:
    try:
        return orjson.loads(text or "{}")
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the arguments are not JSON: {error}") from None


@contextmanager
def _store(
    env: Mapping[str, str], settings: Settings, known: Known, agent: Agent, servers: Servers
) -> Iterator[EffectStore]:
    """The effects of a Redis that workers look after; both are started here if none is named.

    They are told of the agent as it is here, and what MCP servers offer, so that this run need not
    wait until they have asked.
    """
    if env.get("REDIS_URL", "").strip():
        with redis.connect(settings, connections=2) as client:
            with redis.guard():
                alive = queue.workers_alive(client, "live")
            if not alive:
                raise Unavailable("no worker runs; start one: python -m workers")
            keep(client, servers)
            known.keep(client, settings, agent)
            yield EffectStore(client, settings)
        return
    directory = run_directory()
    stack = Stack(_for_own_workers(env), directory, port=settings.port)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        stack.start_redis()
        with stack.client() as client:
            keep(client, servers)
            known.keep(client, settings, agent)
            stack.start_workers()
            yield EffectStore(client, settings)
    finally:
        stack.stop()
        remove_run_directory(directory)


def _for_own_workers(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of processes that run in another folder than this one."""
    here = os.pathsep.join(item for item in (str(Path.cwd()), env.get("PYTHONPATH", "")) if item)
    agent_file = env.get("AGENT_FILE", "").strip()
    absolute = {"AGENT_FILE": str(Path(agent_file).resolve())} if agent_file else {}
    return {**env, "PYTHONPATH": here, **absolute}


def _print_list(agent: Agent, tools: list[ListedTool], as_json: bool) -> None:
    if as_json:
        for tool in tools:
            print(orjson.dumps(tool.as_json()).decode())
        return
    print(f"{agent.name} ({agent.business}): {len(tools)} tool{'' if len(tools) == 1 else 's'}")
    for tool in tools:
        source = f"{tool.source} {tool.origin}".strip()
        channels = ", ".join(tool.channels) or "every channel"
        print(f"\n{tool.name}  {tool.kind}, {source}, {channels}")
        print(f"    {tool.description}")
        if tool.policies:
            print(f"    policies: {', '.join(tool.policies)}")
        for name, schema in tool.arguments.items():
            print(f"    {_argument(name, schema, name in tool.required)}")


def _argument(name: str, schema: Any, required: bool) -> str:
    """One argument in a line: name, type, whether it must be given, what it is."""
    schema = schema if isinstance(schema, Mapping) else {}
    kind = schema.get("type") or "any"
    if "enum" in schema:
        kind = " | ".join(str(value) for value in schema["enum"])
    about = f": {schema['description']}" if schema.get("description") else ""
    return f"{name} ({kind}{', required' if required else ''}){about}"


def _print_run(done: ToolRun, as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(done.as_json()).decode())
        return
    outcome = "not done" if done.state == "done" else done.state
    print(f"{'ok' if done.ok else outcome} after {done.seconds * 1000:.0f} ms")
    print(orjson.dumps(done.output, option=orjson.OPT_INDENT_2).decode())
    if done.say:
        print(f"say: {done.say}")
    if done.error:
        print(f"error: {done.error}")
