"""One measurement: a load process beside a running server, and the numbers of both."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.parts import LOAD_CORE, ROOT, Server, pinned


@dataclass
class Measured:
    """What a load saw, and what its server used between the load's marks."""

    load: dict[str, Any]
    cpu_s: float = 0.0
    rss: dict[str, int] = field(default_factory=dict)

    def ms(self, what: str, share: float) -> float | None:
        """A percentile of one of the load's lists, in ms; None where there is none."""
        values = sorted(self.load[what])
        if not values:
            return None
        return float(values[min(len(values) - 1, int(len(values) * share))]) / 1e6

    @property
    def cpu_percent_per_call(self) -> float:
        """Percent of one core that one call takes."""
        return float(100 * self.cpu_s / self.load["seconds"] / self.load["calls"])


def measure(server: Server, *, module: str = "bench.load", **task: Any) -> Measured:
    """Run one load, `module`, against `server`. Raises RuntimeError where callers failed."""
    task |= {"url": server.url, "model_port": server.ports.model, "chat_port": server.ports.chat}
    if server.certificate:
        task["certificate"] = str(server.certificate)
    argv = pinned(LOAD_CORE, sys.executable, "-m", module, orjson.dumps(task).decode())
    measured = Measured({})
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as load:
        assert load.stdin is not None
        assert load.stdout is not None
        for line in load.stdout:
            told = orjson.loads(line)
            if "result" in told:
                measured.load = told["result"]
                break
            if told["mark"] == "start":
                measured.cpu_s = -server.cpu_s()
            elif told["mark"] == "stop":
                measured.cpu_s += server.cpu_s()
            measured.rss[told["mark"]] = server.rss()
            load.stdin.write("\n")
            load.stdin.flush()
    if not measured.load:
        raise RuntimeError(f"the load against {server.name} ended with status {load.returncode}")
    if measured.load["failed"]:
        raise RuntimeError(
            f"{server.name}: {measured.load['failed']} callers failed: {measured.load['failures']}"
        )
    return measured
