"""A tool that looks orders up."""

from __future__ import annotations

from app.tools import tool


@tool()
def order(number: str) -> str:
    """Look up an order.

    Args:
        number: The number on the invoice.
    """
    return f"{number} is sent"
