"""See what waits for the workers, and what they gave up.

  jobs                    the queues, the dead letters and the messages, newest first
  jobs show ID            one dead letter with all that is known of it
  jobs requeue ID…|all    try again, with all attempts again
  jobs forget ID…|all     take off the list for good

Without REDIS_URL it looks at the Redis of a running `python -m app dev`.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

import orjson

from app import logs
from app.adapters import queue
from app.adapters.notify.messages import Messages
from app.adapters.redis import client as redis
from app.adapters.tools.dead_letters import DeadLetter, DeadLetters
from app.adapters.tools.store import EffectStore
from app.errors import BadRequest
from app.local.stack import beside
from app.settings import Settings

NAME = "jobs"
HELP = "see, inspect and requeue what the workers gave up"

MAX_SHOWN = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        "action", nargs="?", default="list", choices=("list", "show", "requeue", "forget")
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="ids of dead letters, or all")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("--limit", type=int, default=100, help="how many to list (default: 100)")


def run(args: argparse.Namespace) -> int:
    """Do it; 0 if all that was named was found."""
    settings = Settings.of_command(beside(os.environ))
    with redis.connect(settings, connections=2) as client:
        letters = DeadLetters(client, EffectStore(client, settings))
        if args.action == "list":
            if not args.json:
                _print_queues(client)
            _print_list(letters.all(args.limit), args.json)
            _print_messages(
                Messages(client, settings.record_retention_s).all(args.limit), args.json
            )
            return 0
        if not args.ids:
            raise BadRequest(f"{args.action} needs the id of a dead letter, or all")
        ids = args.ids
        if ids == ["all"]:
            ids = [letter.id for letter in letters.all(MAX_SHOWN)]
        for letter_id in ids:
            if args.action == "show":
                print(_json(letters.get(letter_id), indent=not args.json))
            elif args.action == "requeue":
                letters.requeue(letter_id)
                print(f"{letter_id} is queued again")
            else:
                letters.forget(letter_id)
                print(f"{letter_id} is forgotten")
    return 0


def _print_queues(client: Any) -> None:
    with redis.guard():
        for name in queue.QUEUES:
            alive, waiting = queue.workers_alive(client, name), queue.depth(client, name)
            workers = f"{alive} worker process" + ("" if alive == 1 else "es")
            print(f"{name:<12}{waiting} waiting, {workers}")


def _print_list(letters: list[DeadLetter], as_json: bool) -> None:
    if as_json:
        for letter in letters:
            print(_json(letter, indent=False))
        return
    plural = "" if len(letters) == 1 else "s"
    print(f"\n{len(letters)} dead letter{plural}" if letters else "\nno dead letters")
    for letter in letters:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(letter.at))
        tries = f"{letter.attempts} attempt" + ("" if letter.attempts == 1 else "s")
        print(f"{at}  {letter.what}  {tries}  {logs.redact(letter.error)[:100]}")
        print(f"    {letter.id}")


def _print_messages(messages: list[dict[str, Any]], as_json: bool) -> None:
    """What callers were promised; the number is shown, for it is who is to be called."""
    if as_json or not messages:
        return
    print(f"\n{len(messages)} message{'' if len(messages) == 1 else 's'} for the business")
    for message in messages:
        at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(message["at"]))
        number = message.get("number") or message["caller_number"] or "no number"
        who = f"{message['name']}, " if message.get("name") else ""
        urgent = "URGENT " if message.get("urgent") else ""
        print(
            f"{at}  {urgent}{message['kind']}  {who}{number}  {message['business']}:"
            f" {message['text']}"
        )


def _json(letter: DeadLetter, *, indent: bool) -> str:
    option = orjson.OPT_INDENT_2 if indent else 0
    told = {name: getattr(letter, name) for name in DeadLetter.__slots__}
    return orjson.dumps(logs.redact_value(told), option=option, default=str).decode()
