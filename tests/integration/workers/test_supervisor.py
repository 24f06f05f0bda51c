"""`python -m workers` as a platform runs it: started again, ended cleanly, never orphaned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from app.adapters import queue
from app.local.processes import Part
from tests.integration.workers.conftest import ROOT
from tests.support.waiting import eventually


@pytest.fixture
def workers(url: str, redis: Redis, tmp_path: Path) -> Iterator[Part]:
    env = {**os.environ, "REDIS_URL": url, "APP_ENV": "development"}
    part = Part(
        "workers",
        [sys.executable, "-m", "workers"],
        log=tmp_path / "workers.log",
        env=env,
        cwd=ROOT,
    )
    part.start()
    children = []
    try:
        eventually(lambda: at_work(redis), timeout=60)
        children = psutil.Process(part.pid).children()
        yield part
    finally:
        part.stop(30)
        for child in children:
            if child.is_running():
                child.kill()


def at_work(redis: Redis) -> bool:
    return all(queue.workers_alive(redis, name) == 1 for name in queue.QUEUES)


def gone(processes: list[psutil.Process]) -> bool:
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes
    )


def test_one_process_for_each_queue_and_sigterm_to_all_of_them(workers: Part, redis: Redis) -> None:
    children = psutil.Process(workers.pid).children()
    assert len(children) == len(queue.QUEUES)
    since = time.monotonic()
    for process in (*children, psutil.Process(workers.pid)):
        process.send_signal(signal.SIGTERM)
    eventually(lambda: not workers.alive, timeout=30)
    assert workers.status == "ended with status 0"
    assert time.monotonic() - since < 25
    assert gone(children)
    assert not any(queue.workers_alive(redis, name) for name in queue.QUEUES)


def test_a_killed_process_is_started_again(workers: Part, redis: Redis) -> None:
    before = psutil.Process(workers.pid).children()
    before[0].kill()

    def replaced() -> bool:
        now = psutil.Process(workers.pid).children()
        return len(now) == 2 and before[0].pid not in {process.pid for process in now}

    eventually(replaced, timeout=30)
    eventually(lambda: at_work(redis), timeout=30)
    assert workers.alive


@pytest.mark.skipif(sys.platform != "linux", reason="told by the kernel on Linux")
def test_the_processes_end_with_their_supervisor(workers: Part) -> None:
    children = psutil.Process(workers.pid).children()
    os.kill(workers.pid, signal.SIGKILL)
    eventually(lambda: gone(children), timeout=30)


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"APP_ENV": "production"}, "RETELL_API_KEY is missing"),
        ({"AGENT_FILE": "/no/such/file.yaml"}, "/no/such/file.yaml"),
        ({"CALENDAR_URL": "nonsense:"}, "CALENDAR_URL"),
    ],
)
def test_wrong_settings_end_it_with_one_line(url: str, env: dict[str, str], told: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "workers"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REDIS_URL": url, "APP_ENV": "development", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 78
    [line] = [line for line in found.stderr.splitlines() if line.startswith("workers: ")]
    assert told in line
    assert "Traceback" not in found.stderr
