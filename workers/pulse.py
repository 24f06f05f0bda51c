"""Signs of life of a worker process, in memory that its supervisor reads.

The jobs of a process run in greenlets: one that computes without end, or hangs in C, keeps all the
others from running, and no timer of the process itself can go off. So the supervisor watches from
outside: each process writes the time into shared memory several times a second, and with every
change of greenlet which worker's turn it is. What stands there when a process is ended names the
job that held it.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
import greenlet

BEAT_S = 0.25

_BEAT = struct.Struct("=d")
_TURN = _BEAT.size
_SLOTS = 64
_SLOT = 160
MAX_WORKERS = 255
SIZE = _SLOTS + (MAX_WORKERS + 1) * _SLOT


class Pulse:
    """The shared memory: written by one process, read by its supervisor."""

    def __init__(self, memory: mmap.mmap, fd: int = -1) -> None:
        self._memory = memory
        self.fd = fd

    @classmethod
    def create(cls) -> Pulse:
        """New memory, all zero, with a file descriptor for the process to come to inherit."""
        with tempfile.TemporaryFile() as file:
            file.truncate(SIZE)
            return cls(mmap.mmap(file.fileno(), SIZE), os.dup(file.fileno()))

    @classmethod
    def open(cls, fd: int) -> Pulse:
        """The memory behind an inherited file descriptor; private memory where it is negative."""
        return cls(mmap.mmap(fd, SIZE), fd)

    def close(self) -> None:
        """Give the memory back."""
        self._memory.close()
        if self.fd >= 0:
            os.close(self.fd)

    def beat(self) -> None:
        """Write down that the process lives. The monotonic clock is the machine's."""
        _BEAT.pack_into(self._memory, 0, time.monotonic())

    def beaten_at(self) -> float:
        """When the process last lived, by the monotonic clock; 0 before it has begun."""
        found: tuple[float] = _BEAT.unpack_from(self._memory, 0)
        return found[0]

    def set_turn(self, number: int) -> None:
        """It is the turn of worker `number`; of none of them where it is 0."""
        self._memory[_TURN] = number

    def set_job(self, number: int, job_id: str) -> None:
        """Worker `number` is at this job; at none where it is empty."""
        text = job_id.encode()
        if len(text) > _SLOT - 1:
            text = b""
        at = _SLOTS + number * _SLOT
        self._memory[at] = 0
        self._memory[at + 1 : at + 1 + len(text)] = text
        self._memory[at] = len(text)

    def job_at_turn(self) -> str:
        """The job of the worker whose turn it is; empty where there is none."""
        at = _SLOTS + self._memory[_TURN] * _SLOT
        return self._memory[at + 1 : at + 1 + self._memory[at]].decode(errors="replace")


class TurnKeeper:
    """Keeps a process's pulse: its beats, and whose turn it is."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._numbers: dict[int, int] = {}
        self._before: Any = None
        self._beats: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Beat from now on, and follow the switches between greenlets."""
        self._before = greenlet.gettrace()
        greenlet.settrace(self._switched)
        self._beats = gevent.spawn(self._beat_for_ever)

    def stop(self) -> None:
        """Leave the process as it was."""
        greenlet.settrace(self._before)
        if self._beats is not None:
            self._beats.kill()

    @contextmanager
    def worker(self, number: int) -> Iterator[None]:
        """This greenlet is worker `number` (from 1 on) within the block."""
        me = id(gevent.getcurrent())
        self._numbers[me] = number
        self._pulse.set_turn(number)
        try:
            yield
        finally:
            del self._numbers[me]
            self._pulse.set_job(number, "")

    def begin(self, number: int, job_id: str) -> None:
        """Worker `number` begins a job, or has ended one where `job_id` is empty."""
        self._pulse.set_job(number, job_id)

    def _switched(self, event: str, greenlets: Any) -> None:
        self._pulse.set_turn(self._numbers.get(id(greenlets[1]), 0))
        if self._before is not None:
            self._before(event, greenlets)

    def _beat_for_ever(self) -> None:
        while True:
            self._pulse.beat()
            gevent.sleep(BEAT_S)
