"""The benchmark of webhooks: rate, latency, and what happens while Redis hangs."""

from __future__ import annotations

import threading
from typing import Any

from bench import webhooks as wrk
from bench.calls import Bench
from bench.parts import Ours, Server, resumed, stalled
from bench.tables import Table

STALL_S = 4.0


def webhooks(bench: Bench) -> list[Table]:
    """Signed events through signature, duplicate check, state and a queued job."""
    table = Table(
        "Webhooks (one web process on one core)",
        (
            "what",
            "connections",
            "per second",
            "p50 (ms)",
            "p99 (ms)",
            "longest (ms)",
            "not 200",
            "CPU us each",
        ),
    )
    if bench.peer_python is not None:
        with bench.fastapi() as peer:
            url = f"http://127.0.0.1:{peer.port}/webhook"
            _add(table, f"{peer.name}: signature, then print", peer, url, bench, connections=50)
    # Without workers: on two cores they would take their time from the sender.
    with Ours(bench.ports, workers=False) as server:
        url = f"http://127.0.0.1:{server.port}/webhook/retell"
        wrk.run(url, seconds=1, connections=4)
        what = "this program: signature, duplicates, state, durable job"
        for connections in (50, 4):
            _add(table, what, server, url, bench, connections=connections)

        def hang() -> None:
            stalled(server.redis.pid)
            threading.Timer(STALL_S, resumed, [server.redis.pid]).start()

        what = f"the same while Redis hangs for {STALL_S:.0f} s"
        _add(table, what, server, url, bench, connections=50, during=hang)
    return [table]


def _add(table: Table, what: str, server: Server, url: str, bench: Bench, **how: Any) -> None:
    seconds, before = max(5, int(bench.seconds)), server.cpu_s()
    seen = wrk.run(url, seconds=seconds, **how)
    cpu_us = 1e6 * (server.cpu_s() - before) / max(1, seen.answered)
    table.add(
        what,
        how["connections"],
        seen.per_s,
        seen.p50,
        seen.p99,
        seen.longest,
        seen.refused + seen.broken,
        cpu_us,
    )
