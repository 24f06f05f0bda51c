"""A shop's MCP server, made with the SDK: arguments are ``stdio`` or a port, and a version.

Version 2 wants a postcode beside the order's number.
"""

from __future__ import annotations

import sys

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

ORDERS: list[str] = []


def make(version: str) -> MCPServer:
    """The server in one of its versions."""
    server = MCPServer("shop", version=version)
    if version == "1":

        @server.tool(annotations=ToolAnnotations(read_only_hint=True))
        def find_order(order_id: str) -> str:
            """Find an order by its number."""
            return f"Order {order_id} is sent."
    else:

        @server.tool(name="find_order", annotations=ToolAnnotations(read_only_hint=True))
        def find_order_at(order_id: str, postcode: str) -> str:
            """Find an order by its number and postcode."""
            return f"Order {order_id} for {postcode} is sent."

    @server.tool()
    def place_order(item: str, pieces: int = 1) -> dict[str, int | str]:
        """Place an order."""
        if item == "moon":
            raise ToolError("We do not sell the moon.")
        ORDERS.extend([item] * pieces)
        return {"item": item, "placed": len(ORDERS)}

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    async def take_time(seconds: float) -> str:
        """Take a while."""
        await anyio.sleep(seconds)
        return "done"

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def huge(size: int) -> str:
        """Answer at length."""
        return "x" * size

    return server


def main(where: str, version: str) -> None:
    """Serve until the input ends, or for ever."""
    server = make(version)
    if where == "stdio":

        @server.tool()
        def count_letters(text: str) -> int:
            """Count the letters of a text."""
            return len(text)

        server.run("stdio")
    else:
        server.run("streamable-http", host="127.0.0.1", port=int(where))


if __name__ == "__main__":
    main(*sys.argv[1:])
