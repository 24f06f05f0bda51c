"""The benchmarks of calls: latency, greeting, memory, tools, CPU. Each gives one table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.measure import Measured, measure
from bench.model import TOOL_CUE
from bench.parts import Bare, FastApi, Ours, Ports, Server
from bench.tables import Table

MakeServer = Callable[..., Server]
#: Seconds between a caller's turns at most; with N callers one turn each 40 ms in all.
TURN_SHARE_S, SHORTEST_PERIOD_S = 0.04, 0.4


class Bench:
    """The servers to measure, and how long."""

    def __init__(self, peer_python: Path | None, certificate: Path, seconds: float) -> None:
        self.ports = Ports()
        self.peer_python = peer_python
        self.certificate = certificate
        self.seconds = seconds

    def servers(self) -> list[MakeServer]:
        """How to start each server, the program last."""
        makers: list[MakeServer] = [self.bare, self.ours]
        if self.peer_python is not None:
            makers.insert(0, self.fastapi)
        return makers

    def fastapi(self, certificate: Path | None = None) -> Server:
        assert self.peer_python is not None
        return FastApi(self.ports, certificate, python=self.peer_python)

    def bare(self, certificate: Path | None = None) -> Server:
        return Bare(self.ports, certificate)

    def ours(self, certificate: Path | None = None) -> Server:
        return Ours(self.ports, certificate)


def latency(bench: Bench) -> list[Table]:
    """What a server adds to the first token, and the greeting, at 1, 20 and 100 calls."""
    added = Table(
        "Added first-token latency (ms)",
        ("server", "calls", "p50", "p99", "to the model p50 / p99", "back p50 / p99", "turns"),
    )
    greeting = Table(
        "Greeting when 100 calls arrive at once (ms)", ("server", "p50", "p99", "slowest")
    )
    for make in bench.servers():
        with make() as server:
            _warm(server)
            for calls in (1, 20, 100):
                seen = measure(
                    server,
                    calls=calls,
                    seconds=bench.seconds,
                    period_s=max(SHORTEST_PERIOD_S, calls * TURN_SHARE_S),
                )
                added.add(
                    server.name,
                    calls,
                    seen.ms("added", 0.5),
                    seen.ms("added", 0.99),
                    _both(seen, "forwarded"),
                    _both(seen, "returned"),
                    seen.load["turns"],
                )
            seen = measure(server, calls=100, at_once=True)
            greeting.add(
                server.name,
                seen.ms("greeting", 0.5),
                seen.ms("greeting", 0.99),
                seen.ms("greeting", 1.0),
            )
    return [added, greeting]


def memory(bench: Bench) -> list[Table]:
    """What a held call costs in the web process, after its greeting and one turn."""
    table = Table(
        "Memory per held call (kB of the web process)",
        ("server", "model over", "calls", "kB per call"),
    )
    for make in bench.servers():
        for certificate in (None, bench.certificate):
            with make(certificate) as server:
                _warm(server)
                seen = measure(server, calls=200, before=True, hold=True, gap_s=0.0)
                per_call = (seen.rss["held"] - seen.rss["before"]) / 200 / 1000
                table.add(server.name, "TLS" if certificate else "TCP", 200, per_call)
    return [table]


def tools(bench: Bench) -> list[Table]:
    """The model's function call to its output: through the queue, a worker and the calendar."""
    table = Table(
        "Tool round trip with 100 calls live (ms)", ("what", "p50", "p99", "tools", "per second")
    )
    with bench.ours() as server:
        _warm(server)
        seen = measure(
            server,
            calls=100,
            seconds=bench.seconds,
            period_s=10.0,
            gap_s=0.005,
            text=f"which {TOOL_CUE} do you have next week for a checkup",
        )
        per_s = len(seen.load["tools"]) / seen.load["seconds"]
        table.add(
            "check_availability",
            seen.ms("tools", 0.5),
            seen.ms("tools", 0.99),
            len(seen.load["tools"]),
            per_s,
        )
    return [table]


def scaling(bench: Bench) -> list[Table]:
    """CPU of the web process per call, from few calls to many; a turn each 10 s."""
    table = Table(
        "CPU per call (percent of one core; one turn each 10 s, keepalive each 2 s)",
        ("server", "calls", "% of a core per call", "% of a core in all", "added p50 / p99 (ms)"),
    )
    for make in bench.servers():
        with make() as server:
            _warm(server)
            for calls in (10, 100, 300, 1000):
                seen = measure(server, calls=calls, seconds=bench.seconds, period_s=10.0)
                table.add(
                    server.name,
                    calls,
                    f"{seen.cpu_percent_per_call:.3f}",
                    f"{seen.cpu_percent_per_call * calls:.1f}",
                    _both(seen, "added"),
                )
    return [table]


def _warm(server: Server) -> None:
    """Nobody measures the first call of a process's life."""
    measure(server, calls=2, seconds=0.5, period_s=0.4)


def _both(seen: Measured, what: str) -> str:
    low, high = seen.ms(what, 0.5), seen.ms(what, 0.99)
    return "-" if low is None or high is None else f"{low:.2f} / {high:.2f}"
