"""The least that joins a media stream to a Realtime session, in the shape of Twilio's sample.

Forwards media both ways, marks every piece of audio, and on the caller's speech truncates by the
stream's clock and clears. asyncio, no framework, no SDK, no state, no tools, no record. Everything
it does not do costs it nothing. ``python -m bench.peers.bare_twilio PORT``; reads MODEL_URL.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

MODEL_URL = os.environ["MODEL_URL"]
FORMAT = {"type": "audio/pcmu"}
SESSION: dict[str, Any] = {
    "type": "session.update",
    "session": {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": "You are a helpful assistant.",
        "audio": {
            "input": {"format": FORMAT, "turn_detection": {"type": "server_vad"}},
            "output": {"format": FORMAT, "voice": "alloy"},
        },
    },
}


class Bridge:
    """One call."""

    def __init__(self, phone: ServerConnection, model: ClientConnection) -> None:
        self.phone = phone
        self.model = model
        self.stream_sid = ""
        self.latest_ms = 0
        self.item: str | None = None
        self.item_began: int | None = None
        self.marks: list[str] = []

    async def up(self) -> None:
        async for raw in self.phone:
            frame = orjson.loads(raw)
            event = frame["event"]
            if event == "media":
                self.latest_ms = int(frame["media"]["timestamp"])
                audio = frame["media"]["payload"]
                await send(self.model, {"type": "input_audio_buffer.append", "audio": audio})
            elif event == "mark":
                if self.marks:
                    self.marks.pop(0)
            elif event == "start":
                self.stream_sid = frame["start"]["streamSid"]
                await send(self.model, {"type": "response.create"})
            elif event == "stop":
                return

    async def down(self) -> None:
        try:
            async for raw in self.model:
                event = orjson.loads(raw)
                if event["type"] == "response.output_audio.delta":
                    await self.play(event)
                elif event["type"] == "input_audio_buffer.speech_started":
                    await self.interrupted()
        except ConnectionClosed:
            pass

    async def play(self, event: dict[str, Any]) -> None:
        media = {"payload": event["delta"]}
        await send(self.phone, {"event": "media", "streamSid": self.stream_sid, "media": media})
        if self.item != event["item_id"]:
            self.item, self.item_began = event["item_id"], self.latest_ms
        mark = {"name": "responsePart"}
        await send(self.phone, {"event": "mark", "streamSid": self.stream_sid, "mark": mark})
        self.marks.append("responsePart")

    async def interrupted(self) -> None:
        if not self.marks or self.item_began is None:
            return
        played = self.latest_ms - self.item_began
        await send(
            self.model,
            {
                "type": "conversation.item.truncate",
                "item_id": self.item,
                "content_index": 0,
                "audio_end_ms": played,
            },
        )
        await send(self.phone, {"event": "clear", "streamSid": self.stream_sid})
        self.marks.clear()
        self.item = self.item_began = None


async def send(to: ServerConnection | ClientConnection, message: dict[str, Any]) -> None:
    await to.send(orjson.dumps(message), text=True)


async def media_stream(phone: ServerConnection) -> None:
    async with connect(
        MODEL_URL, compression=None, max_size=None, ping_interval=None, proxy=None
    ) as model:
        await send(model, SESSION)
        bridge = Bridge(phone, model)
        reader = asyncio.create_task(bridge.down())
        try:
            await bridge.up()
        finally:
            reader.cancel()


async def main(port: int) -> None:
    async with serve(
        media_stream, "127.0.0.1", port, compression=None, ping_interval=None
    ) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
