"""A model that answers at once and stamps its words, so that what a backend adds can be told.

Speaks as much of the Realtime protocol as a text call needs, and streamed chat completions for
the peer that is built on them. The first delta of each answer is ``<ns asked>|<ns sent>``, both
readings of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import Any

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.realtime_events import new_id, response_done, response_object, session_object

WORDS = (
    " I can book that for you, and I have looked at the calendar for next week as well. "
    "There is a free time on Tuesday morning and another on Thursday afternoon."
).split(" ")
#: Text of a caller that makes the model call a tool instead of answering.
TOOL_CUE = "free times"
TOOL = ("check_availability", '{"service":"checkup","part_of_day":"morning"}')


class Tools:
    """When each function call was given, and how long its output took, in ns."""

    def __init__(self) -> None:
        self.given: dict[str, int] = {}
        self.round_trips: list[int] = []


class Pace:
    """How an answer is streamed: `words` deltas, `gap_s` seconds apart."""

    def __init__(self, words: int = 24, gap_s: float = 0.025) -> None:
        self.words = [WORDS[i % len(WORDS)] + " " for i in range(words)]
        self.gap_s = gap_s


class RealtimeSession:
    """One connection. Conversation items are acknowledged and forgotten."""

    def __init__(self, ws: ServerConnection, pace: Pace, tools: Tools) -> None:
        self.ws = ws
        self.pace = pace
        self.tools = tools
        self.last_user = ""
        self.answer: asyncio.Task[None] | None = None

    async def run(self) -> None:
        await self.send({"type": "session.created", "session": session_object()})
        async for raw in self.ws:
            arrived = time.monotonic_ns()
            event = orjson.loads(raw)
            kind = event["type"]
            if kind == "response.create":
                self.answer = asyncio.create_task(self.respond(event.get("response", {}), arrived))
            elif kind == "conversation.item.create":
                await self.take_item(event["item"], arrived)
            elif kind == "session.update":
                await self.send({"type": "session.updated", "session": session_object()})
            elif kind == "conversation.item.delete":
                await self.send({"type": "conversation.item.deleted", "item_id": event["item_id"]})
            elif kind == "response.cancel" and self.answer is not None:
                self.answer.cancel()

    async def send(self, event: dict[str, Any]) -> None:
        event["event_id"] = new_id("event")
        try:
            await self.ws.send(orjson.dumps(event), text=True)
        except ConnectionClosed:
            pass  # the backend hung up in the middle of an answer

    async def take_item(self, item: dict[str, Any], arrived: int) -> None:
        item = {"id": new_id("item"), **item}
        if item["type"] == "function_call_output":
            self.last_user = ""
            given = self.tools.given.pop(item["call_id"], None)
            if given is not None:
                self.tools.round_trips.append(arrived - given)
        elif item.get("role") == "user":
            self.last_user = item["content"][0].get("text", "")
        for kind in ("added", "done"):
            await self.send({"type": f"conversation.item.{kind}", "item": item})

    async def respond(self, request: dict[str, Any], asked: int) -> None:
        response = response_object(request.get("metadata"))
        calls = TOOL_CUE in self.last_user
        item: dict[str, Any] = {"id": new_id("item"), "status": "in_progress"}
        if calls:
            call_id = new_id("call")
            item |= {"type": "function_call", "call_id": call_id, "name": TOOL[0], "arguments": ""}
        else:
            item |= {"type": "message", "role": "assistant", "content": []}
        place = {"response_id": response["id"], "output_index": 0}
        try:
            await self.send({"type": "response.created", "response": response})
            await self.send({"type": "response.output_item.added", "item": item, **place})
            await self.send({"type": "conversation.item.added", "item": item})
            if calls:
                item = {**item, "arguments": TOOL[1], "status": "completed"}
            else:
                text = await self.speak({**place, "item_id": item["id"], "content_index": 0}, asked)
                part = {"type": "output_text", "text": text}
                item = {**item, "content": [part], "status": "completed"}
            status = "completed"
        except asyncio.CancelledError:
            status = "cancelled"
        await self.send({"type": "response.output_item.done", "item": item, **place})
        if calls:
            self.tools.given[item["call_id"]] = time.monotonic_ns()
        await self.send(response_done(response, status, item))

    async def speak(self, place: dict[str, Any], asked: int) -> str:
        part = {"type": "text", "text": ""}
        await self.send({"type": "response.content_part.added", "part": part, **place})
        kind = "response.output_text.delta"
        words = [f"{asked}|{time.monotonic_ns()}"]
        await self.send({"type": kind, "delta": words[0], **place})
        for word in self.pace.words:
            if self.pace.gap_s:
                await asyncio.sleep(self.pace.gap_s)
            await self.send({"type": kind, "delta": word, **place})
            words.append(word)
        await self.send({"type": "response.output_text.done", "text": "".join(words), **place})
        return "".join(words)


async def serve_realtime(
    port: int, pace: Pace, tools: Tools, tls: ssl.SSLContext | None = None
) -> Server:
    """Serve ``/v1/realtime`` on the loopback address."""

    async def handler(ws: ServerConnection) -> None:
        try:
            await RealtimeSession(ws, pace, tools).run()
        except ConnectionClosed:
            pass

    return await serve(
        handler, "127.0.0.1", port, ssl=tls, compression=None, ping_interval=None, max_size=None
    )


async def serve_chat(port: int, pace: Pace, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    """Serve streamed ``/v1/chat/completions`` on the loopback address."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                await reader.readexactly(length)
                await _stream(writer, time.monotonic_ns(), pace)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the backend hung up, or the measurement is over
        finally:
            writer.close()

    return await asyncio.start_server(handler, "127.0.0.1", port, ssl=tls)


async def _stream(writer: asyncio.StreamWriter, asked: int, pace: Pace) -> None:
    def chunk(data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data)

    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    base = {"id": new_id("chatcmpl"), "object": "chat.completion.chunk", "model": "m"}
    words = [f"{asked}|{time.monotonic_ns()}", *pace.words]
    for number, word in enumerate(words):
        if number and pace.gap_s:
            await asyncio.sleep(pace.gap_s)
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
        data = orjson.dumps({**base, "created": 1, "choices": [choice]})
        writer.write(chunk(b"data: %b\n\n" % data))
        await writer.drain()
    writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
    await writer.drain()
