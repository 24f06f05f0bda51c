"""A custom-LLM server in the shape that Retell's Python demo has, on FastAPI.

One handler per socket; a chat client per call; each frame handled in a task of its own; an answer
streamed frame by frame as the model's chunks come, given up when a newer request is seen. No state,
no reconnect, no limits. Run with uvicorn from an environment of its own (see `bench.peers.setup`).
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from openai import AsyncOpenAI

GREETING = "Hello, how can I help you today?"
PROMPT = "You are a friendly receptionist. Answer in one or two short sentences."

app = FastAPI()


class ChatAgent:
    """The model's side of one call."""

    def __init__(self) -> None:
        self.client = AsyncOpenAI(
            api_key="key", base_url=os.environ["CHAT_BASE_URL"], max_retries=0
        )

    def greeting(self) -> dict[str, Any]:
        return frame(0, GREETING, True)

    async def answer(self, request: dict[str, Any]) -> Any:
        messages: list[Any] = [{"role": "system", "content": PROMPT}]
        for entry in request["transcript"]:
            role = "assistant" if entry["role"] == "agent" else "user"
            messages.append({"role": role, "content": entry["content"]})
        stream = await self.client.chat.completions.create(
            model="gpt-4o", messages=messages, stream=True
        )
        async for chunk in stream:
            if chunk.choices[0].delta.content is not None:
                yield frame(request["response_id"], chunk.choices[0].delta.content, False)
        yield frame(request["response_id"], "", True)


def frame(response_id: int, content: str, complete: bool) -> dict[str, Any]:
    return {
        "response_type": "response",
        "response_id": response_id,
        "content": content,
        "content_complete": complete,
        "end_call": False,
    }


@app.websocket("/llm-websocket/{call_id}")  # type: ignore[untyped-decorator]
async def llm_socket(socket: WebSocket, call_id: str) -> None:
    await socket.accept()
    agent = ChatAgent()
    newest = 0
    tasks: set[asyncio.Task[None]] = set()
    await socket.send_json(
        {"response_type": "config", "config": {"auto_reconnect": True, "call_details": True}}
    )

    async def handle(message: dict[str, Any]) -> None:
        nonlocal newest
        kind = message["interaction_type"]
        if kind == "call_details":
            await socket.send_json(agent.greeting())
        elif kind == "ping_pong":
            await socket.send_json(
                {"response_type": "ping_pong", "timestamp": message["timestamp"]}
            )
        elif kind in ("response_required", "reminder_required"):
            newest = message["response_id"]
            async for answer in agent.answer(message):
                await socket.send_json(answer)
                if message["response_id"] < newest:
                    break

    try:
        async for message in socket.iter_json():
            task = asyncio.create_task(handle(message))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    except WebSocketDisconnect:
        pass


@app.post("/webhook")  # type: ignore[untyped-decorator]
async def webhook(request: Request) -> dict[str, bool]:
    """Verify the signature and print: what a demo does with a webhook."""
    import hashlib
    import hmac

    raw = await request.body()
    parts = dict(
        part.split("=", 1) for part in request.headers.get("x-retell-signature", "").split(",")
    )
    expected = hmac.new(
        os.environ["RETELL_API_KEY"].encode(), raw + parts["v"].encode(), hashlib.sha256
    ).hexdigest()
    if not hmac.compare_digest(expected, parts["d"]):
        raise ValueError("wrong signature")
    event = await request.json()
    print(event["event"], event["call"]["call_id"])
    return {"received": True}
