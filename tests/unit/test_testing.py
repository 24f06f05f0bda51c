"""Trying a tool without a telephone."""

from __future__ import annotations

import pytest

from app.testing import run_tool
from app.tools import Context
from tests.support.my_tools import remind, weather


def test_one_call_and_one_assertion() -> None:
    assert run_tool(weather, city="Rome")["output"]["weather"] == "sunny"


def test_arguments_are_checked_as_the_models_are() -> None:
    found = run_tool(weather, days=2)
    assert found["output"] == {
        "error": "bad_arguments",
        "message": "Missing: city. Ask the caller.",
    }


def test_an_async_tool_is_waited_for() -> None:
    found = run_tool(remind, Context(idempotency_key="k"), text="Call Kim")
    assert found["output"]["result"] == "Call Kim (front desk, k)"


def test_a_function_without_the_decorator_is_an_error() -> None:
    with pytest.raises(TypeError, match="no decorator"):
        run_tool(print)
