"""Server events as bytes. The delta's shape is written once per content part, not per delta."""

from __future__ import annotations

from typing import Any

import orjson


def encode(event: dict[str, Any], event_id: str) -> bytes:
    """One event of any kind with its id."""
    return orjson.dumps({**event, "event_id": event_id})


class DeltaWriter:
    """Writes the deltas of one content part or argument string: three bytes joins per delta.

    `kind` is the event's type, `where` its other fields, which stay the same for all deltas.
    """

    __slots__ = ("_head", "kind")

    def __init__(self, kind: str, where: dict[str, Any]) -> None:
        self.kind = kind
        self._head = orjson.dumps({"type": kind, **where})[:-1] + b',"delta":'

    def write(self, delta: str, event_id: str) -> bytes:
        """The event with a delta of text or of JSON."""
        return b'%b%b,"event_id":"%b"}' % (self._head, orjson.dumps(delta), event_id.encode())

    def write_base64(self, delta: bytes, event_id: str) -> bytes:
        """The event with audio that is base64 already."""
        return b'%b"%b","event_id":"%b"}' % (self._head, delta, event_id.encode())
