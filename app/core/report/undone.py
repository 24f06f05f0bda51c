"""Requests of a call that were not done, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Tools = Sequence[Mapping[str, Any]]
_REASONS = ("message", "error", "say")


def not_done(story: Mapping[str, Any], tools: Tools) -> list[dict[str, Any]]:
    """`{"request", "why", "service", "start", "name"}` each: `request` is the tool that would have
    done it. What the caller took back is no request any more."""
    heard = _heard(story, tools)
    named = {item["request"] for item in heard}
    return [*heard, *(item for item in _tried(tools) if item["request"] not in named)]


def _heard(story: Mapping[str, Any], tools: Tools) -> list[dict[str, Any]]:
    """Requests found in the transcript of a call whose model is not ours."""
    decision = story.get("decision")
    if not isinstance(decision, Mapping):
        return []
    done = {tool["name"] for tool in tools if tool["ok"]}
    found = []
    for request in decision.get("requests") or ():
        name = request.get("tool")
        if not name or request.get("kind") == "leave" or name in done:
            continue
        why = request.get("why")
        if request.get("kind") == "act":
            why = decision.get("why") or why
        found.append(_item(name, why, request))
    return found


def _tried(tools: Tools) -> list[dict[str, Any]]:
    """Tools that change something, whose last run did not come out well."""
    last: dict[str, Mapping[str, Any]] = {}
    for tool in tools:
        if tool["kind"] != "read" and tool["state"] != "superseded":
            last[tool["name"]] = tool
    return [
        _item(name, _reason(tool), tool["arguments"])
        for name, tool in last.items()
        if not tool["ok"]
    ]


def _reason(tool: Mapping[str, Any]) -> str:
    if tool["state"] in ("asked", "running"):
        return "it was still under way when the call ended"
    result = tool["result"]
    told = result if isinstance(result, Mapping) else {}
    found = next((str(told[name]) for name in _REASONS if told.get(name)), "")
    return found or str(tool["error"] or "it did not come out well")


def _item(name: str, why: Any, about: Any) -> dict[str, Any]:
    known = about if isinstance(about, Mapping) else {}
    told = {key: known.get(key) or None for key in ("service", "start", "name")}
    return {"request": name, "why": str(why or "no reason is known")[:500], **told}
