"""The HTTP control endpoint: switches faults, scripts replies, shows what sessions received.

Pure: a request in, a status and a JSON value out. Paths are listed by ``GET /control``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from app.rehearsal.realtime_server import pace
from app.rehearsal.realtime_server.faults import KINDS, Fault
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.protocol.session_config import MODELS
from app.rehearsal.realtime_server.reply import Call, Part, Say
from app.rehearsal.realtime_server.stage import Connected, Scripted, Stage

Answer = tuple[int, Any]


class Malformed(ValueError):
    """The request's body is not what the path takes."""


def handle(stage: Stage, method: str, path: str, body: bytes) -> Answer:
    """Answer one request to the control endpoint."""
    route, _, rest = path.partition("?")[0].removeprefix("/").partition("/")
    if (route, method) == ("health", "GET"):
        return 200, {"status": "ok", "model": "rehearsal", "sessions": stage.opened}
    if path.startswith("/v1/models") and method == "GET":
        return 200, {"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS]}
    if route != "control":
        return 404, _error("not_found", f"no such path: {path}")
    name, _, rest = rest.partition("/")
    handler = _ROUTES.get((method, name))
    if handler is None:
        return 404, _error("not_found", f"{method} {path}; see GET /control")
    try:
        return handler(stage, rest, _parse(body))
    except Malformed as error:
        return 400, _error("malformed", str(error))
    except (TypeError, ValueError, KeyError) as error:
        return 400, _error("malformed", f"{type(error).__name__}: {error}")


def _parse(body: bytes) -> Any:
    if not body:
        return {}
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("the body is not JSON") from None


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _overview(stage: Stage, rest: str, body: Any) -> Answer:
    return 200, {
        "what": "the rehearsal model: no AI, a local stand-in that speaks the Realtime protocol",
        "paths": [f"{method} /control/{name}".rstrip("/") for method, name in _ROUTES],
        "faults": KINDS,
    }


def _show_faults(stage: Stage, rest: str, body: Any) -> Answer:
    return 200, {"faults": [armed.as_json() for armed in stage.faults]}


def _add_faults(stage: Stage, rest: str, body: Any) -> Answer:
    """One fault, a list of them, or ``{"faults": [...], "replace": bool, "seed": int}``."""
    replace = seed = None
    if isinstance(body, dict) and "faults" in body:
        replace, seed, body = body.get("replace"), body.get("seed"), body["faults"]
    faults = [Fault.parse(spec) for spec in (body if isinstance(body, list) else [body])]
    if replace:
        stage.faults.clear()
    if seed is not None:
        stage.faults.reseed(int(seed))
    for fault in faults:
        stage.faults.add(fault)
    return _show_faults(stage, "", None)


def _clear_faults(stage: Stage, rest: str, body: Any) -> Answer:
    stage.faults.clear()
    return 200, {"faults": []}


def _show_sessions(stage: Stage, rest: str, body: Any) -> Answer:
    if not rest:
        return 200, {"sessions": [_brief(s) for s in stage.sessions.values()]}
    session = stage.sessions.get(int(rest))
    if session is None:
        return 404, _error("not_found", f"no session {rest}")
    return 200, {
        **_brief(session),
        "config": session.channel.config,
        "received": session.received,
        "log": list(session.log),
        "items": [item.as_seen() for item in session.channel.conversation],
    }


def _brief(session: Connected) -> dict[str, Any]:
    return {
        "session": session.number,
        "id": session.channel.config["id"],
        "live": session.live,
        "ended_because": session.channel.ended_because,
        "caller": session.channel.caller,
        "awaits_caller": session.awaits_caller,
        "responses": session.responses,
        "items": len(session.channel.conversation),
        "events": sum(session.received.values()),
    }


def _show_violations(stage: Stage, rest: str, body: Any) -> Answer:
    return 200, {
        "total": sum(stage.refused.values()),
        "by_code": dict(stage.refused),
        "violations": list(stage.violations),
    }


def _clear_violations(stage: Stage, rest: str, body: Any) -> Answer:
    stage.refused.clear()
    stage.violations.clear()
    return _show_violations(stage, "", None)


def _script(stage: Stage, rest: str, body: Any) -> Answer:
    """``{"replies": [REPLY, ...], "session": n|null}``.

    A REPLY is a text, or a list of parts: texts, ``{"say": str, "phase": str}`` and
    ``{"call": name, "arguments": {...}|str}``.
    """
    replies = [_reply(reply) for reply in body["replies"]]
    for parts in replies:
        stage.script.append(Scripted(parts, body.get("session")))
    return 200, {"waiting": len(stage.script)}


def _reply(reply: Any) -> list[Part]:
    parts: list[Part] = []
    for part in reply if isinstance(reply, list) else [reply]:
        if isinstance(part, str):
            parts.append(Say(part))
        elif "say" in part:
            parts.append(Say(str(part["say"]), part.get("phase")))
        elif "call" in part:
            arguments = part.get("arguments", {})
            if not isinstance(arguments, str):
                arguments = orjson.dumps(arguments).decode()
            parts.append(Call(str(part["call"]), arguments))
        else:
            raise Malformed(f"not a part of a reply: {part!r}")
    if not parts:
        raise Malformed("a reply needs at least one part")
    return parts


def _clear_script(stage: Stage, rest: str, body: Any) -> Answer:
    stage.script.clear()
    return 200, {"waiting": 0}


def _hear(stage: Stage, rest: str, body: Any) -> Answer:
    """``{"texts": [str, ...], "session": n|null, "caller": str|null}``: the next utterances' words.

    `caller` is what the client sent as OpenAI-Safety-Identifier.
    """
    whose = body.get("session", body.get("caller"))
    for text in body["texts"]:
        stage.hear(str(text), whose)
    return 200, {"waiting": len(stage.heard)}


def _set_pace(stage: Stage, rest: str, body: Any) -> Answer:
    """A name (quick, none, hosted) in ``{"name": ...}`` or the seconds of each delay."""
    if "name" in body:
        if body["name"] not in pace.PACES:
            raise Malformed(f"no pace {body['name']!r}; there are: {', '.join(pace.PACES)}")
        stage.pace = pace.PACES[body["name"]]
    else:
        stage.pace = Pace(**{name: float(value) for name, value in body.items()})
    return 200, {"pace": {name: getattr(stage.pace, name) for name in Pace.__slots__}}


def _drop(stage: Stage, rest: str, body: Any) -> Answer:
    """``{"session": n|null, "how": "rst"|"fin"|"close", "code": int}``: end live connections."""
    how, code = str(body.get("how", "rst")), int(body.get("code", 1011))
    if how not in ("rst", "fin", "close"):
        raise Malformed("how is rst, fin or close")
    wanted = body.get("session")
    dropped = [
        session
        for session in stage.sessions.values()
        if session.live and wanted in (None, session.number)
    ]
    for session in dropped:
        session.channel.drop(how, code)
        session.wake()
    return 200, {"dropped": [session.number for session in dropped]}


def _reset(stage: Stage, rest: str, body: Any) -> Answer:
    """Back to no faults, no script, no violations; live sessions stay."""
    stage.faults.clear()
    stage.script.clear()
    stage.heard.clear()
    _clear_violations(stage, "", None)
    return 200, {"reset": True}


_ROUTES: dict[tuple[str, str], Callable[[Stage, str, Any], Answer]] = {
    ("GET", ""): _overview,
    ("GET", "faults"): _show_faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "sessions"): _show_sessions,
    ("GET", "violations"): _show_violations,
    ("DELETE", "violations"): _clear_violations,
    ("POST", "script"): _script,
    ("DELETE", "script"): _clear_script,
    ("POST", "transcripts"): _hear,
    ("POST", "pace"): _set_pace,
    ("POST", "drop"): _drop,
    ("POST", "reset"): _reset,
}
