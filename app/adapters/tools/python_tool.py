"""Runs Python tools: a function's value or error as a tool's result."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine, Mapping
from typing import Any

import gevent
from pydantic import TypeAdapter

from app.adapters.tools.http_tool import refusal
from app.tools import Context, PythonTool, ToolError

#: Turns dataclasses, models, dates and the like into JSON values.
_ANY: TypeAdapter[Any] = TypeAdapter(Any)


def run_python(found: PythonTool, context: Context, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a Python tool; return ``{"ok", "output", "say"}``.

    What it returns is the output: an object as it is, anything else as `result`. ToolError is a
    result too; any other error of the function is raised.
    """
    try:
        value = found.call(context, arguments)
        if inspect.iscoroutine(value):
            value = _wait_for(value)
    except ToolError as error:
        return refusal("refused", str(error) or "It could not be done.")
    return result_of(value)


def result_of(value: Any) -> dict[str, Any]:
    """A tool's return value as a result. Raises ValueError if it is no JSON value."""
    if isinstance(value, str):
        return {"ok": True, "output": {"result": value}, "say": None}
    plain = _ANY.dump_python(value, mode="json")
    if not isinstance(plain, dict):
        plain = {} if plain is None else {"result": plain}
    return {"ok": True, "output": plain, "say": None}


def _wait_for(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end in a native thread; other greenlets go on meanwhile."""
    return gevent.get_hub().threadpool.apply(asyncio.run, (coroutine,))
