"""/functions/<name>: Retell custom functions run the same tools as live calls, with the same keys.

Retell lets the request run on when the caller interrupts, and may send it again: the same request
in the same call is the same effect, and gets the same result.
"""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import uuid4

import gevent
import orjson
from flask import Blueprint, Response, request

from app import logs, metrics
from app.adapters.calls.intake import LIMIT_S
from app.bridges.services import Services, services
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked
from app.core.agent.reference import AgentRef
from app.core.booking import slot_ids
from app.core.tools.arguments import ArgumentReader, adapt_arguments
from app.core.tools.declarations import Tool, idempotency_key
from app.core.tools.epoch import epoch_of
from app.errors import NotFound, Unauthorized, Unavailable
from app.protocol.retell_http import MAX_RESULT_CHARS, FunctionRequest, parse_function
from app.web.edge import edge
from app.web.guard.signed import is_first_use, read_signed
from app.web.guard.signer import agent_for, check_call

bp = Blueprint("functions", __name__)
log = logs.get(__name__)

#: What the calls of requests are named after that do not say theirs.
NO_CALL = "function"
#: How much of the transcript so far goes along, for what has to be agreed to before it is done.
HEARD = 40


@bp.route("/functions/<name>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def function(name: str) -> Response:
    """Run a tool and give its result as JSON: ``{"ok": bool, ...}``."""
    gevent.sleep(0)
    now_services = services()
    settings = now_services.settings
    with_body = request.method not in ("GET", "DELETE")
    raw, signature = read_signed(settings, with_body=with_body)
    if not signature and settings.retell_api_keys:
        raise Unauthorized("the signature is missing")
    with edge().breaker.guard(), gevent.Timeout(LIMIT_S, Unavailable("the store is too slow")):
        first = is_first_use(signature, body=with_body)
    if not first:
        raise Unauthorized("this signature has been used for another request")
    asked = parse_function(name, raw, request.args)
    agent = now_services.catalog.equip(
        agent_for(who(asked, request.args.get("agent", "")), asked.call_id)
    )
    check_call(asked.call_id)
    tool = agent.toolset.get(name)
    if tool is None or tool.kind == "action" or tool not in agent.offered("function"):
        raise NotFound(f"there is no function {name[:64]!r}")
    with logs.bind(call_id=asked.call_id or NO_CALL):
        result = run(now_services, agent, tool, asked, raw)
    answered = "ok" if result["ok"] else str(result.get("error", "refused"))[:40]
    metrics.WEBHOOKS_TOTAL.labels(f"function:{name}", answered).inc()
    return Response(capped(result), content_type="application/json")


def run(
    now_services: Services, agent: Agent, tool: Tool, asked: FunctionRequest, raw: bytes
) -> dict[str, Any]:
    """Ask for the effect and wait for its end, or for the agent's patience to end."""
    read = ArgumentReader(agent.toolset).check(tool.name, adapt_arguments(tool, asked.args))
    if read.problem:
        return {"ok": False, "error": read.problem}
    call_id, arguments = call_of(tool, asked.call_id, read.values)
    # Only a request that is sent again is the same in all its bytes. A reading is never a repeat.
    parts = (tool.name.encode(), orjson.dumps(arguments), raw)
    digest = hashlib.sha256(b"\0".join(parts)).hexdigest()
    tool_call_id = f"function-{uuid4().hex if tool.kind == 'read' else digest}"[:33]
    patience_s = agent.turn_taking.tool_deadline_ms / 1000
    context = {
        **AgentRef.to(agent, asked.agent_id).to_json(),
        "caller_number": asked.caller_number,
        "channel": "function",
        "began_at": asked.started_ms / 1000,
        "heard": heard_in(asked),
    }
    with edge().breaker.guard(), gevent.Timeout(LIMIT_S, Unavailable("the store is too slow")):
        key, again = key_of(now_services, call_id, tool, arguments, tool_call_id)
        if again:
            tool_call_id = f"function-{uuid4().hex}"
        effect = now_services.effects.ask(
            call_id,
            key,
            tool.name,
            arguments,
            tool_call_id,
            context,
            deadline_s=patience_s,
            reply_to=now_services.replies.process,
            kind=tool.kind,
        )
        if asked.call_id and raw:
            who_answers = AgentRef.to(agent, asked.agent_id).to_json()
            now_services.calls.merge(call_id, {**told_of(asked), "agent_ref": who_answers})
    reply = now_services.replies.wait(effect, tool_call_id, patience_s)
    if reply is None:
        log.warning("function timed out", extra={"tool": tool.name})
        return {
            "ok": False,
            "error": "pending",
            "message": "It is still being worked on and will not be done twice. Say so, then call "
            "this function again with the same arguments.",
        }
    told = {"ok": reply.ok, **reply.output}
    if reply.say:
        told["say"] = reply.say
    return told


def heard_in(asked: FunctionRequest) -> list[tuple[str, str, float]]:
    """The last utterances of both sides, each with the Unix seconds at which it ended; 0 where that
    is not told."""
    heard = []
    for entry in asked.entries[-HEARD:]:
        if entry["role"] in ("agent", "user") and entry.get("content"):
            at = entry.get("at_ms", 0) / 1000
            if not at and asked.started_ms and "end" in entry:
                at = asked.started_ms / 1000 + entry["end"]
            heard.append((entry["role"], entry["content"], at))
    return heard


def who(asked: FunctionRequest, address: str = "") -> Asked:
    """What a request tells of the agent that it is for."""
    return Asked(address, asked.agent_id, asked.line)


def told_of(asked: FunctionRequest) -> dict[str, Any]:
    """What the request itself tells of its call."""
    told = {"agent_id": asked.agent_id, "from_number": asked.from_number}
    return {name: value for name, value in told.items() if value}


def call_of(tool: Tool, call_id: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The call the effect belongs to, and the arguments as they are there.

    A request that does not say its call gets one of its own, a side effect one that is named by
    what it does: so strangers' bookings never meet, and the same one twice is one. A slot that was
    offered to such a request is renamed into its call; whether it is free is checked as ever.
    """
    if call_id:
        return call_id, arguments
    if tool.kind == "read":
        return f"{NO_CALL}-{uuid4().hex[:16]}", arguments
    own = f"{NO_CALL}-{hashlib.sha256(orjson.dumps([tool.name, arguments])).hexdigest()[:16]}"
    slot = slot_ids.read("", arguments.get("slot_id", ""))
    if slot is not None:
        renamed = slot_ids.make(own, slot.start, slot.service_index)
        arguments = {**arguments, "slot_id": renamed}
    return own, arguments


def key_of(
    now_services: Services, call_id: str, tool: Tool, arguments: dict[str, Any], tool_call_id: str
) -> tuple[str, bool]:
    """The effect's key: as for a live call, where what was cancelled may be booked again.

    The same request sent again has the key it had, whatever was done since. True beside it where
    that came out badly: Retell repeats what got no answer, so this is the model asking again.
    """
    if tool.kind == "read":
        return idempotency_key(call_id, tool.name, arguments), False
    effects = now_services.effects.of_call(call_id)
    for effect in effects:
        if tool_call_id in effect.tool_call_ids:
            return effect.key, effect.settled and not effect.ok
    epoch = epoch_of((effect.tool, effect.ok) for effect in effects)
    return idempotency_key(call_id, tool.name, arguments, epoch), False


def capped(result: dict[str, Any]) -> bytes:
    """The result as JSON of at most `MAX_RESULT_CHARS` characters.

    Retell cuts longer ones anywhere; here the longest members go, and the rest stays JSON.
    """
    body = orjson.dumps(result)
    while len(body.decode()) > MAX_RESULT_CHARS:
        kept = {name: value for name, value in result.items() if name not in ("ok", "truncated")}
        if not kept:
            break
        longest = max(kept, key=lambda name: len(orjson.dumps(kept[name])))
        value = result[longest]
        result = {**result, "truncated": True}
        if isinstance(value, (str, list)) and len(value) > 1:
            result[longest] = value[: len(value) // 2]
        else:
            del result[longest]
        body = orjson.dumps(result)
    return body
