"""The audio load's process: a talking model and telephones in one asyncio loop.

``python -m bench.audio_load '{"calls": 25, ...}'`` prints one JSON object, with ``start`` and
``stop`` marks around the measured time, as `bench.load` does.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import random
import sys
import time
import xml.etree.ElementTree as ET
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.audio_model import FRAME, SPEECH, STAMP_BYTES, Ears, serve_talk, stamp_of, stamped
from bench.load import mark

FRAME_S = 0.02
#: A caller interrupts the agent about as often.
INTERRUPT_S = 6.0
_ids = itertools.count(1)


class Heard:
    """What all telephones measured, in ns."""

    def __init__(self, ears: Ears) -> None:
        self.ears = ears
        self.down: list[int] = []
        self.jitter: list[int] = []
        self.cleared: list[int] = []
        self.frames = 0
        self.failures: list[str] = []

    def forget(self) -> None:
        """Measure from here on."""
        self.down, self.jitter, self.cleared, self.frames = [], [], [], 0
        self.ears.frames, self.ears.last = [], []


class Phone:
    """One call."""

    def __init__(self, base: str, voice: bool, heard: Heard) -> None:
        self.base = base
        self.voice = voice
        self.heard = heard
        self.call_sid = f"CA{time.time_ns():x}{next(_ids):x}"
        self.sid = f"MZ{self.call_sid}"
        self.ws: ClientConnection
        self.last_at = self.last_ns = 0
        self.said = 0
        self.tasks: list[asyncio.Task[None]] = []
        self.buffered_to = 0.0
        self.waiting: dict[int, tuple[str, asyncio.TimerHandle]] = {}
        self.marks: asyncio.Queue[str] = asyncio.Queue()
        self.listening = asyncio.Event()

    async def open(self) -> None:
        """Ring where that is how a call begins, open the stream, wait for the agent's voice."""
        url, parameters = f"ws://{urlsplit(self.base).netloc}/media-stream", {}
        if self.voice:
            url, parameters = await self.ring()
        self.ws = await connect(
            url, compression=None, ping_interval=None, open_timeout=30, max_size=None, proxy=None
        )
        start = {
            "accountSid": "AC1",
            "streamSid": self.sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        await self.send(event="connected", protocol="Call", version="1.0.0")
        await self.send(event="start", start=start)
        self.tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._talk())]
        await asyncio.wait_for(self.listening.wait(), 30)

    async def ring(self) -> tuple[str, dict[str, str]]:
        """What the TwiML says."""
        parts = urlsplit(self.base)
        body = urlencode({"CallSid": self.call_sid, "From": "+14155550100", "To": "+1415555019"})
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(
            f"POST /twilio/voice HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
            f"\r\n{body}".encode()
        )
        answer = await reader.read()
        writer.close()
        noun = ET.fromstring(answer.split(b"\r\n\r\n", 1)[1])[0][0]  # noqa: S314 - our own
        return noun.get("url", ""), {p.get("name", ""): p.get("value", "") for p in noun}

    async def send(self, **frame: Any) -> None:
        await self.ws.send(orjson.dumps({"streamSid": self.sid, **frame}), text=True)

    async def _talk(self) -> None:
        """A frame each 20 ms, and every few seconds the agent is interrupted."""
        await asyncio.sleep(random.random() * FRAME_S)
        due, number = time.monotonic(), 0
        interrupt_at = due + random.uniform(2.0, 2.0 + INTERRUPT_S)
        head = f'{{"event":"media","sequenceNumber":"%d","streamSid":"{self.sid}","media":{{'
        head += '"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%s"}}'
        try:
            while True:
                number += 1
                flag = b"\x00"
                if due >= interrupt_at and self.buffered_to > due:
                    flag, interrupt_at = SPEECH, due + random.uniform(0.75, 1.25) * INTERRUPT_S
                audio = stamped(FRAME, flag)
                if flag == SPEECH:
                    self.said = (stamp_of(audio) or (0, b""))[0]
                payload = b64encode(audio).decode()
                await self.ws.send(head % (number, number, number * 20, payload))
                while not self.marks.empty():
                    name = self.marks.get_nowait()
                    await self.send(event="mark", mark={"name": name})
                due += FRAME_S
                await asyncio.sleep(max(0.0, due - time.monotonic()))
        except ConnectionClosed:
            pass

    async def _read(self) -> None:
        heard = self.heard
        async for raw in self.ws:
            now = time.monotonic_ns()
            if raw[:15] == '{"event":"media' or raw[:15] == b'{"event":"media':
                self._media(orjson.loads(raw)["media"]["payload"], now)
                continue
            frame = orjson.loads(raw)
            if frame["event"] == "mark":
                self._mark(frame["mark"]["name"])
            elif frame["event"] == "clear":
                self.buffered_to = 0.0
                for name, timer in self.waiting.values():
                    timer.cancel()
                    self.marks.put_nowait(name)
                self.waiting.clear()
                told = heard.ears.interruptions.get(self.said)
                if told is not None:
                    heard.cleared.append(now - told)
                self.last_at = 0

    def _mark(self, name: str) -> None:
        """A mark comes back when the audio before it was played."""
        number = next(_ids)
        left = max(0.0, self.buffered_to - time.monotonic())
        timer = asyncio.get_running_loop().call_later(left, self._played, number)
        self.waiting[number] = (name, timer)

    def _played(self, number: int) -> None:
        name, _ = self.waiting.pop(number)
        self.marks.put_nowait(name)

    def _media(self, payload: str, now: int) -> None:
        heard = self.heard
        heard.frames += 1
        self.listening.set()
        size = len(payload) * 3 // 4 - payload.count("=", -2)
        length = size * 125_000
        self.buffered_to = max(self.buffered_to, now / 1e9) + size / 8000
        if self.last_at:
            gap = now - self.last_at
            # A stretch that begins anew (after a clear) is no jitter.
            if gap < 400_000_000:
                heard.jitter.append(abs(gap - self.last_ns))
        self.last_at, self.last_ns = now, length
        found = stamp_of(b64decode(payload[: (STAMP_BYTES // 3 + 1) * 4]))
        if found is not None:
            heard.down.append(now - found[0])

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await self.ws.close()


async def run(task: dict[str, Any]) -> dict[str, Any]:
    """Perform one measurement."""
    ears = Ears()
    heard = Heard(ears)
    model = await serve_talk(task["model_port"], ears)
    phones = [Phone(task["url"], task["voice"], heard) for _ in range(task["calls"])]
    mark("before")
    for phone in phones:
        await phone.open()
        await asyncio.sleep(1.0 / len(phones))
    await asyncio.sleep(2.0)
    heard.forget()
    gc.collect()
    gc.disable()
    mark("start")
    began = time.monotonic()
    await asyncio.sleep(task["seconds"])
    seconds = time.monotonic() - began
    mark("stop", seconds=seconds)
    gc.enable()
    await asyncio.gather(*(phone.close() for phone in phones), return_exceptions=True)
    await asyncio.sleep(0.2)
    model.close()
    return {
        "up": ears.frames,
        "up_last": ears.last,
        "down": heard.down,
        "jitter": heard.jitter,
        "frames": heard.frames,
        "seconds": seconds,
        "calls": len(phones),
        "cleared": heard.cleared,
        "failures": heard.failures[:5],
        "failed": len(heard.failures),
    }


if __name__ == "__main__":
    result = asyncio.run(run(orjson.loads(sys.argv[1])))
    sys.stdout.write(orjson.dumps({"result": result}).decode() + "\n")
