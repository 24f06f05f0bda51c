"""Functions as tools: schema from types and docstring, arguments checked, errors told."""

from __future__ import annotations

import types
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from app.core.tools.arguments import check_schema
from app.tools import Context, PythonTool, ToolError, tool, tools_of


class Guest(BaseModel):
    name: str
    child: bool = False


@tool(kind="write", confirm=True, holding_line="One moment.", timeout_s=4)
def book_table(
    ctx: Context, people: int, room: Literal["inside", "terrace"] = "inside",
    guests: list[Guest] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Book a table
    for today.

    Args:
        people: How many come,
            children included.
        room (str): Where they sit.

    Returns:
        The table.
    """
    if people > 12:
        raise ToolError("That is too many for one table.")
    names = [guest.name for guest in guests or ()]
    return {"people": people, "room": room, "key": ctx.idempotency_key, "names": names}


@tool()
async def opening_hours() -> str:
    """When we are open."""
    return "nine to five"


def module(**members: Any) -> types.ModuleType:
    made = types.ModuleType("my_tools")
    vars(made).update(members)
    return made


TOOLS = tools_of(module(book_table=book_table, hours=opening_hours, also=book_table, other=3))


def call(**arguments: Any) -> Any:
    return TOOLS["book_table"].call(Context(idempotency_key="k1"), arguments)


def test_the_declaration_comes_from_types_and_docstring() -> None:
    declared = TOOLS["book_table"].tool

    assert declared.description == "Book a table for today."
    assert declared.kind == "write"
    assert declared.policy.confirm
    assert declared.policy.holding_line == "One moment."
    assert declared.parameters["required"] == ["people"]
    assert declared.parameters["properties"]["people"] == {
        "type": "integer", "description": "How many come, children included.",
    }  # fmt: skip
    assert declared.parameters["properties"]["room"]["enum"] == ["inside", "terrace"]
    assert declared.parameters["properties"]["room"]["description"] == "Where they sit."
    assert check_schema(declared.parameters) == ""


def test_a_module_is_searched_for_its_tools() -> None:
    assert set(TOOLS) == {"book_table", "opening_hours"}


def test_arguments_arrive_with_their_types_and_the_context_first() -> None:
    found = call(people=4, guests=[{"name": "Ada"}])
    assert found == {"people": 4, "room": "inside", "key": "k1", "names": ["Ada"]}


def test_a_function_may_do_without_the_context() -> None:
    coroutine = TOOLS["opening_hours"].call(Context(), {})
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    assert ended.value.value == "nine to five"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"people": "many"}, "people: "), ({}, "people: "), ({"people": 1, "x": 1}, "x: ")],
)
def test_arguments_that_do_not_fit_are_an_error_in_words(
    arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(ToolError, match=said):
        call(**arguments)


def test_a_marked_function_is_still_the_function() -> None:
    assert book_table(Context(), 2)["people"] == 2
    with pytest.raises(ToolError, match="too many"):
        call(people=13)


def no_docstring(a: str) -> None: ...
def no_type(a) -> None:  # type: ignore[no-untyped-def]
    """Text."""


def many(*a: str) -> None:
    """Text."""


@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        (no_docstring, {}, "docstring"),
        (no_type, {}, "has no type"),
        (many, {}, "named parameters only"),
        (opening_hours, {"name": "opening hours"}, "no name for a tool"),
        (opening_hours, {"kind": "action"}, "read or write"),
    ],
)
def test_what_cannot_be_a_tool_is_an_error_at_import(
    function: Any, options: Any, said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        tool(**options)(function)


def test_a_name_given_twice_is_an_error() -> None:
    def other(ctx: Context) -> None:
        """Text."""

    tool(name="book_table")(other)
    assert isinstance(vars(other)["__callsmith_tool__"], PythonTool)
    with pytest.raises(TypeError, match="two tools named book_table"):
        tools_of(module(a=book_table, b=other))
