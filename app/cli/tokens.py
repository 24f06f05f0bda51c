"""Make, list and revoke the tokens of businesses.

  tokens list   [--business ID]              who made each, when it was last used
  tokens create --business ID [--note TEXT]  print a new one, once; those before stay valid
  tokens revoke TOKEN_ID…                    they open nothing from now on

Without REDIS_URL it looks at the Redis of a running `python -m app dev`.
"""

from __future__ import annotations

import argparse
import getpass
import os
import time

import orjson
from redis import Redis

from app.adapters.agents.versions.opening import open_desk
from app.adapters.redis import client as redis
from app.adapters.tokens.business import BusinessToken, BusinessTokens
from app.errors import BadRequest, NotFound
from app.local.stack import beside
from app.security.scope import Scope
from app.settings import Settings

NAME = "tokens"
HELP = "make, list and revoke the tokens of businesses"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    actions = ("list", "create", "revoke")
    parser.add_argument("action", nargs="?", default="list", choices=actions)
    parser.add_argument("ids", nargs="*", metavar="TOKEN_ID", help="ids of tokens to revoke")
    parser.add_argument("--business", default="", metavar="ID", help="the business's id or name")
    parser.add_argument("--note", default="", help="what the token is for")
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def run(args: argparse.Namespace) -> int:
    """Do it; 0 if all that was named was found."""
    settings = Settings.of_command(beside(os.environ))
    with redis.connect(settings, connections=2) as client:
        business = _business(settings, client, args.business) if args.business else ""
        tokens = BusinessTokens(client)
        if args.action == "list":
            _print_all(tokens.listed(Scope(business or None)), args.json)
        elif args.action == "create":
            if not business:
                raise BadRequest("create needs --business ID")
            by = f"{getpass.getuser()} at the command line"
            made, text = tokens.create(business, by=by, note=args.note.strip())
            print(_json({**made.as_json(), "token": text}) if args.json else text)
        else:
            if not args.ids:
                raise BadRequest("revoke needs the id of a token; `tokens list` shows them")
            for token_id in args.ids:
                tokens.revoke(token_id)
                print(f"{token_id} is revoked")
    return 0


def _business(settings: Settings, client: Redis, given: str) -> str:
    """The id of a business of the file's or the API's. Raises `NotFound`, `Unavailable`."""
    source = open_desk(settings, client, "the command line").source
    source.refresh()
    found = source.directory.business(given)
    if found is None:
        raise NotFound(f"there is no business {given!r}; `agents list` shows all")
    return found.id


def _print_all(found: list[BusinessToken], as_json: bool) -> None:
    for token in found:
        if as_json:
            print(_json(token.as_json()))
            continue
        used = _moment(token.used_at) if token.used_at else "never"
        print(
            f"{token.id}  {token.business:<24} made {_moment(token.created_at)} by "
            f"{token.created_by}, last used {used}  {token.note}".rstrip()
        )
    if not found and not as_json:
        print("no tokens")


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
