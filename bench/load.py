"""The load's process: model and callers in one asyncio loop, pinned apart from what is measured.

``python -m bench.load '{"do": "turns", ...}'`` prints one JSON object. While it measures it prints
nothing; around the measured time it writes ``start`` and ``stop`` lines, so that whoever started it
can read the server's CPU time and memory.
"""

from __future__ import annotations

import asyncio
import gc
import ssl
import sys
import time
from typing import Any

import orjson

from bench.callers import Caller, Heard
from bench.model import Pace, Tools, serve_chat, serve_realtime


def mark(name: str, **more: Any) -> None:
    """Tell the parent where we are, and wait until it has looked."""
    sys.stdout.write(orjson.dumps({"mark": name, **more}).decode() + "\n")
    sys.stdout.flush()
    sys.stdin.readline()


async def run(task: dict[str, Any]) -> dict[str, Any]:
    """Perform one measurement."""
    tools, heard = Tools(), Heard()
    pace = Pace(task.get("words", 24), task.get("gap_s", 0.025))
    tls = None
    if task.get("certificate"):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(task["certificate"])
    realtime = await serve_realtime(task["model_port"], pace, tools, tls)
    chat = await serve_chat(task["chat_port"], pace, tls)
    run_id = f"{time.time_ns():x}"[-8:]
    callers = [
        Caller(task["url"], f"call_{run_id}_{number}", heard) for number in range(task["calls"])
    ]
    if task.get("before"):
        mark("before")
    if task.get("at_once"):
        await asyncio.gather(*(caller.open() for caller in callers))
    else:
        for caller in callers:
            await caller.open()
    greetings = len(heard.greetings)
    words = task.get("text", "I would like to come in for a checkup next week please")
    seconds = task.get("seconds", 0.0)
    began = stopped = time.monotonic()
    if seconds:
        # One unmeasured turn each: first turns open, resolve and import things.
        spread = max(1.0, len(callers) / 100)
        until = asyncio.get_running_loop().time() + spread
        warm = [caller.keep_talking(spread, until, words) for caller in callers]
        await asyncio.gather(*warm)
        heard.forwarded, heard.returned, heard.added = [], [], []
        heard.turns = heard.frames = 0
        tools.round_trips = []
        gc.collect()
        gc.disable()
        mark("start")
        began = time.monotonic()
        until = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(
            *(caller.keep_talking(task["period_s"], until, words) for caller in callers)
        )
        stopped = time.monotonic()
        mark("stop", seconds=stopped - began)
        gc.enable()
    elif task.get("hold"):
        for caller in callers:
            await caller.turn(words)
        await asyncio.sleep(1.0)
        mark("held")
    await asyncio.gather(*(caller.close() for caller in callers), return_exceptions=True)
    await asyncio.sleep(0.2)
    realtime.close()
    chat.close()
    return {
        "seconds": stopped - began,
        "calls": len(callers),
        "greeted": greetings,
        "turns": heard.turns,
        "frames": heard.frames,
        "failures": heard.failures[:5],
        "failed": len(heard.failures),
        "greeting": heard.greetings,
        "forwarded": heard.forwarded,
        "returned": heard.returned,
        "added": heard.added,
        "tools": tools.round_trips,
    }


if __name__ == "__main__":
    result = asyncio.run(run(orjson.loads(sys.argv[1])))
    sys.stdout.write(orjson.dumps({"result": result}).decode() + "\n")
