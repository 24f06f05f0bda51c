"""Send one webhook as Retell (or a plain sender) would: correctly signed, and shown as curl.

EVENT is a name from the list below, or a file with the JSON to send.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shlex
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import orjson

from app.errors import AppError
from app.local.stack import beside
from app.rehearsal.webhook_samples import SAMPLES, sample
from app.security import signatures
from app.settings import Settings

NAME = "webhook"
HELP = "send a correctly signed webhook and print the equal curl command"

#: Sent with an id of one letter more than what it is about, so that logs tell them apart.
_PREFIX = {"chat": "chat", "alert": "alert_incident", "session": "session"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("event", metavar="EVENT", help=f"one of {', '.join(SAMPLES)}; or a file")
    parser.add_argument("--url", help="where to send it (default: this machine, PORT or 8080)")
    parser.add_argument("--id", help="the call's, chat's or session's id (default: a new one)")
    parser.add_argument("--text", help="what the caller said, for the event transcript")
    parser.add_argument("--partial", action="store_true", help="the transcript is not final yet")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="set a field of the call or payload; JSON or text")  # fmt: skip
    parser.add_argument("--unsigned", action="store_true", help="send it without a signature")
    parser.add_argument("--dry", action="store_true", help="only print the curl command")


def run(args: argparse.Namespace) -> int:
    """Send the webhook; 0 if it was answered with 2xx."""
    settings = Settings.of_command(beside(os.environ))
    keys = settings.signing_keys
    if not keys and not args.unsigned:
        raise AppError("RETELL_API_KEY is not set: there is nothing to sign with")
    url = target(args.event, args.url or f"http://127.0.0.1:{settings.port}")
    body = orjson.dumps(payload(args))
    now_ms = int(time.time() * 1000)
    headers = {"Content-Type": "application/json"}
    if not args.unsigned:
        headers[signatures.HEADER] = signatures.sign(body, keys[0], now_ms)
    print(curl(url, body, headers), flush=True)
    if args.dry:
        return 0
    status, text = post(url, body, headers)
    print(f"{status} {text.strip()}", file=sys.stderr if status >= 400 else sys.stdout)
    return 0 if 200 <= status < 300 else 1


def target(event: str, base: str) -> str:
    """The URL for `event`: as given where it names a path, else the route the event belongs to."""
    scheme, _, rest = base.rstrip("/").partition("://")
    if not rest:
        raise AppError(f"--url must be http:// or https://, not {base!r}")
    if "/" in rest:
        return f"{scheme}://{rest}"
    path = "/webhook/retell/inbound" if event.endswith("_inbound") else "/webhook/retell"
    return f"{scheme}://{rest}{path}"


def payload(args: argparse.Namespace) -> dict[str, object]:
    """What will be sent. Raises AppError for an event that is neither known nor a file."""
    now_ms = int(time.time() * 1000)
    if args.event in SAMPLES:
        kind = next((name for name in _PREFIX if args.event.startswith(name)), "call")
        if args.event in ("transcript", "interruption"):
            kind = "session"
        given = args.id or f"{_PREFIX.get(kind, 'call')}_{secrets.token_hex(6)}"
        body = sample(args.event, given, now_ms)
    elif Path(args.event).is_file():
        body = orjson.loads(Path(args.event).read_bytes())
    else:
        raise AppError(f"unknown event {args.event!r}; known are {', '.join(SAMPLES)}, or a file")
    if args.text is not None:
        body["transcript"] = args.text
    if args.partial:
        body["isFinal"] = False
    holder = next(
        (body[name] for name in ("call", "chat", "alert") if isinstance(body.get(name), dict)), body
    )
    for change in args.set:
        name, equals, value = change.partition("=")
        if not equals:
            raise AppError(f"--set takes NAME=VALUE, not {change!r}")
        try:
            holder[name] = orjson.loads(value)
        except orjson.JSONDecodeError:
            holder[name] = value
    return body


def curl(url: str, body: bytes, headers: dict[str, str]) -> str:
    """The curl command that sends exactly these bytes."""
    parts = ["curl", "-sS", "-X", "POST", shlex.quote(url)]
    for name, value in headers.items():
        parts += ["-H", shlex.quote(f"{name}: {value}")]
    parts += ["--data-binary", shlex.quote(body.decode())]
    return " ".join(parts)


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    """Send it; the status and text of the answer. Raises AppError where nobody answers."""
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise AppError(f"no answer from {url}: {reason}; is `make run` up?") from None
