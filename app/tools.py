"""Tools of your own in Python.

::

    from app.tools import Context, ToolError, tool

    @tool(kind="read")
    def order_status(ctx: Context, order_id: str) -> dict[str, str]:
        '''Look up an order.

        Args:
            order_id: The number on the invoice.
        '''
        order = find_order(order_id)
        if order is None:
            raise ToolError("There is no such order. Ask for the number again.")
        return {"status": order.status}

``TOOLS_MODULE=my_tools`` names the module; the agent's file lists ``{python: my_tools}``. Workers
run the functions. `app.testing` runs one without a telephone.

Rule: imports errors and core only, so that a module of tools can be imported anywhere.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from app.core.tools.declarations import Kind, Policy, Tool

Function = TypeVar("Function", bound=Callable[..., Any])

_MARK = "__callsmith_tool__"
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ARGS = re.compile(r"^\s*Args:\s*$", re.MULTILINE)
_ARGUMENT = re.compile(r"^\s+(\w+)(?:\s*\([^)]*\))?:\s*(.+)$")


class ToolError(Exception):
    """What went wrong, in words that the model tells the caller. The tool is not tried again."""


@dataclass(frozen=True, slots=True)
class Context:
    """The call that a tool runs for."""

    call_id: str = ""
    business: str = ""
    agent: str = ""
    language: str = "en"
    caller_number: str = ""
    """E.164, or empty if the caller's number is not known."""
    idempotency_key: str = ""
    """The same for every repetition of one intention: pass it on to whatever must happen once."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The `settings` of the tool's entry in the agent's file."""


@dataclass(frozen=True, slots=True)
class PythonTool:
    """A function that is a tool: its declaration, and how it is called."""

    tool: Tool
    function: Callable[..., Any]
    arguments: type[BaseModel]
    takes_context: bool

    def call(self, context: Context, arguments: Mapping[str, Any]) -> Any:
        """Call the function; return what it returns, a coroutine if it is `async`.

        Raises ToolError for arguments that do not fit, and whatever the function raises.
        """
        try:
            given = self.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            problems = [
                f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_input=False)
            ]
            raise ToolError("; ".join(problems)) from None
        values = {name: getattr(given, name) for name in self.arguments.model_fields}
        return self.function(*([context] if self.takes_context else []), **values)


def tool(
    *,
    kind: Kind = "read",
    name: str = "",
    confirm: bool = False,
    timeout_s: float = 10.0,
    attempts: int = 3,
    runs_per_call: int | None = None,
    holding_line: str = "",
) -> Callable[[Function], Function]:
    """Make a function a tool. The function itself stays as it is.

    `kind` is "read" if it changes nothing, "write" if it does. The first parameter is the call's
    `Context` if it is named ``ctx`` or annotated so. The description is the docstring up to
    ``Args:``; what follows there describes the parameters.

    Raises TypeError at import if the function cannot be a tool.
    """
    policy = Policy(
        confirm=confirm,
        timeout_s=timeout_s,
        attempts=attempts,
        runs_per_call=runs_per_call,
        holding_line=holding_line,
    )

    def mark(function: Function) -> Function:
        setattr(function, _MARK, _describe(function, kind, name, policy))
        return function

    return mark


def python_tool(function: Callable[..., Any]) -> PythonTool:
    """The tool that a decorated function is. Raises TypeError if it has no decorator."""
    found = getattr(function, _MARK, None)
    if not isinstance(found, PythonTool):
        raise TypeError(f"{function!r} has no decorator app.tools.tool")
    return found


def tools_of(module: ModuleType) -> dict[str, PythonTool]:
    """The tools that a module holds, by name. Raises TypeError for a name given twice."""
    found: dict[str, PythonTool] = {}
    for value in vars(module).values():
        known = getattr(value, _MARK, None)
        if not isinstance(known, PythonTool):
            continue
        if known.tool.name in found and found[known.tool.name] is not known:
            raise TypeError(f"{module.__name__} has two tools named {known.tool.name}")
        found[known.tool.name] = known
    return found


def _describe(function: Callable[..., Any], kind: Kind, name: str, policy: Policy) -> PythonTool:
    name = name or function.__name__
    if not _NAME.fullmatch(name):
        raise TypeError(f"{name!r} is no name for a tool: letters, digits, _ and - up to 64")
    if kind not in ("read", "write"):
        raise TypeError(f"{name}: kind must be read or write")
    summary, described = _docstring(function)
    if not summary:
        raise TypeError(f"{name}: the docstring tells the model when to use a tool; write one")
    hints = get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())
    takes_context = bool(parameters) and (
        parameters[0].name == "ctx" or hints.get(parameters[0].name) is Context
    )
    fields: dict[str, Any] = {}
    for parameter in parameters[1:] if takes_context else parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{name}: a tool takes named parameters only")
        if parameter.name not in hints:
            raise TypeError(f"{name}: the parameter {parameter.name} has no type")
        default = ... if parameter.default is parameter.empty else parameter.default
        about = described.get(parameter.name)
        fields[parameter.name] = (hints[parameter.name], Field(default, description=about))
    model: type[BaseModel] = create_model(
        f"{name}_arguments", __config__=ConfigDict(extra="forbid"), **fields
    )
    declared = Tool(name, summary, _schema(model), kind, policy)
    return PythonTool(declared, function, model, takes_context)


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema.pop("title", None)
    for member in schema.get("properties", {}).values():
        member.pop("title", None)
    schema.setdefault("properties", {})
    schema.setdefault("required", [])
    return schema


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """The description, and the parameters' descriptions from the section ``Args:``."""
    text = inspect.getdoc(function) or ""
    summary, *rest = _ARGS.split(text, maxsplit=1)
    described: dict[str, str] = {}
    latest = ""
    for line in rest[0].splitlines() if rest else ():
        found = _ARGUMENT.match(line)
        if found:
            latest = found[1]
            described[latest] = found[2].strip()
        elif line.strip() and not line.startswith(" "):
            break
        elif line.strip() and latest:
            described[latest] += f" {line.strip()}"
    return " ".join(summary.split()), described
