"""The servers under measurement, each pinned to one core, and what /proc says of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from app.local.embedded_redis import RedisServer
from app.local.processes import Part, free_port, wait_until
from bench.certificate import bundle_of

ROOT = Path(__file__).parents[1]
SERVER_CORE, LOAD_CORE = 0, (1 if (os.cpu_count() or 1) > 1 else 0)
KEY = "key_benchmark"
#: The benchmark's own directory for logs, certificates and Redis.
SCRATCH = Path(tempfile.gettempdir()) / f"bench-{os.getpid()}"


def pinned(core: int, *argv: str) -> list[str]:
    """`argv` held to one core, where the machine can do that."""
    taskset = shutil.which("taskset")
    return [taskset, "-c", str(core), *argv] if taskset else list(argv)


@contextlib.contextmanager
def foremost() -> Iterator[bool]:
    """Put this session before other work on the machine where that is allowed (Linux, root)."""
    group = Path("/proc/self/autogroup")
    try:
        group.write_text("-19")
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        group.write_text("0")


def accepts(port: int) -> bool:
    """Whether something listens on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def healthy(port: int) -> bool:
    """Whether the program answers; gunicorn listens before its workers have loaded it."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Ports:
    """Where the load's model listens; fixed before the servers start, because they dial it."""

    def __init__(self) -> None:
        self.model, self.chat = free_port(), free_port()


class Server:
    """A server that callers dial. `pids` are the processes whose CPU and memory count."""

    name = ""
    core = SERVER_CORE

    def __init__(self, ports: Ports, certificate: Path | None = None) -> None:
        self.ports = ports
        self.certificate = certificate
        self.port = free_port()
        self.parts: list[Part] = []

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/llm-websocket"

    @property
    def scheme(self) -> str:
        return "https" if self.certificate else "http"

    @property
    def model_base(self) -> str:
        return f"{self.scheme}://localhost:{self.ports.model}/v1"

    def env(self, **more: str) -> dict[str, str]:
        env = {**os.environ, **more}
        if self.certificate:
            env["SSL_CERT_FILE"] = str(bundle_of(self.certificate))
        return env

    def part(self, name: str, argv: list[str], core: int, env: Mapping[str, str]) -> Part:
        log = SCRATCH / f"{name}-{self.port}.log"
        part = Part(name, pinned(core, *argv), log=log, env=env, cwd=ROOT)
        part.start()
        self.parts.append(part)
        return part

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        for part in self.parts:
            part.stop()

    def pids(self) -> list[int]:
        return [self.parts[0].pid]

    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        return sum(cpu_of(pid) for pid in self.pids())

    def rss(self) -> int:
        """Resident bytes."""
        return sum(rss_of(pid) for pid in self.pids())

    def __enter__(self) -> Self:
        SCRATCH.mkdir(exist_ok=True)
        try:
            self.start()
            return self
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()


class Ours(Server):
    """The program as it is deployed: gunicorn on one core; Redis and workers with the load."""

    name = "this program"
    target = "wsgi:app"

    def __init__(
        self, ports: Ports, certificate: Path | None = None, *, workers: bool = True
    ) -> None:
        super().__init__(ports, certificate)
        self.with_workers = workers
        self.redis = RedisServer(SCRATCH / f"redis-{self.port}")
        self.web: Part

    def start(self) -> None:
        self.redis.start()
        os.sched_setaffinity(self.redis.pid, {LOAD_CORE})
        env = self.env(
            APP_ENV="development",
            REDIS_URL=self.redis.url,
            PORT=str(self.port),
            WEB_CONCURRENCY="1",
            MAX_CALLS="3000",
            OPENAI_API_KEY="key",
            OPENAI_BASE_URL=self.model_base,
            RETELL_API_KEY=KEY,
            LOG_LEVEL="WARNING",
            PYTHONWARNINGS="ignore",
        )
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:app.gunicorn", self.target]
        self.web = self.part("web", gunicorn, self.core, env)
        if self.with_workers:
            self.part("workers", [sys.executable, "-m", "workers"], LOAD_CORE, env)
        wait_until(lambda: healthy(self.port), self.web, timeout=60, what="a healthy worker")
        time.sleep(1.0)

    def stop(self) -> None:
        super().stop()
        self.redis.kill()

    def pids(self) -> list[int]:
        return children_of(self.web.pid)


class FastApi(Server):
    """The shape of Retell's Python demo: FastAPI on uvicorn, with uvloop and httptools."""

    name = "FastAPI, Retell's demo shape"

    def __init__(self, ports: Ports, certificate: Path | None = None, *, python: Path) -> None:
        super().__init__(ports, certificate)
        self.python = python

    def start(self) -> None:
        env = self.env(
            CHAT_BASE_URL=f"{self.scheme}://localhost:{self.ports.chat}/v1", RETELL_API_KEY=KEY
        )
        argv = [str(self.python), "-m", "uvicorn", "bench.peers.fastapi_chat:app"]
        options = ["--port", str(self.port), "--log-level", "warning"]
        part = self.part("fastapi", [*argv, *options], self.core, env)
        wait_until(lambda: accepts(self.port), part, timeout=30, what="an open port")


class Bare(Server):
    """The least asyncio bridge."""

    name = "bare asyncio bridge"

    def start(self) -> None:
        url = self.model_base.replace("http", "ws", 1) + "/realtime?model=m"
        argv = [sys.executable, "-m", "bench.peers.bare_realtime", str(self.port)]
        part = self.part("bare", argv, self.core, self.env(MODEL_URL=url))
        wait_until(lambda: accepts(self.port), part, timeout=30, what="an open port")


def children_of(pid: int) -> list[int]:
    """The children of a process."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


def cpu_of(pid: int) -> float:
    """User and system CPU seconds of one process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_of(pid: int) -> int:
    """Resident bytes of one process that are its own or shared."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def stalled(pid: int) -> None:
    """Stop a process as if its machine hung."""
    os.kill(pid, signal.SIGSTOP)


def resumed(pid: int) -> None:
    """Let it go on."""
    os.kill(pid, signal.SIGCONT)
