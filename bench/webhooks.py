"""Signed webhooks against one web process: wrk sends events that all differ."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from app.security.signatures import sign
from bench.parts import KEY, LOAD_CORE, SCRATCH, pinned

#: More than any run sends, so that none is a repeat.
EVENTS = 60_000

SCRIPT = """
local file = io.open("%s")
local next_line = file:lines()
request = function()
  local signature, body = next_line(), next_line()
  wrk.headers["X-Retell-Signature"] = signature
  return wrk.format("POST", nil, wrk.headers, body)
end
wrk.headers["Content-Type"] = "application/json"
local counts = {}
response = function(status) if status ~= 200 then counts[status] = (counts[status] or 0) + 1 end end
"""


@dataclass
class Answered:
    """What wrk saw. Times in ms."""

    per_s: float
    p50: float
    p99: float
    longest: float
    answered: int
    refused: int
    broken: int


def write_events(path: Path) -> None:
    """Events in the shape of Retell's `call_ended`, about 700 bytes, signed now.

    Each is of another call, so that each makes a call's state and queues a job.
    """
    now_ms = int(time.time() * 1000)
    said = [
        {"role": "agent", "content": "How can I help you today?"},
        {"role": "user", "content": "I would like to come in for a checkup next Tuesday morning."},
    ]
    with path.open("wb") as out:
        for number in range(EVENTS):
            call = {
                "call_id": f"call_{now_ms:x}_{number}",
                "call_type": "phone_call",
                "agent_id": "agent_1",
                "call_status": "ended",
                "from_number": "+14155550100",
                "to_number": "+14155550142",
                "direction": "inbound",
                "start_timestamp": now_ms - 60_000,
                "end_timestamp": now_ms,
                "disconnection_reason": "user_hangup",
                "transcript": "\n".join(f"{one['role'].title()}: {one['content']}" for one in said),
                "transcript_object": said,
            }
            body = orjson.dumps({"event": "call_ended", "call": call})
            out.write(sign(body, KEY, now_ms).encode() + b"\n" + body + b"\n")


def available() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def run(
    url: str,
    *,
    seconds: int,
    connections: int,
    during: Callable[[], None] | None = None,
) -> Answered:
    """Send events for `seconds` over `connections`; `during` runs a second after the start."""
    events, script = SCRATCH / f"events-{os.getpid()}.txt", SCRATCH / "wrk.lua"
    write_events(events)
    script.write_text(SCRIPT % events)
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency"]
    helper = threading.Timer(1.0, during) if during is not None else None
    if helper is not None:
        helper.start()
    told = subprocess.run(
        pinned(LOAD_CORE, *argv, "-s", str(script), url), capture_output=True, text=True, check=True
    ).stdout
    if helper is not None:
        helper.join()
    events.unlink()
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    broken = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    answered = re.search(r"(\d+) requests in ", told)
    longest = re.search(r"Latency +\S+ +\S+ +(\S+)", told)
    per_s = re.search(r"Requests/sec: +([\d.]+)", told)
    assert longest is not None, told
    assert per_s is not None, told
    return Answered(
        float(per_s[1]),
        _share(told, "50%"),
        _share(told, "99%"),
        _ms(longest[1]),
        int(answered[1]) if answered else 0,
        int(refused[1]) if refused else 0,
        sum(map(int, broken.groups())) if broken else 0,
    )


def _share(told: str, share: str) -> float:
    found = re.search(rf"^ +{share} +(\S+) *$", told, re.MULTILINE)
    return _ms(found[1]) if found else 0.0


def _ms(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)):
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
    raise ValueError(text)
