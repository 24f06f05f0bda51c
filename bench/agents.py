"""Many agents of many businesses: what reading them costs, and finding the one that answers."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil

from app.adapters.agents import files
from app.adapters.agents.building import Builder
from app.adapters.agents.versions.source import Snapshot
from app.adapters.agents.versions.stored import Stored
from app.core.agent.directory import Asked
from bench.parts import ROOT
from bench.tables import Table

SIZES = ((1, 1), (100, 20), (1000, 200))
LOOKUPS = 20_000

_AGENT = """\
  - id: agent-{number}
    name: Agent {number}
    business: business-{business}
    instructions: You take appointments. Be brief and friendly.
    retell_agent_ids: [agent_{number:06}]
    booking:
      hours: {{monday: "09:00-17:00", tuesday: "09:00-17:00", friday: "09:00-14:00"}}
      services:
        - {{id: cut, name: haircut, minutes: 30}}
        - {{id: colour, name: colouring, minutes: 90}}
"""


def agent_file(agents: int, businesses: int) -> str:
    """A file with so many agents and businesses."""
    lines = ["default: agent-0\n", "businesses:\n"]
    for number in range(businesses):
        lines.append(
            f"  business-{number}:\n    name: Business {number}\n    time_zone: Europe/Berlin\n"
            f'    numbers: ["+4930555{number:05}"]\n'
        )
    lines.append("agents:\n")
    for number in range(agents):
        lines.append(_AGENT.format(number=number, business=number % businesses))
    return "".join(lines)


def measure(agents: int, businesses: int) -> tuple[float, ...]:
    """Milliseconds to read the file, its memory in MB, milliseconds to take up one agent's change
    over the API, and microseconds for each kind of look-up: by Retell agent, by number, by address.
    Needs a process of its own: memory is not given back."""
    files.parse(agent_file(1, 1), "first.yaml")
    text, process = agent_file(agents, businesses), psutil.Process()
    before, began = process.memory_info().rss, time.process_time()
    directory = files.parse(text, "agents.yaml")
    read_ms = (time.process_time() - began) * 1000
    memory = (process.memory_info().rss - before) / 1e6
    asked = (
        Asked(retell_agent_id=f"agent_{agents - 1:06}"),
        Asked(number=f"+4930555{businesses - 1:05}"),
        Asked(address=f"agent-{agents - 1}"),
    )
    took = []
    for each in asked:
        began = time.process_time()
        for _ in range(LOOKUPS):
            directory.route(each)
        took.append((time.process_time() - began) / LOOKUPS * 1e6)
    return (read_ms, memory, _change_ms(text), *took)


def _change_ms(text: str) -> float:
    """Milliseconds of a process that has these agents to have a new version of one of them."""
    builder, file = Builder(), files.read_text(text, "agents.yaml")
    builder.build(Snapshot(file).documents())
    data = {**file.agents[0].data, "instructions": "Be friendlier."}
    stored = {"agent:agent-0": Stored("agent", "agent-0", 1, data, "", 0.0)}
    began = time.process_time()
    directory, _ = builder.build(Snapshot(file, stored, 1).documents())
    took_ms = (time.process_time() - began) * 1000
    assert directory is not None
    return took_ms


def tables() -> list[Table]:
    """One row for each size, each measured in a process of its own."""
    table = Table(
        "Agents and businesses",
        (
            *("agents", "businesses", "read, ms", "memory, MB", "one changed, ms"),
            *("by Retell agent, us", "by number, us", "by address, us"),
        ),
    )
    for agents, businesses in SIZES:
        done = subprocess.run(
            [sys.executable, "-m", "bench.agents", str(agents), str(businesses)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        table.add(agents, businesses, *(float(part) for part in done.stdout.split()))
    return [table]


if __name__ == "__main__":
    print(*measure(int(sys.argv[1]), int(sys.argv[2])))
