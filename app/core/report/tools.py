"""The tools that a call ran, as its report shows them: without secrets, bounded in size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from app.core.tools.declarations import TOOLS, Tool
from app.core.tools.secrets import MARK, hide_arguments

MAX_RESULT_CHARS = 4000


def tool_runs(
    story: Mapping[str, Any], toolset: Mapping[str, Tool]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The runs in order, and the secrets that their arguments held.

    toolset: the tools of the agent that answered; their schemas say what is secret.
    """
    runs: list[dict[str, Any]] = []
    secrets: list[str] = []
    for call in story.get("tool_calls") or ():
        name = str(call["tool"])
        tool = toolset.get(name) or TOOLS.get(name)
        # What an unknown tool was given may be secret.
        schema = tool.parameters if tool else {MARK: True}
        arguments, hidden = hide_arguments(schema, call["arguments"])
        secrets += hidden
        result = call.get("result")
        runs.append(
            {
                "name": name,
                "kind": tool.kind if tool else "write",
                "arguments": arguments,
                "state": call["state"],
                "ok": bool(result and result.get("ok")) if call["state"] == "done" else False,
                "result": _bounded(result.get("output")) if isinstance(result, Mapping) else None,
                "error": call.get("error"),
                "asked_at": call.get("asked_at"),
                "ended_at": call.get("ended_at"),
            }
        )
    return runs, secrets


def _bounded(output: Any) -> Any:
    text = orjson.dumps(output).decode()
    if len(text) <= MAX_RESULT_CHARS:
        return output
    return {"cut": True, "text": text[:MAX_RESULT_CHARS]}
