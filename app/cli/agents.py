"""See which agents answer for which businesses, find mistakes before they go live, and change them
at a running server.

agents list                all agents: id, business, numbers, Retell agents
agents show ID             one agent with every key, as JSON
agents validate [PATH]     check a file or folder (AGENT_FILE by default); all mistakes at once
agents route WHOM…         which agent answers a number, a Retell agent id, or an address, and why

At a running server (--url, by default the one on this machine; ADMIN_TOKEN opens it):

agents diff [PATH]         how the server's differ from a file's or folder's (AGENT_FILE by default)
agents push [PATH]         put there what the file has; what only the server has stays
agents pull [PATH]         write what the server has as a file, or print it
agents versions ID         who changed an agent (or with --business a business), and when
agents rollback ID [N]     back to version N, to the version before, or with "file" to the file's
"""

from __future__ import annotations

import argparse
import os
import sys

import orjson

from app.adapters.agents import files
from app.adapters.agents.rows import agent_row
from app.adapters.own_server import Server
from app.cli.agent_sources import server as agents_server
from app.cli.agent_sources.known import load_agents
from app.core.agent.directory import Asked, Directory
from app.core.language.phone_numbers import dialled_number
from app.errors import BadRequest, NotFound, SettingsError
from app.local.stack import beside
from app.settings import Settings

NAME = "agents"
HELP = "list, show, validate and change agents; which one answers a number"

SERVER_ACTIONS = ("diff", "push", "pull", "versions", "rollback")
ACTIONS = ("list", "show", "validate", "route", *SERVER_ACTIONS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("action", nargs="?", default="list", choices=ACTIONS)
    parser.add_argument("what", nargs="*", metavar="WHAT", help="an id, a number or a path")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("--url", help="the server (default: http://127.0.0.1:PORT)")
    parser.add_argument("--business", action="store_true", help="the id is a business's")
    parser.add_argument("--force", action="store_true", help="pull over a file that is there")


def run(args: argparse.Namespace) -> int:
    """Do it; 0 if nothing is wrong."""
    settings = Settings.of_command(beside(os.environ))
    if args.action in SERVER_ACTIONS:
        return _at_server(args, settings)
    if args.action == "validate":
        return _validate(args.what[0] if args.what else settings.agent_file)
    directory = load_agents(settings).agents
    if args.action == "list":
        return _list(directory, args.json)
    if not args.what:
        raise BadRequest(f"{args.action} needs an id, a number or the name of an agent")
    if args.action == "show":
        return _show(directory, args.what)
    return max(_route(directory, whom) for whom in args.what)


def asked_of(whom: str, directory: Directory) -> Asked:
    """What a person means: the name of an agent, a number, else a Retell agent id."""
    if directory.named(whom) is not None:
        return Asked(address=whom)
    if dialled_number(whom) is not None:
        return Asked(number=whom)
    return Asked(retell_agent_id=whom)


def _at_server(args: argparse.Namespace, settings: Settings) -> int:
    url = args.url or f"http://127.0.0.1:{settings.port}"
    server = Server(url, settings.admin_token)
    if args.action == "diff":
        return agents_server.diff(args, settings, server)
    if args.action == "push":
        return agents_server.push(args, settings, server)
    if args.action == "pull":
        return agents_server.pull(args, server)
    if args.action == "versions":
        return agents_server.versions(args, server)
    return agents_server.rollback(args, server)


def _validate(path: str) -> int:
    try:
        directory = files.load(path or None)
    except SettingsError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 1
    agents, businesses = len(directory.all), len(directory.businesses)
    print(f"valid: {agents} agents of {businesses} businesses")
    if directory.only_default is None:
        print("note: no default agent; calls that fit nobody are refused")
    return 0


def _list(directory: Directory, as_json: bool) -> int:
    for agent in directory.all:
        row = agent_row(directory, agent)
        if as_json:
            print(orjson.dumps(row).decode())
            continue
        found = ", ".join([*row["numbers"], *agent.retell_agent_ids]) or "-"
        mark = " (default)" if row["default"] else ""
        print(f"{agent.id:<24} {agent.home.id:<24} {agent.version}  {found}{mark}")
    return 0


def _show(directory: Directory, names: list[str]) -> int:
    for name in names:
        agent = directory.named(name)
        if agent is None:
            raise NotFound(f"no agent is named {name!r}; `agents list` shows all")
        told = {"version": agent.version, **agent.model_dump(mode="json")}
        told["business"] = {"id": agent.home.id, **agent.home.model_dump(mode="json")}
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    return 0


def _route(directory: Directory, whom: str) -> int:
    try:
        route = directory.route(asked_of(whom, directory))
    except NotFound as error:
        print(f"{whom}: refused: {error.message}", file=sys.stderr)
        return 1
    print(f"{whom}: {route.agent.id} of {route.agent.home.id} answers: {route.why}")
    return 0
