"""`python -m app dev` as a process, watched line by line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.stack import clean_environment
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent.parent


class Dev:
    """One run."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "dev", *arguments],
            cwd=ROOT,
            env=clean_environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._seen: dict[int, psutil.Process] = {}
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(self.lines)

    @property
    def directory(self) -> Path:
        """Where this run keeps its logs and data."""
        return ROOT / ".run" / str(self.process.pid)

    def wait_for(self, text: str, timeout: float = 110.0) -> None:
        """Until `text` was printed. Fails when the process ends before that."""

        def printed() -> bool:
            self.processes()
            ended = self.process.poll() is not None
            self._reader.join(10) if ended else None
            if ended and text not in self.text:
                pytest.fail(f"it ended without {text!r}:\n{self.text}")
            return text in self.text

        eventually(printed, timeout=timeout, poll=0.05)

    def processes(self) -> list[psutil.Process]:
        """All processes below it that were ever seen."""
        try:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                self._seen.setdefault(child.pid, child)
        except psutil.NoSuchProcess:
            pass
        return list(self._seen.values())

    def part(self, word: str) -> psutil.Process:
        """The child whose command line holds `word`."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if word in " ".join(child.cmdline()))

    def end(self, number: signal.Signals = signal.SIGINT, timeout: float = 90.0) -> int:
        """Send a signal and wait; the exit status."""
        self.processes()
        self.process.send_signal(number)
        return self.join(timeout)

    def join(self, timeout: float = 90.0) -> int:
        """Wait for the end; the exit status."""
        status = self.process.wait(timeout)
        self._reader.join(10)
        return status

    def left(self) -> list[str]:
        """Command lines of what still runs."""
        _, alive = psutil.wait_procs(self.processes(), timeout=60)
        return [" ".join(process.cmdline()) for process in alive]

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                self.lines.append(line)


@contextmanager
def dev(*arguments: str, **settings: str) -> Iterator[Dev]:
    """Run until the block ends; then nothing of it is left."""
    run = Dev(*arguments, **settings)
    try:
        yield run
    finally:
        for process in run.processes():
            try:
                os.kill(process.pid, signal.SIGKILL) if process.is_running() else None
            except ProcessLookupError:
                pass
        if run.process.poll() is None:
            run.process.kill()
        run.join()
