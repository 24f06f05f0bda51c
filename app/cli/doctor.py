"""Looks at everything from the outside in, names what is wrong, why, and the cure.

Settings, agents' file, Redis, clocks, workers, calendars (an appointment is written and removed),
the model (one short answer), the web server, its webhook and its LLM socket (for which one short
call is made). `--call ID` explains one call from its record;
`--route WHOM` shows which agent answers a number, a Retell agent id or an address, and why.

Where the environment names no Redis and no model, those of a running `python -m app dev` are taken.
"""

from __future__ import annotations

import argparse
import os

from app.adapters.checks import model, server, store, workers
from app.adapters.checks.calendars import calendars
from app.adapters.checks.finding import Finding
from app.adapters.own_server import Records
from app.cli import diagnosis
from app.cli.call import socket_url
from app.cli.call_report import explain
from app.cli.screen import Screen
from app.errors import AppError
from app.local.stack import beside
from app.settings import Settings

NAME = "doctor"
HELP = "find out what is wrong, and the cure; --call ID explains one call"

_SIGNS = {"ok": ("ok  ", "good"), "warn": ("note", "user"), "bad": ("BAD ", "bad")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--url", metavar="WS_URL", help="the LLM websocket URL as Retell is given it"
    )
    parser.add_argument("--call", metavar="ID", help="explain this call")
    parser.add_argument(
        "--route",
        metavar="WHOM",
        action="append",
        default=[],
        help="which agent answers this number, Retell agent id or address, and why",
    )


def run(args: argparse.Namespace) -> int:
    """0 if nothing is wrong."""
    screen = Screen()
    if args.call:
        return _explain(args, screen)
    settings, findings = diagnosis.settings(os.environ)
    bad = _show(screen, findings)
    if settings is None:
        return 1
    settings = Settings.of_command(beside(os.environ))
    url = args.url or _public(settings)
    records = Records.beside(url, settings)
    agents, found = diagnosis.agent_file(settings)
    bad += _show(screen, found)
    if agents is not None:
        bad += _show(screen, diagnosis.mcp_servers(settings))
    for whom in args.route:
        bad += _show(screen, diagnosis.route(settings, whom))
    bad += _show(screen, store.store(settings))
    bad += _show(screen, store.clock(settings))
    bad += _show(screen, workers.workers(settings, _release(records)))
    if agents is not None:
        bad += _show(screen, calendars(settings, agents))
    bad += _show(screen, model.model(settings))
    web = server.web(records)
    bad += _show(screen, web)
    if web[0].verdict != "bad":
        bad += _show(screen, diagnosis.admin(settings, records))
        bad += _show(screen, server.webhook(settings, records))
        bad += _show(screen, diagnosis.llm_socket(settings, url))
    screen.line()
    problems = f"{bad} problem{'' if bad == 1 else 's'} found."
    screen.line(problems if bad else "No problems found.", "bad" if bad else "good")
    return 1 if bad else 0


def _release(records: Records) -> str:
    """The release that the web runs; blank where it does not say."""
    _, told = records.json("/health")
    return str(told.get("release") or "") if isinstance(told, dict) else ""


def _public(settings: Settings) -> str:
    """The socket's URL from outside, where the address is known."""
    if not settings.public_url:
        return socket_url(settings)
    token = f"/{settings.socket_token}" if settings.socket_token else ""
    return settings.public_url.replace("http", "ws", 1) + "/llm-websocket" + token


def _show(screen: Screen, findings: list[Finding]) -> int:
    """Print findings; how many are bad."""
    for found in findings:
        sign, colour = _SIGNS[found.verdict]
        screen.line(f"{screen.paint(sign, colour)} {found.area:<9} {found.what}")
        if found.cure:
            screen.line(f"               cure: {found.cure}", "dim")
    return sum(found.verdict == "bad" for found in findings)


def _explain(args: argparse.Namespace, screen: Screen) -> int:
    settings = Settings.of_command(beside(os.environ))
    records = Records.beside(args.url or _public(settings), settings)
    status, story = records.json(f"/api/calls/{args.call}")
    if status == 0:
        raise AppError(f"no server at {records.base}")
    if status == 403:
        raise AppError("the server rejected this ADMIN_TOKEN: set it to the server's value")
    if status != 200 or not isinstance(story, dict):
        raise AppError(f"the server knows no call {args.call} (its record may have lapsed)")
    for line, colour in explain(story):
        screen.line(line, colour)
    return 0
