"""Frames as the flight record keeps them: everything that decisions depend on, and no more.

Retell sends the whole transcript with the time of each word on every word that is spoken. Kept as
it comes, a call of ten minutes would fill several megabytes; of an update, the core looks at the
last things said only.

Voices are not kept. Of the agent's, decisions depend on how much came and went; of the caller's, on
how much and how loud. So audio is recorded by its length and loudness, and played back as silence
of that length or a tone of that loudness.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any

import orjson

from app.protocol.body import load_json
from app.protocol.twilio import SILENCE

AUDIO_DELTA = "response.output_audio.delta"
WORDS_DELTA = "response.output_audio_transcript.delta"


def slim(raw: bytes) -> Any:
    """Retell's frame without word times; of an update only what each side said last.

    What is not JSON comes back as text, so that a bad frame is played back as bad.
    """
    frame = value(raw)
    if not isinstance(frame, dict):
        return frame
    transcript = frame.get("transcript")
    if not isinstance(transcript, list):
        return frame
    frame.pop("transcript_with_tool_calls", None)
    if frame.get("interaction_type") == "update_only":
        last = {
            str(entry.get("role")): position
            for position, entry in enumerate(transcript)
            if isinstance(entry, dict)
        }
        transcript = [transcript[position] for position in sorted(last.values())]
    frame["transcript"] = [
        {name: value for name, value in entry.items() if name != "words"}
        if isinstance(entry, dict)
        else entry
        for entry in transcript
    ]
    return frame


def without_audio(raw: bytes) -> Any:
    """The model's event; of speech, the length in place of the audio, and nothing unused."""
    event = value(raw)
    if not isinstance(event, dict) or event.get("type") not in (AUDIO_DELTA, WORDS_DELTA):
        return event
    try:
        said = {name: event[name] for name in ("type", "response_id", "item_id", "delta")}
        if said["type"] == AUDIO_DELTA:
            said["bytes"] = len(b64decode(said.pop("delta"), validate=True))
    except (Base64Error, KeyError, TypeError, ValueError):
        return event
    return said


def with_audio(event: Any) -> bytes:
    """The event that `without_audio` was given, silent."""
    if isinstance(event, dict) and event.get("type") == AUDIO_DELTA and "bytes" in event:
        silence = b64encode(SILENCE * event["bytes"]).decode()
        event = {**{n: v for n, v in event.items() if n != "bytes"}, "delta": silence}
    return raw_of(event)


def value(raw: str | bytes) -> Any:
    """The JSON value of a frame, or its text where it is none."""
    try:
        return load_json(raw)
    except orjson.JSONDecodeError:
        return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")


def raw_of(value: Any) -> bytes:
    """The frame that `value` was given."""
    return value.encode() if isinstance(value, str) else orjson.dumps(value)
