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

from bench.audio_model import FRAME, SPEECH, STAMP_BYTES, Ears, serve_talk, stamp_of, stamped
from bench.load import mark
from bench.thin_socket import ThinSocket, connect

FRAME_S = 0.02
#: A caller interrupts the agent about as often; where there are few, more often.
INTERRUPT_S, FEW, INTERRUPT_FEW_S = 6.0, 10, 1.5
#: So much of a stretch may come at once, to be the telephone's buffer; spacing counts after it.
BUFFER_S = 0.25
_ids = itertools.count(1)


class Heard:
    """What all telephones measured, in ns."""

    def __init__(self, ears: Ears, every_s: float) -> None:
        self.ears = ears
        self.every_s = every_s
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
        self.ws: ThinSocket
        self.last_at = self.last_ns = 0
        self.stretch = 0
        self.leaving = False
        self.said = 0
        self.talking: asyncio.Task[None] | None = None
        self.buffered_to = 0.0
        self.waiting: dict[int, tuple[str, asyncio.TimerHandle]] = {}
        self.marks: list[str] = []
        self.listening = asyncio.Event()

    async def open(self) -> None:
        """Ring where that is how a call begins, open the stream, wait for the agent's voice."""
        url = f"ws://{urlsplit(self.base).netloc}/media-stream"
        parameters: dict[str, str] = {}
        if self.voice:
            url, parameters = await self.ring()
        self.ws = await connect(url, self._take, self._ended)
        start = {
            "accountSid": "AC1",
            "streamSid": self.sid,
            "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        self.send(event="connected", protocol="Call", version="1.0.0")
        self.send(event="start", start=start)
        self.talking = asyncio.create_task(self._talk())
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

    def send(self, **frame: Any) -> None:
        self.ws.send(orjson.dumps({"streamSid": self.sid, **frame}))

    async def _talk(self) -> None:
        """A frame each 20 ms, and every few seconds the agent is interrupted."""
        await asyncio.sleep(random.random() * FRAME_S)
        due, number, every = time.monotonic(), 0, self.heard.every_s
        interrupt_at = due + random.uniform(2.0, 2.0 + every)
        head = f'{{"event":"media","sequenceNumber":"%d","streamSid":"{self.sid}","media":{{'
        head += '"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%s"}}'
        while not self.leaving:
            number += 1
            flag = b"\x00"
            if due >= interrupt_at and self.buffered_to > due:
                flag, interrupt_at = SPEECH, due + random.uniform(0.75, 1.25) * every
            audio = stamped(FRAME, flag)
            if flag == SPEECH:
                self.said = (stamp_of(audio) or (0, b""))[0]
            payload = b64encode(audio).decode()
            self.ws.send((head % (number, number, number * 20, payload)).encode())
            marks, self.marks = self.marks, []
            for name in marks:
                self.send(event="mark", mark={"name": name})
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _ended(self) -> None:
        if not self.leaving:
            self.leaving = True
            self.heard.failures.append("the stream ended")

    def _take(self, raw: bytes) -> None:
        heard = self.heard
        now = time.monotonic_ns()
        if raw.startswith(b'{"event":"media'):
            self._media(orjson.loads(raw)["media"]["payload"], now)
            return
        frame = orjson.loads(raw)
        if frame["event"] == "mark":
            self._mark(frame["mark"]["name"])
        elif frame["event"] == "clear":
            self.buffered_to = 0.0
            for name, timer in self.waiting.values():
                timer.cancel()
                self.marks.append(name)
            self.waiting.clear()
            told = heard.ears.interruptions.get(self.said)
            if told is not None:
                heard.cleared.append(now - told)

    def _mark(self, name: str) -> None:
        """A mark comes back when the audio before it was played."""
        number = next(_ids)
        left = max(0.0, self.buffered_to - time.monotonic())
        timer = asyncio.get_running_loop().call_later(left, self._played, number)
        self.waiting[number] = (name, timer)

    def _played(self, number: int) -> None:
        name, _ = self.waiting.pop(number)
        self.marks.append(name)

    def _media(self, payload: str, now: int) -> None:
        heard = self.heard
        heard.frames += 1
        self.listening.set()
        size = len(payload) * 3 // 4 - payload.count("=", -2)
        if self.buffered_to <= now / 1e9:
            self.stretch = 0
        elif self.stretch > BUFFER_S * 8000:
            heard.jitter.append(abs(now - self.last_at - self.last_ns))
        self.stretch += size
        self.buffered_to = max(self.buffered_to, now / 1e9) + size / 8000
        self.last_at, self.last_ns = now, size * 125_000
        found = stamp_of(b64decode(payload[: (STAMP_BYTES // 3 + 1) * 4]))
        if found is not None:
            heard.down.append(now - found[0])

    async def close(self) -> None:
        self.leaving = True
        if self.talking is not None:
            self.talking.cancel()
        self.ws.close()


async def run(task: dict[str, Any]) -> dict[str, Any]:
    """Perform one measurement."""
    ears = Ears()
    heard = Heard(ears, INTERRUPT_S if task["calls"] >= FEW else INTERRUPT_FEW_S)
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
