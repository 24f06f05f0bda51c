"""The whole program as real processes, with handles to stop, kill and start each part again."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from app.adapters.own_server import Records
from app.local.processes import Part, free_port
from app.local.stack import Stack
from app.rehearsal.retell_caller import scenario
from app.rehearsal.retell_caller.events import Event
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.play import Stage, play
from tests.support.waiting import eventually

#: What a test's environment must not inherit from the person who runs it.
OWN = (
    "PORT REDIS_URL OPENAI_API_KEY OPENAI_BASE_URL RETELL_API_KEY SOCKET_TOKEN ADMIN_TOKEN "
    "CALENDAR_TOKEN CALENDAR_URL AGENT_FILE APP_ENV DEMO WEB_CONCURRENCY PUBLIC_URL DYNO RENDER "
    "PROMETHEUS_MULTIPROC_DIR"
)


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment of this process without settings of the program, and with `settings`."""
    env = {name: value for name, value in os.environ.items() if name not in OWN.split()}
    return {**env, **settings}


class RunningStack(Stack):
    """A started stack. `redis`, `model`, `web` and `workers` are its parts."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, str] | None = None,
        *,
        model_arguments: Sequence[str] = (),
    ) -> None:
        env = clean_environment(**{"DRAIN_SECONDS": "3", **(settings or {})})
        super().__init__(env, directory, port=free_port(), model_arguments=model_arguments)

    @property
    def records(self) -> Records:
        """The HTTP side."""
        return Records(self.base, self.env.get("ADMIN_TOKEN", ""))

    def call(self, text: str, *, speed: float = 0.0, **stage: Any) -> Outcome:
        """Play a scenario of one call: a shipped one by name, or YAML."""
        outcomes = self.calls(text, speed=speed, **stage)
        return outcomes[-1]

    def calls(self, text: str, *, speed: float = 0.0, **stage: Any) -> list[Outcome]:
        """Play all calls of a scenario."""
        named = "\n" not in text and "{" not in text
        script = scenario.load(text) if named else scenario.parse(text)
        options: dict[str, Any] = {"fetch": self.records.fetch, **stage}
        return play(script, Stage(self.socket_url, speed=speed, **options))

    def story(self, call_id: str) -> dict[str, Any]:
        """`GET /api/calls/<id>`."""
        found = self.records.fetch(call_id)
        assert found is not None, f"no story of {call_id}"
        return found

    def web_processes(self) -> list[psutil.Process]:
        """gunicorn's worker processes, oldest first."""
        return children(self.web)

    def worker_processes(self) -> list[psutil.Process]:
        """The processes under the workers' supervisor, oldest first."""
        return children(self.workers)

    def holder(self, call_id: str) -> str:
        """The web process that holds a call, as the program names it."""
        return str(self.story(call_id)["holder"])

    def logs(self) -> str:
        """All logs, for the report of a test that failed."""
        out = []
        for path in sorted(self.directory.glob("*.log")):
            out.append(f"--- {path.name}\n{path.read_text(errors='replace')[-6000:]}")
        return "\n".join(out)

    def everything(self) -> list[psutil.Process]:
        """All processes of the stack that run now."""
        found = []
        for part in self.parts:
            if part.alive:
                process = psutil.Process(part.pid)
                found += [process, *process.children(recursive=True)]
        return found


def children(part: Part | None) -> list[psutil.Process]:
    """The child processes of a part, oldest first."""
    assert part is not None
    born = []
    for child in psutil.Process(part.pid).children():
        with suppress(psutil.NoSuchProcess):
            born.append((child.create_time(), child.pid, child))
    return [child for _, _, child in sorted(born)]


def kill(process: psutil.Process) -> None:
    """End a process as the kernel's out-of-memory killer does."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)
    eventually(lambda: _is_dead(process))


def _is_dead(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def gone(processes: Sequence[psutil.Process]) -> bool:
    """True when none of them runs any more."""
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not alive


def end(stack: RunningStack, *, failed: bool) -> None:
    """Stop a stack; what it logged is shown where a test has failed."""
    if failed:
        print(stack.logs())
    left = stack.everything()
    stack.stop()
    stack.kill()
    assert gone(left), "processes were left behind"


def note(seen: list[tuple[float, Event]]) -> Any:
    """A watcher for `Stage` that keeps all events."""
    return lambda number, call_id, at, event: seen.append((at, event))
