"""Child processes that are started, watched and ended without a trace."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.errors import AppError

#: Below the range that Linux and macOS take for outgoing connections, so that a part which is
#: restarted finds its port still free.
PORTS = range(20_000, 32_000)

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


class PartFailed(AppError):
    """A part of the program could not start or has ended. The message is one line for a person."""

    code: str = "part_failed"


class Part:
    """One child process in its own process group, with its output in a file.

    The child gets SIGTERM when its parent dies (Linux). Start it from the main thread: the kernel
    counts the end of the starting thread as the parent's death.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.argv = list(argv)
        self.log = log
        self.env = None if env is None else dict(env)
        self.cwd = cwd
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process. Raises `PartFailed` where the program does not exist."""
        parent = os.getpid()
        with self.log.open("ab") as output:
            try:
                self.process = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=self.env,
                    cwd=self.cwd,
                    process_group=0,
                    preexec_fn=lambda: _die_with(parent),
                )
            except OSError as error:
                raise PartFailed(f"{self.name}: cannot start {self.argv[0]}: {error}") from error

    @property
    def pid(self) -> int:
        """The process's id. Raises `PartFailed` before the first start."""
        if self.process is None:
            raise PartFailed(f"{self.name} was not started")
        return self.process.pid

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def status(self) -> str:
        """How the process ended, in words."""
        code = None if self.process is None else self.process.poll()
        if code is None:
            return "is running" if self.process else "was not started"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with status {code}"

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process alone; nothing happens if it is gone."""
        if self.alive:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the process and everything in its group at once."""
        if self.process is None:
            return
        self._kill_group()
        self.process.wait()

    def stop(self, timeout: float = 10.0) -> None:
        """Ask the process to end, wait up to `timeout` seconds, then end its whole group."""
        if self.process is None:
            return
        self.send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout)
        self.kill()

    def tail(self, lines: int = 12) -> str:
        """The last lines of the output."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def stop_all(parts: Sequence[Part], timeout: float = 10.0) -> None:
    """Stop several parts side by side, within `timeout` seconds for all of them."""
    deadline = time.monotonic() + timeout
    for part in parts:
        part.send(signal.SIGTERM)
    for part in parts:
        part.stop(max(0.05, deadline - time.monotonic()))


def wait_until(
    ready: Callable[[], bool],
    part: Part,
    *,
    timeout: float,
    what: str,
    poll: float = 0.02,
) -> None:
    """Poll `ready` until it is true; `what` says in the past tense what is waited for.

    Raises `PartFailed` when the part ends first or `timeout` seconds pass.
    """
    deadline = time.monotonic() + timeout
    while not ready():
        if not part.alive:
            raise PartFailed(f"{part.name} {part.status} before {what}")
        if time.monotonic() > deadline:
            raise PartFailed(f"{part.name}: {timeout:.0f} s passed before {what}")
        time.sleep(poll)


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True if a server could listen there now."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            return False
        return True


def port_problem(port: int) -> str:
    """Why no server could listen on `port` of all addresses; empty if one could."""
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        try:
            with socket.socket(family) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                sock.bind((host, port))
        except PermissionError:
            return f"port {port} is not allowed: ports below 1024 need root"
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is in use by another process"
    return ""


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    for port in random.sample(PORTS, 200):
        if port_is_free(port):
            return port
    raise PartFailed("no free port between 20000 and 32000")


def _die_with(parent: int) -> None:
    """In the child: end when the parent ends, also when that has happened already."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)
