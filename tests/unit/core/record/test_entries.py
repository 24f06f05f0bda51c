"""Entries of the flight record: whatever came on the wire can be written and read again."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.bridges.persistence.flight_recorder import FlightRecorder
from app.core.call import events
from app.core.record.entries import encode, event_of

FRAMES: list[bytes] = [
    b'{"interaction_type":"update_only","transcript":[{"role":{"a":1},"content":"x"}]}',
    b'{"interaction_type":"update_only","transcript":[{"role":[],"content":"x"},5,null]}',
    b'{"interaction_type":"call_details","call":%b1%b}' % (b'{"a":' * 300, b"}" * 300),
    b'{"transcript":"\\ud83d"}',
    b"\xff not JSON",
]


@pytest.mark.parametrize("raw", FRAMES)
def test_any_frame_is_written_and_played_back(raw: bytes) -> None:
    line = orjson.loads(encode(1.5, 2, events.FromRetell(raw)))
    assert (line["t"], line["s"], line["in"]) == (1.5, 2, "retell")
    assert isinstance(event_of(line), events.FromRetell)


def test_an_entry_that_cannot_be_written_costs_itself_only() -> None:
    written: list[bytes] = []
    recorder = FlightRecorder(written.extend)
    bad: Any = events.FromRetell(5)  # type: ignore[arg-type]
    for event in (events.Tick(), bad, events.Drain()):
        recorder.event(1.0, event)
    recorder.flush()
    assert [orjson.loads(line)["in"] for line in written] == ["tick", "drain"]
