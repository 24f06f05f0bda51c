"""The least that joins Retell's socket to a Realtime session: asyncio, raw JSON, no SDK, no state.

A stricter peer than any framework: everything it does not do (history, tools, watchdogs, record,
reconnects) costs it nothing. ``python -m bench.peers.bare_realtime PORT``; reads MODEL_URL.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

GREETING = "Hello, how can I help you today?"
MODEL_URL = os.environ["MODEL_URL"]
TLS = ssl.create_default_context() if MODEL_URL.startswith("wss:") else None


async def llm_socket(socket: ServerConnection) -> None:
    await send(socket, {"response_type": "config", "config": {"call_details": True}})
    await send(socket, frame(0, GREETING, True))
    newest = [0]
    async with connect(
        MODEL_URL, ssl=TLS, compression=None, max_size=None, ping_interval=None, proxy=None
    ) as model:
        reader = asyncio.create_task(speak(socket, model, newest))
        async for raw in socket:
            message = orjson.loads(raw)
            kind = message["interaction_type"]
            if kind == "ping_pong":
                pong = {"response_type": "ping_pong", "timestamp": message["timestamp"]}
                await send(socket, pong)
            elif kind == "response_required":
                newest[0] = message["response_id"]
                text = message["transcript"][-1]["content"]
                part = {"type": "input_text", "text": text}
                item = {"type": "message", "role": "user", "content": [part]}
                await send(model, {"type": "conversation.item.create", "item": item})
                await send(model, {"type": "response.create"})
        reader.cancel()


async def speak(socket: ServerConnection, model: ClientConnection, newest: list[int]) -> None:
    try:
        async for raw in model:
            event = orjson.loads(raw)
            if event["type"] == "response.output_text.delta":
                await send(socket, frame(newest[0], event["delta"], False))
            elif event["type"] == "response.done":
                await send(socket, frame(newest[0], "", True))
    except ConnectionClosed:
        pass


async def send(to: ServerConnection | ClientConnection, message: dict[str, Any]) -> None:
    await to.send(orjson.dumps(message), text=True)


def frame(response_id: int, content: str, complete: bool) -> dict[str, Any]:
    return {
        "response_type": "response",
        "response_id": response_id,
        "content": content,
        "content_complete": complete,
    }


async def main(port: int) -> None:
    async with serve(llm_socket, "127.0.0.1", port, compression=None, ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
