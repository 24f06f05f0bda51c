"""`python -m app dev`: the first thing a newcomer runs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from app.adapters.own_server import Records
from app.local.stack import run_directory
from tests.support.dev import ROOT, dev
from tests.support.stack import clean_environment


def test_a_caller_is_booked_then_it_stays_up_and_ctrl_c_leaves_nothing(free_port: int) -> None:
    with dev("--speed", "0", PORT=str(free_port), DEMO="1") as run:
        run.wait_for("Try, in a second terminal")
        assert "How can I help" in run.text
        assert "book_appointment(" in run.text
        assert "call ended: agent_hangup" in run.text
        assert "did not go as" not in run.text
        for part in ("redis", "model", "workers", "web"):
            assert f"\n  {part} " in run.text
        assert f"http://localhost:{free_port}/calendar.ics" in run.text
        assert "Booked: cleaning for Dana Reyes on " in run.text
        assert Records(f"http://127.0.0.1:{free_port}").get("/ready")[0] == 200
        call_id = run.text.split("/api/calls/")[1].split()[0]
        story = Records(f"http://127.0.0.1:{free_port}").fetch(call_id)
        assert story is not None
        assert len(run.processes()) >= 6
        assert run.end(signal.SIGINT) == 0
        assert run.left() == []
        assert not run.directory.exists()
        assert run.lines[-1].strip() == "Stopping"


def test_sigterm_ends_it_too_and_without_a_demo_nobody_calls(free_port: int) -> None:
    with dev(PORT=str(free_port), DEMO="0") as run:
        run.wait_for("Try, in a second terminal")
        assert "Caller" not in run.text
        assert run.end(signal.SIGTERM) == 0
        assert run.left() == []
        assert not run.directory.exists()


def test_a_signal_that_comes_twice_still_cleans_up(free_port: int) -> None:
    with dev(PORT=str(free_port), DEMO="0") as run:
        run.wait_for("\n  redis ")
        run.processes()
        run.process.send_signal(signal.SIGTERM)
        assert run.end(signal.SIGTERM) == 0
        assert run.left() == []
        assert not run.directory.exists()


@pytest.mark.faults
def test_it_ends_with_the_process_that_started_it(free_port: int) -> None:
    """As `make run` starts it: a killed make leaves nothing running."""
    command = f"{sys.executable} -m app dev --with-parent & echo $!; wait"
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=ROOT,
        env=clean_environment(PORT=str(free_port), DEMO="0"),
        stdout=subprocess.PIPE,
        text=True,
    ) as shell:
        assert shell.stdout is not None
        run = psutil.Process(int(shell.stdout.readline()))
        for line in shell.stdout:
            if "Try, in a second terminal" in line:
                break
        parts = run.children(recursive=True)
        shell.kill()
        assert "ended" in shell.stdout.read()
    _, alive = psutil.wait_procs([run, *parts], timeout=60)
    assert alive == []
    assert not (ROOT / ".run" / str(run.pid)).exists()


def test_a_busy_port_is_named(free_port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", free_port))
        listener.listen()
        with dev("--port", str(free_port)) as run:
            assert run.join() == 1
            lines = [line.strip() for line in run.lines if "port" in line]
            assert len(lines) == 1
            assert lines[0].startswith(f"port {free_port} is in use by another process")
            assert "PORT=" in lines[0]
            assert run.left() == []


def test_a_dead_part_stops_everything(free_port: int) -> None:
    with dev(PORT=str(free_port), DEMO="0") as run:
        run.wait_for("Try, in a second terminal")
        run.processes()
        run.part("workers").send_signal(signal.SIGKILL)
        assert run.join() == 1
        assert "workers was ended by SIGKILL" in run.text
        assert run.left() == []
        assert not run.directory.exists()


def test_a_broken_setting_is_told_in_one_line(tmp_path: Path, free_port: int) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text("nonsense: 1\n")
    for settings, told in (
        ({"PORT": "x"}, "PORT must be a whole number"),
        ({"PORT": str(free_port), "REDIS_URL": "redis://127.0.0.1:1"}, "no Redis at REDIS_URL"),
        ({"PORT": str(free_port), "AGENT_FILE": str(file)}, "agents.yaml:1"),
    ):
        with dev(**settings) as run:
            assert run.join(90) == 1
            assert told in run.text, run.text
            assert "Traceback" not in run.text
            assert run.left() == []


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_even_kill_9_leaves_no_process(free_port: int) -> None:
    with dev(PORT=str(free_port), DEMO="0") as run:
        run.wait_for("Try, in a second terminal")
        directory = run.directory
        run.end(signal.SIGKILL)
        assert run.left() == []
        run_directory()
        assert not directory.exists()


def test_a_given_redis_is_used_and_left_alone(
    free_ports: Callable[[], int], redis_url: str
) -> None:
    port = free_ports()
    with dev(PORT=str(port), REDIS_URL=redis_url, DEMO="0") as run:
        run.wait_for("Try, in a second terminal")
        assert "the one of REDIS_URL" in run.text
        assert not [p for p in run.processes() if "valkey-server" in p.name()]
        run.end()
    redis_pid = int(redis_url.rsplit(":", 1)[1].split("/")[0])
    with socket.create_connection(("127.0.0.1", redis_pid), timeout=5):
        pass


def test_the_commands_it_suggests_work(free_port: int) -> None:
    with dev(PORT=str(free_port), DEMO="0") as run:
        run.wait_for("Try, in a second terminal")
        env = clean_environment(PORT=str(free_port))
        webhook = subprocess.run(
            [sys.executable, "-m", "app", "webhook", "call_ended"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert webhook.returncode == 0, webhook.stderr
        assert '"received":true' in webhook.stdout
        call = subprocess.run(
            [sys.executable, "-m", "app", "call", "--speed", "0"],
            cwd=ROOT,
            env=env,
            input="",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert call.returncode == 0, call.stdout
        assert "How can I help" in call.stdout
        assert "user_hangup" in call.stdout
        doctor = subprocess.run(
            [sys.executable, "-m", "app", "doctor"],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert doctor.returncode == 0, doctor.stdout
        assert "No problems found." in doctor.stdout
        assert "a session after" in doctor.stdout, "the rehearsal model was asked"
