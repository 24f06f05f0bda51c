"""A module of tools as a user would write it."""

from __future__ import annotations

import asyncio

from app.tools import Context, ToolError, tool


@tool()
def weather(ctx: Context, city: str, days: int = 1) -> dict[str, str | int]:
    """Tell the weather.

    Args:
        city: Where.
        days: For how many days.
    """
    if city == "nowhere":
        raise ToolError("There is no such city. Ask again.")
    return {"city": city, "days": days, "weather": "sunny", "for": ctx.call_id}


@tool(kind="write")
async def remind(ctx: Context, text: str) -> str:
    """Write a reminder."""
    await asyncio.sleep(0.01)
    return f"{text} ({ctx.settings.get('desk', 'front desk')}, {ctx.idempotency_key})"
