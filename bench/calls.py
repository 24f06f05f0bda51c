"""The benchmarks of calls: latency, greeting, memory, tools, CPU, for one server after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.measure import Measured, measure
from bench.model import TOOL_CUE
from bench.parts import Bare, FastApi, Ours, Ports, Server
from bench.tables import Table

#: With N callers one of them takes a turn each 40 ms, but nobody more often than each 0.4 s.
TURN_SHARE_S, SHORTEST_PERIOD_S = 0.04, 0.4
#: Calls held for the memory table, and a caller's turns per second for the CPU table.
HELD, CPU_PERIOD_S = 100, 10.0


class Bench:
    """The servers to measure, and how long."""

    def __init__(self, peer_python: Path | None, certificate: Path, seconds: float) -> None:
        self.ports = Ports()
        self.peer_python = peer_python
        self.certificate = certificate
        self.seconds = seconds

    def servers(self) -> list[Callable[[Path | None], Server]]:
        """How to start each server, the program last."""
        peers = [self.fastapi, self.bare] if self.peer_python is not None else [self.bare]
        return [*peers, self.ours]

    def fastapi(self, certificate: Path | None = None) -> Server:
        """The FastAPI peer; the model over TLS where there is a certificate."""
        assert self.peer_python is not None
        return FastApi(self.ports, certificate, python=self.peer_python)

    def bare(self, certificate: Path | None = None) -> Server:
        """The bare asyncio bridge."""
        return Bare(self.ports, certificate)

    def ours(self, certificate: Path | None = None) -> Server:
        """The program."""
        return Ours(self.ports, certificate)


class Calls:
    """The tables, filled server by server: starting one costs seconds."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.added = Table(
            "Added first-token latency (ms)",
            ("server", "calls", "p50", "p99", "to the model p50 / p99", "back p50 / p99", "turns"),
        )
        self.greeting = Table(
            "Greeting when 100 calls arrive at once (ms)", ("server", "p50", "p99", "slowest")
        )
        self.held = Table(
            "Memory of the web process per held call (kB)",
            ("server", "model over TCP", "model over TLS"),
        )
        self.tools = Table(
            "Tool round trip with 100 calls live (ms)",
            ("what", "p50", "p99", "tools", "per second"),
        )
        self.cpu = Table(
            "CPU of the web process (one turn of each call every 10 s, keepalive every 2 s)",
            ("server", "calls", "% of a core per call", "% of a core", "added p50 / p99 (ms)"),
        )

    def run(self, wanted: set[str]) -> list[Table]:
        """Measure what is `wanted`: memory, latency, greeting, tools, cpu."""
        for make in self.bench.servers():
            secure = None
            if "memory" in wanted:
                with make(self.bench.certificate) as server:
                    secure = self.memory(server)
            with make(None) as server:
                if "memory" in wanted:
                    self.held.add(server.name, self.memory(server), secure)
                self.warm(server)
                if "latency" in wanted:
                    self.latency(server)
                if "greeting" in wanted:
                    self.greet(server)
                if "tools" in wanted and isinstance(server, Ours):
                    self.tool(server)
                if "cpu" in wanted and not isinstance(server, FastApi):
                    self.scale(server)
        tables = [self.added, self.greeting, self.held, self.tools, self.cpu]
        return [table for table in tables if table.rows]

    def memory(self, server: Server) -> float:
        """kB per call, each greeted and one turn old."""
        self.warm(server)
        seen = measure(server, calls=HELD, before=True, hold=True, gap_s=0.0)
        return (seen.rss["held"] - seen.rss["before"]) / HELD / 1000

    def latency(self, server: Server) -> None:
        """What the server adds to the first token."""
        for calls in (1, 20, 100):
            period = max(SHORTEST_PERIOD_S, calls * TURN_SHARE_S)
            seen = measure(server, calls=calls, seconds=self.bench.seconds, period_s=period)
            self.added.add(
                server.name,
                calls,
                seen.ms("added", 0.5),
                seen.ms("added", 0.99),
                both(seen, "forwarded"),
                both(seen, "returned"),
                seen.load["turns"],
            )

    def greet(self, server: Server) -> None:
        """How long callers who arrive all at once wait for the greeting, from connecting on."""
        seen = measure(server, calls=100, at_once=True)
        shares = [seen.ms("greeting", share) for share in (0.5, 0.99, 1.0)]
        self.greeting.add(server.name, *shares)

    def tool(self, server: Server) -> None:
        """The model's function call to its output: by queue, worker, calendar and back."""
        seen = measure(
            server,
            calls=100,
            seconds=self.bench.seconds,
            period_s=10.0,
            gap_s=0.005,
            text=f"which {TOOL_CUE} do you have next week for a checkup",
        )
        times = seen.load["tools"]
        per_s = len(times) / seen.load["seconds"]
        shares = [seen.ms("tools", share) for share in (0.5, 0.99)]
        self.tools.add("check_availability", *shares, len(times), per_s)

    def scale(self, server: Server) -> None:
        """CPU per call, from few calls to many."""
        for calls in (10, 100, 1000):
            seen = measure(server, calls=calls, seconds=self.bench.seconds, period_s=CPU_PERIOD_S)
            self.cpu.add(
                server.name,
                calls,
                f"{seen.cpu_percent_per_call:.3f}",
                f"{seen.cpu_percent_per_call * calls:.1f}",
                both(seen, "added"),
            )

    @staticmethod
    def warm(server: Server) -> None:
        """Nobody measures the first calls of a process's life."""
        measure(server, calls=2, seconds=0.5, period_s=0.4)


def both(seen: Measured, what: str) -> str:
    """Two percentiles in one cell."""
    low, high = seen.ms(what, 0.5), seen.ms(what, 0.99)
    return "-" if low is None or high is None else f"{low:.2f} / {high:.2f}"
