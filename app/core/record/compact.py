"""Frames as the flight record keeps them: everything that decisions depend on, and no more.

Retell sends the whole transcript with the time of each word on every word that is spoken. Kept as
it comes, a call of ten minutes would fill several megabytes; of an update, the core looks at the
last things said only.
"""

from __future__ import annotations

from typing import Any

import orjson

from app.protocol.body import load_json


def slim(raw: bytes) -> Any:
    """The frame without word times; of an update only what each side said last.

    What is not JSON comes back as text, so that a bad frame is played back as bad.
    """
    try:
        frame = load_json(raw)
    except orjson.JSONDecodeError:
        return raw.decode("utf-8", "replace")
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
