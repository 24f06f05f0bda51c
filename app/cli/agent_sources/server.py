"""`agents` at a running server: compare a file with it, push, pull, its versions, rollback."""

from __future__ import annotations

import argparse
import difflib
import getpass
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

from app.adapters.agents import files
from app.adapters.own_server import Reply, Server
from app.errors import AppError, BadRequest, NotFound
from app.settings import Settings

#: Differences of one document that are printed without `diff`.
MAX_PATHS = 6
BY_HEADER = "X-Changed-By"

Documents = dict[tuple[str, str], dict[str, Any]]
"""Documents by kind (`agent`, `business`, `default`) and id."""


def push(args: argparse.Namespace, settings: Settings, server: Server) -> int:
    """Put all that the file has; 0 if the server took it."""
    ours = read_file(args.what[0] if args.what else settings.agent_file)
    there, tag = _fetch(server)
    changed = {name: data for name, data in ours.items() if there.get(name) != data}
    if not changed:
        print(f"nothing to push: the server has all {len(ours)} as they are in the file")
        return 0
    for name, data in changed.items():
        print(_summary(name, there.get(name), data))
    body = as_file(changed)
    reply = server.send("POST", "/api/agents", body, {"If-Match": tag, BY_HEADER: _who()})
    _check(reply)
    print(f"pushed: {len(reply.value['changed'])} changed, {len(ours) - len(changed)} as they were")
    return 0


def pull(args: argparse.Namespace, server: Server) -> int:
    """Write what the server has as a file, or print it; 0 if that was done."""
    there, _ = _fetch(server)
    text = _yaml(as_file(there))
    if not args.what:
        print(text, end="")
        return 0
    path = Path(args.what[0])
    if path.exists() and not args.force:
        raise BadRequest(f"{path} is there already; --force replaces it")
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {len(there)} agents and businesses")
    return 0


def diff(args: argparse.Namespace, settings: Settings, server: Server) -> int:
    """Show how the server's differ from the file's; 0 if they do not."""
    ours = read_file(args.what[0] if args.what else settings.agent_file)
    there, _ = _fetch(server)
    lines = list(_differences(there, ours))
    for line in lines:
        print(line)
    if not lines:
        print("no difference")
    return 1 if lines else 0


def versions(args: argparse.Namespace, server: Server) -> int:
    """List the versions of one agent or business."""
    told = _check(server.send("GET", _path(args, "/versions"))).value
    print(f"in force: from the {'API' if told['source'] == 'api' else told['source'] or 'past'}")
    for each in told["versions"]:
        if args.json:
            print(orjson.dumps(each).decode())
            continue
        what = "taken out" if each.get("deleted") else each.get("note", "")
        mark = "*" if each["current"] else " "
        print(f"{mark} {each['version']:>4}  {each['at']}  {each['by']}  {what}".rstrip())
    return 0


def rollback(args: argparse.Namespace, server: Server) -> int:
    """Go back to a version, to the one before the present one, or to the file's."""
    path = _path(args)
    wanted: Any = args.what[1] if len(args.what) > 1 else None
    if wanted is None:
        wanted = _before(_check(server.send("GET", f"{path}/versions")).value["versions"])
    elif wanted != "file":
        if not wanted.isdecimal():
            raise BadRequest('a version is a number, or "file"')
        wanted = int(wanted)
    present = server.send("GET", path)
    headers = {BY_HEADER: _who()}
    if present.status == 200:
        headers["If-Match"] = present.etag
    reply = _check(server.send("POST", f"{path}/rollback", {"version": wanted}, headers))
    number = reply.value.get("changed", {}).get("version")
    what = "what the file says" if wanted == "file" else f"version {wanted}"
    print(f"{args.what[0]} is back to {what}" + (f", as version {number}" if number else ""))
    return 0


def read_file(path: str) -> Documents:
    """The documents of a file or folder, as the API has them. Raises `AppError`."""
    if path == files.NO_FILE:
        raise BadRequest("AGENT_FILE names no file; give the path of one")
    found = files.read(path or None)
    if found.problems:
        raise AppError("; ".join(str(problem) for problem in found.problems))
    ours: Documents = {("business", each.key): dict(each.data) for each in found.businesses}
    for each in found.agents:
        if ("agent", each.name) in ours:
            raise AppError(f"two agents have the id {each.name}; give one of them an id")
        ours["agent", each.name] = {"id": each.name, **each.data}
    if found.default is not None:
        ours["default", ""] = {"agent": found.default}
    return ours


def as_file(documents: Documents) -> dict[str, Any]:
    """The form of an agents' file."""
    told: dict[str, Any] = {}
    if ("default", "") in documents:
        told["default"] = documents["default", ""]["agent"]
    businesses = {name: data for (kind, name), data in documents.items() if kind == "business"}
    agents = [data for (kind, _), data in documents.items() if kind == "agent"]
    return (
        told
        | ({"businesses": businesses} if businesses else {})
        | ({"agents": agents} if agents else {})
    )


def _fetch(server: Server) -> tuple[Documents, str]:
    """All documents of the server, and the tag that a change of several is based on."""
    reply = _check(server.send("GET", "/api/agents?format=file"))
    told = reply.value
    there: Documents = {("business", key): data for key, data in told["businesses"].items()}
    there |= {("agent", data["id"]): data for data in told["agents"]}
    if told.get("default"):
        there["default", ""] = {"agent": told["default"]}
    return there, reply.etag


def _path(args: argparse.Namespace, more: str = "") -> str:
    if not args.what:
        raise BadRequest(f"{args.action} needs the id of an agent, or of a --business")
    return f"/api/{'businesses' if args.business else 'agents'}/{args.what[0]}{more}"


def _before(found: list[dict[str, Any]]) -> int:
    """The newest version before the one in force that says anything."""
    numbers = [each["version"] for each in found if not each.get("deleted")]
    current = next((each["version"] for each in found if each["current"]), 0)
    older = [number for number in numbers if number < current] if current else numbers
    if not older:
        raise NotFound('there is no version before this one; "file" goes back to the file')
    return int(older[0])


def _check(reply: Reply) -> Reply:
    """The reply, if it is good. Raises `AppError` with what is wrong and what to do."""
    if 200 <= reply.status < 300:
        return reply
    error = reply.error
    if reply.status == 0:
        raise AppError(f"no server answers: {reply.why}; --url names another one")
    if reply.status == 403:
        raise AppError("the server rejected this ADMIN_TOKEN: set it to the server's value")
    if reply.status == 412:
        raise AppError("somebody has changed it meanwhile; look again with diff, and repeat")
    for problem in error.get("problems", ()):
        where = f"{problem['path']}: " if problem["path"] else ""
        print(f"{where}{problem['message']}", file=sys.stderr)
    raise AppError(str(error.get("message") or f"the server answered {reply.status}"))


def _summary(name: tuple[str, str], before: Mapping[str, Any] | None, after: Any) -> str:
    """One line on a document that is to be put."""
    told = " ".join(part for part in name if part)
    if before is None:
        return f"+ {told}"
    paths = list(_paths(before, after))
    more = ", …" if len(paths) > MAX_PATHS else ""
    return f"~ {told}: {', '.join(paths[:MAX_PATHS])}{more}"


def _paths(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """Where two JSON values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from _paths(before.get(key), after.get(key), f"{at}.{key}" if at else key)
    elif before != after:
        yield at


def _differences(before: Documents, after: Documents) -> Iterator[str]:
    """What would have to be changed to come from one to the other, as a unified diff."""
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new or (name[0] == "default" and new is None):
            continue
        told = " ".join(part for part in name if part)
        yield from difflib.unified_diff(
            _yaml(old).splitlines() if old else [],
            _yaml(new).splitlines() if new else [],
            f"server: {told}" if old else "server: nothing",
            f"file: {told}" if new else "file: nothing",
            lineterm="",
        )


def _yaml(data: Any) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100))


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
