"""Retell as a load: many callers on the custom-LLM socket, who note when they hear what."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PING_S = 2.0
UPDATES = 3
ANSWER_TIMEOUT_S = 10.0


@dataclass
class Heard:
    """What all callers measured. Times are ns unless named otherwise."""

    greetings: list[int] = field(default_factory=list)
    forwarded: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    added: list[int] = field(default_factory=list)
    turns: int = 0
    frames: int = 0
    failures: list[str] = field(default_factory=list)


class Caller:
    """One call: connects, hears the greeting, then takes turns when told."""

    def __init__(self, url: str, call_id: str, heard: Heard) -> None:
        self.url = f"{url}/{call_id}"
        self.call_id = call_id
        self.heard = heard
        self.transcript: list[dict[str, str]] = []
        self.response_id = 0
        self.saying = ""
        self.done = asyncio.Event()
        self.asked_at = 0
        self.first_heard = False
        self.tasks: list[asyncio.Task[None]] = []
        self.ws: ClientConnection

    async def open(self) -> None:
        """Connect and wait for the greeting to end."""
        began = time.monotonic_ns()
        self.ws = await connect(
            self.url, compression=None, ping_interval=None, open_timeout=30, max_size=None
        )
        self.tasks.append(asyncio.create_task(self._read(began)))
        await asyncio.wait_for(self.done.wait(), 30)
        self.tasks.append(asyncio.create_task(self._ping()))

    async def turn(self, words: str) -> None:
        """Say `words` and hear the answer to its end."""
        if self.saying.strip():
            self.transcript.append({"role": "agent", "content": self.saying})
        self.saying, parts = "", words.split(" ")
        self.transcript.append({"role": "user", "content": ""})
        for number in range(1, UPDATES + 1):
            part = " ".join(parts[: len(parts) * number // UPDATES])
            self.transcript[-1]["content"] = part
            frame = {"interaction_type": "update_only", "transcript": self.transcript}
            await self._send({**frame, "turntaking": "user_turn"})
            await asyncio.sleep(0.01)
        self.response_id += 1
        self.done.clear()
        self.first_heard = False
        request = orjson.dumps(
            {
                "interaction_type": "response_required",
                "response_id": self.response_id,
                "transcript": self.transcript,
            }
        ).decode()
        self.asked_at = time.monotonic_ns()
        await self.ws.send(request)
        await asyncio.wait_for(self.done.wait(), ANSWER_TIMEOUT_S)
        self.heard.turns += 1
        self.transcript = self.transcript[-12:]

    async def keep_talking(self, period_s: float, until: float, words: str) -> None:
        """Take a turn every `period_s` seconds, from a random moment on, until the loop's time."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(random.uniform(0, period_s))
        while loop.time() < until:
            began = loop.time()
            try:
                await self.turn(words)
            except (TimeoutError, ConnectionClosed) as error:
                self.heard.failures.append(f"{self.call_id}: {type(error).__name__} {error}")
                return
            await asyncio.sleep(max(0.0, period_s - (loop.time() - began)))

    async def close(self) -> None:
        """Hang up."""
        for task in self.tasks:
            task.cancel()
        await self.ws.close()

    async def _send(self, frame: dict[str, Any]) -> None:
        await self.ws.send(orjson.dumps(frame).decode())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            await self._send(
                {"interaction_type": "ping_pong", "timestamp": int(time.time() * 1000)}
            )

    async def _read(self, began: int) -> None:
        async for raw in self.ws:
            now = time.monotonic_ns()
            self.heard.frames += 1
            frame = orjson.loads(raw)
            kind = frame.get("response_type", "response")
            if kind == "config":
                call = {"call_id": self.call_id, "call_type": "web_call", "agent_id": "agent_1"}
                await self._send({"interaction_type": "call_details", "call": call})
            if kind != "response" or frame["response_id"] != self.response_id:
                continue
            self.saying += frame["content"]
            if frame["content"] and not self.first_heard:
                self.first_heard = True
                if self.response_id == 0:
                    self.heard.greetings.append(now - began)
                else:
                    self._note(frame["content"], now)
            if frame["content_complete"]:
                self.done.set()

    def _note(self, content: str, now: int) -> None:
        stamp = content.split(" ")[0].split("|")
        if len(stamp) == 2 and stamp[0].isdigit() and stamp[1].isdigit():
            asked, sent = int(stamp[0]), int(stamp[1])
            self.heard.forwarded.append(asked - self.asked_at)
            self.heard.returned.append(now - sent)
            self.heard.added.append(asked - self.asked_at + now - sent)
