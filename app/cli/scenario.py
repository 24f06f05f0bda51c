"""Make a scenario of a call that took place: the server replaces what is people's.

The file is played with `python -m app call FILE`; docs/scenarios.md has its keys.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import quote

import orjson

from app.adapters.own_server import Records
from app.cli.call import socket_url
from app.errors import AppError
from app.local.stack import beside
from app.settings import Settings

NAME = "scenario"
HELP = "makes a scenario of a call from its record, personal details replaced"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which call, of which server, and where the file goes."""
    parser.add_argument("call_id", metavar="CALL_ID", help="the call, as GET /api/calls names it")
    parser.add_argument("--output", metavar="FILE", help="write to this file, not to the screen")
    parser.add_argument(
        "--url", metavar="URL", help="the server's address, by default the one on this machine"
    )


def run(args: argparse.Namespace) -> int:
    """0 where there is a scenario. Raises `AppError` with what the server says otherwise."""
    settings = Settings.of_command(beside(os.environ))
    records = (
        Records(args.url, settings.admin_token)
        if args.url
        else Records.beside(socket_url(settings), settings)
    )
    status, body = records.get(f"/api/calls/{quote(args.call_id, safe='')}/scenario")
    if status != 200:
        raise AppError(_why(status, body, records.base))
    if not args.output:
        sys.stdout.write(body.decode())
        return 0
    try:
        Path(args.output).write_bytes(body)
    except OSError as error:
        raise AppError(f"{args.output} cannot be written: {error.strerror}") from None
    print(f"written: {args.output}; play it with `python -m app call {args.output}`")
    return 0


def _why(status: int, body: bytes, base: str) -> str:
    if status == 0:
        return f"no server at {base}: {body.decode(errors='replace')}"
    try:
        return str(orjson.loads(body)["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return f"{base} answered {status}"
