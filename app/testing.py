"""Try a tool without a telephone.

::

    from app.testing import run_tool

    def test_an_order_is_found():
        assert run_tool(order_status, order_id="7")["output"] == {"status": "sent"}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.adapters.tools.http_tool import refusal
from app.adapters.tools.python_tool import run_python
from app.core.tools.arguments import ArgumentReader
from app.tools import Context, python_tool


def run_tool(
    function: Callable[..., Any], context: Context | None = None, **arguments: Any
) -> dict[str, Any]:
    """Run a tool as a worker would; return ``{"ok", "output", "say"}``.

    The arguments are checked against the tool's schema first, as the model's are. Raises TypeError
    if the function has no decorator, and whatever the function itself raises.
    """
    found = python_tool(function)
    read = ArgumentReader({found.tool.name: found.tool}).check(found.tool.name, arguments)
    if read.problem:
        return refusal("bad_arguments", read.problem)
    return run_python(found, context or Context(), read.values)
