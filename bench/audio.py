"""The benchmark of audio calls, side by side with a bridge of the shape of Twilio's Python sample.

Both carry the same calls from the same telephones to the same model, one after the other, each on
one core of its own. What is measured, and how, is in docs/performance.md, section "Audio".
"""

from __future__ import annotations

import sys

from app.local.processes import wait_until
from bench.measure import Measured, measure
from bench.parts import Ours, Ports, Server, accepts
from bench.tables import Table

CALLS = (1, 25, 50, 100)
#: One call alone is measured so many times longer.
FEW_TIMES = 3


class BareTwilio(Server):
    """The least asyncio bridge."""

    name = "bare bridge, Twilio's sample shape"

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/media-stream"

    def start(self) -> None:
        url = self.model_base.replace("http", "ws", 1) + "/realtime?model=m"
        argv = [sys.executable, "-m", "bench.peers.bare_twilio", str(self.port)]
        part = self.part("bare-twilio", argv, self.core, self.env(MODEL_URL=url))
        wait_until(lambda: accepts(self.port), part, timeout=30, what="an open port")


def audio(seconds: float) -> list[Table]:
    """All tables."""
    way = Table(
        "Audio: added latency (ms)",
        (
            "server",
            "calls",
            "caller to model p50 / p99",
            "a frame, with gathering",
            "model to caller",
        ),
        notes=[
            "Caller to model: from the caller's newest frame to its arrival at the model. With"
            " gathering: all frames, those included that wait for the rest of a 60 ms stretch.",
        ],
    )
    barge = Table(
        "Audio: barge-in and frame spacing (ms)",
        ("server", "calls", "speech_started to clear p50 / p99", "jitter p50 / p99", "frames/s"),
        notes=[
            "Jitter: difference between the spacing of two frames and the length of the first, once"
            " the telephone holds its buffer: the first 250 ms of a stretch may come at once.",
        ],
    )
    cost = Table(
        "Audio: CPU and memory of the web process",
        ("server", "calls", "% of a core per call", "% of a core", "kB per call"),
    )
    for make in (BareTwilio, Ours):
        ports = Ports()
        for calls in CALLS:
            with make(ports) as server:
                # One call first: imports, pools and caches are no call's own.
                _one(server, 1, 1.0)
                seen = _one(server, calls, seconds if calls > 1 else FEW_TIMES * seconds)
            way.add(
                server.name, calls, _both(seen, "up_last"), _both(seen, "up"), _both(seen, "down")
            )
            frames = seen.load["frames"] / seen.load["seconds"] / calls
            barge.add(server.name, calls, _both(seen, "cleared"), _both(seen, "jitter"), frames)
            held = (seen.rss["stop"] - seen.rss["before"]) / calls / 1000
            per_call = seen.cpu_percent_per_call
            cost.add(server.name, calls, per_call, per_call * calls, held)
    return [way, barge, cost]


def _one(server: Server, calls: int, seconds: float) -> Measured:
    voice = isinstance(server, Ours)
    return measure(server, module="bench.audio_load", calls=calls, seconds=seconds, voice=voice)


def _both(seen: Measured, what: str) -> str:
    half, most = seen.ms(what, 0.5), seen.ms(what, 0.99)
    return "-" if half is None or most is None else f"{half:.2f} / {most:.2f}"
