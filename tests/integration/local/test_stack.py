"""What is told of a part that cannot start, and what is left by runs that were cut off."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.local import stack as stack_module
from app.local.processes import Part, PartFailed, wait_until
from app.local.stack import because, run_directory, short


def part(tmp_path: Path, program: str) -> Part:
    started = Part("web", [sys.executable, "-c", program], log=tmp_path / "web.log")
    started.start()
    return started


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(PartFailed, match="redis: cannot start /nowhere/valkey"):
        Part("redis", ["/nowhere/valkey"], log=tmp_path / "log").start()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise ValueError('no such agent')", ": ValueError: no such agent"),
        ("import sys; sys.exit('settings: PORT is missing')", ": settings: PORT is missing"),
        ('print(\'{"level":"error","message":"gone","x":1}\')', ": error: gone (x=1)"),
        ("pass", ""),
        ("print('x'); import os; os.kill(os.getpid(), 9)", ""),
    ],
)
def test_the_reason_is_the_last_thing_it_said(tmp_path: Path, program: str, told: str) -> None:
    started = part(tmp_path, program)
    assert started.process is not None
    started.process.wait(20)
    assert because(started) == told


def test_a_part_that_ends_while_it_is_waited_for(tmp_path: Path) -> None:
    started = part(tmp_path, "raise SystemExit(3)")
    with pytest.raises(PartFailed, match="web ended with status 3 before it was ready"):
        wait_until(lambda: False, started, timeout=30, what="it was ready")


def test_a_part_that_is_never_ready(tmp_path: Path) -> None:
    started = part(tmp_path, "import time; time.sleep(60)")
    try:
        with pytest.raises(PartFailed, match="web: 0 s passed before it was ready"):
            wait_until(lambda: False, started, timeout=0.2, what="it was ready")
    finally:
        started.kill()
    assert started.status == "was ended by SIGKILL"


def test_a_part_that_does_not_want_to_stop_is_killed(tmp_path: Path) -> None:
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True)\n"
    started = part(tmp_path, program + "time.sleep(60)")
    while "up" not in started.tail():
        time.sleep(0.02)
    started.stop(0.2)
    assert not started.alive


def test_what_a_killed_run_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "ROOT", tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    left = tmp_path / ".run" / str(ended.pid)
    left.mkdir(parents=True)
    (left / "web.log").write_text("x")
    mine = tmp_path / ".run" / str(os.getppid())
    mine.mkdir()
    assert run_directory() == tmp_path / ".run" / str(os.getpid())
    assert not left.exists()
    assert mine.exists()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b'{"level":"warning","message":"slow","call_id":"c"}', "warning: slow (call_id=c)"),
        (b'{"level":"error","message":"a\\nb","exception":"long"}', "error: a"),
        (b'{"level":"info","message":"up"}', ""),
        (b"plain", ""),
        (b"[1]", ""),
    ],
)
def test_only_trouble_is_shown(line: bytes, shown: str) -> None:
    assert short(line, everything=False) == shown
