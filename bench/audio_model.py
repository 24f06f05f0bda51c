"""A model that talks without end and hears all, so that what an audio bridge adds can be told.

Answers are long and streamed four times as fast as they are spoken, as the hosted models do. The
first delta of an answer begins with its own time, and so does every frame of a caller's: readings
of the monotonic clock, which all processes of a machine share. A frame that is marked as speech is
heard as the caller's interruption.
"""

from __future__ import annotations

import asyncio
import struct
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.realtime_events import new_id, response_done, response_object, session_object
from bench.thin_socket import ThinSocket, serve

FRAME, DELTA = 160, 800
#: An answer: so many deltas of 100 ms, so many seconds apart, and a word to every third of them.
DELTAS, DELTA_S, WORD_EACH = 80, 0.025, 3
#: What a stamp begins with: bytes that other audio of this benchmark never has in this order.
MAGIC = b"\x11\x77\x22\x66"
#: The flag after a stamp that makes a caller's frame speech.
SPEECH = b"\x01"
_STAMP = struct.Struct(">q")
STAMP_BYTES = len(MAGIC) + _STAMP.size + 1
#: How long the caller's interruption lasts.
INTERRUPTION_S = 0.7

_SILENT_DELTA = b64encode(b"\xff" * DELTA).decode()


def stamped(size: int, flag: bytes = b"\x00") -> bytes:
    """Audio of `size` bytes that begins with the present time."""
    head = MAGIC + _STAMP.pack(time.monotonic_ns()) + flag
    return head + b"\xff" * (size - len(head))


def stamp_of(audio: bytes) -> tuple[int, bytes] | None:
    """The time (ns) and flag that a piece of audio begins with."""
    if not audio.startswith(MAGIC):
        return None
    at = len(MAGIC)
    return _STAMP.unpack_from(audio, at)[0], audio[at + _STAMP.size : at + _STAMP.size + 1]


@dataclass
class Ears:
    """Times on the way in ns: of all frames, and of those that completed a stretch."""

    frames: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    interruptions: dict[int, int] = field(default_factory=dict)


class TalkingSession:
    """One connection."""

    def __init__(self, ears: Ears) -> None:
        self.ears = ears
        self.socket = ThinSocket(client=False, on_text=self.take, on_end=self.stop)
        self.socket.open.add_done_callback(self.opened)
        self.speaker: asyncio.Task[None] | None = None
        self.answers_itself = True
        self.heard_ms = 0

    def opened(self, shaken: asyncio.Future[None]) -> None:
        if not shaken.cancelled():
            self.send({"type": "session.created", "session": session_object()})

    def take(self, raw: bytes) -> None:
        arrived = time.monotonic_ns()
        event = orjson.loads(raw)
        kind = event["type"]
        if kind == "input_audio_buffer.append":
            self.hear(b64decode(event["audio"]), arrived)
        elif kind == "session.update":
            turns = event["session"].get("audio", {}).get("input", {}).get("turn_detection")
            self.answers_itself = not turns or turns.get("create_response", True)
            self.send({"type": "session.updated", "session": session_object()})
        elif kind == "response.create":
            self.speak(event.get("response") or {})
        elif kind == "response.cancel":
            self.stop()
        elif kind == "conversation.item.create":
            self.send({"type": "conversation.item.added", "item": event["item"]})
        elif kind == "conversation.item.delete":
            self.send({"type": "conversation.item.deleted", "item_id": event["item_id"]})

    def send(self, event: dict[str, Any]) -> None:
        event["event_id"] = new_id("event")
        self.socket.send(orjson.dumps(event))

    def hear(self, audio: bytes, arrived: int) -> None:
        self.heard_ms += len(audio) // 8
        newest = None
        for at in range(0, len(audio), FRAME):
            found = stamp_of(audio[at : at + STAMP_BYTES])
            if found is None:
                continue
            newest, flag = found
            self.ears.frames.append(arrived - newest)
            if flag == SPEECH:
                asyncio.create_task(self.interrupted(newest))  # noqa: RUF006 - ends by itself
        if newest is not None:
            self.ears.last.append(arrived - newest)

    async def interrupted(self, number: int) -> None:
        """Voice detection, for a while: speech, its end, the item, its words."""
        item_id, began = new_id("item"), self.heard_ms
        self.ears.interruptions[number] = time.monotonic_ns()
        self.send(
            {
                "type": "input_audio_buffer.speech_started",
                "item_id": item_id,
                "audio_start_ms": max(0, began - 300),
            }
        )
        if self.answers_itself:
            self.stop()
        await asyncio.sleep(INTERRUPTION_S)
        end = began + int(INTERRUPTION_S * 1000) + 800
        kind = "input_audio_buffer."
        stopped = {"type": f"{kind}speech_stopped", "item_id": item_id, "audio_end_ms": end}
        self.send(stopped)
        self.send({"type": f"{kind}committed", "item_id": item_id, "previous_item_id": None})
        self.send(
            {
                "type": "conversation.item.input_audio_transcription.completed",
                "item_id": item_id,
                "content_index": 0,
                "transcript": "Wait, I would like something else.",
            }
        )
        if self.answers_itself:
            self.speak({})

    def speak(self, request: dict[str, Any]) -> None:
        if request.get("conversation") == "none":
            return  # nobody needs to be told lines by heart here
        self.stop()
        self.speaker = asyncio.create_task(self.answer(request))

    def stop(self) -> None:
        if self.speaker is not None:
            self.speaker.cancel()
            self.speaker = None

    async def answer(self, request: dict[str, Any]) -> None:
        response = response_object(request.get("metadata"))
        item = {"id": new_id("item"), "type": "message", "role": "assistant", "content": []}
        place = {"response_id": response["id"], "output_index": 0, "item_id": item["id"]}
        status = "cancelled"
        try:
            self.send({"type": "response.created", "response": response})
            self.send({"type": "response.output_item.added", "item": item, **place})
            due = time.monotonic()
            for number in range(DELTAS):
                audio = _SILENT_DELTA if number else b64encode(stamped(DELTA)).decode()
                part = {**place, "content_index": 0}
                self.send({"type": "response.output_audio.delta", "delta": audio, **part})
                if number % WORD_EACH == 0:
                    kind = "response.output_audio_transcript.delta"
                    self.send({"type": kind, "delta": " word", **part})
                due += DELTA_S
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            status = "completed"
        except asyncio.CancelledError:
            pass
        self.send({"type": "response.output_item.done", "item": item, **place})
        self.send(response_done(response, status, item))


async def serve_talk(port: int, ears: Ears) -> asyncio.Server:
    """Serve ``/v1/realtime`` on the loopback address."""
    return await serve(port, lambda: TalkingSession(ears).socket)
