"""`python -m app call --all`: every shipped scenario, a table, JUnit and HTML."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.local.processes import free_port
from app.rehearsal.retell_caller import scenario
from tests.support.stack import RunningStack, clean_environment

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(240)


def call(*arguments: str, port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "call", *arguments],
        cwd=ROOT,
        env=clean_environment(PORT=str(port)),
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_all_scenarios_are_played_and_told_of(shared_stack: RunningStack, tmp_path: Path) -> None:
    files = [f"--junit={tmp_path / 'out.xml'}", f"--html={tmp_path / 'out.html'}"]
    ran = call("--all", "--quiet", "--speed=0", *files, port=shared_stack.port)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    names = scenario.shipped()
    cases = ET.parse(tmp_path / "out.xml").getroot().findall(".//testcase")  # noqa: S314 - ours
    assert [case.get("name") for case in cases] == names
    left_out = [name for name in names if scenario.load(name).requires]
    assert [c.get("name") for c in cases if c.find("skipped") is not None] == left_out
    page = (tmp_path / "out.html").read_text()
    for name in names:
        assert name in ran.stdout
        assert f"<td>{name}<br>" in page
    assert f"{len(names) - len(left_out)} passed, 0 failed, {len(left_out)} left out" in ran.stdout


def test_a_scenario_is_played_by_several_callers(
    shared_stack: RunningStack, tmp_path: Path
) -> None:
    files = [f"--junit={tmp_path / 'out.xml'}", f"--html={tmp_path / 'out.html'}"]
    wanted = ["booking", "--seed=4", "--repeat=3", "--speed=0"]
    ran = call(*wanted, *files, port=shared_stack.port)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 of 3 passed; pass^1 1.00, pass^3 1.00" in ran.stdout
    cases = ET.parse(tmp_path / "out.xml").getroot().findall(".//testcase")  # noqa: S314 - ours
    assert [c.get("name") for c in cases] == [f"booking, seed {seed}" for seed in (4, 5, 6)]
    assert "booking: 3 of 3 passed" in (tmp_path / "out.html").read_text()
    said = [line for line in ran.stdout.splitlines() if line.startswith("  Caller")]
    again = call("booking", "--seed=5", "--speed=0", port=shared_stack.port)
    repeated = [line for line in again.stdout.splitlines() if line.startswith("  Caller")]
    assert repeated[0].split()[:6] in [line.split()[:6] for line in said], "another caller"


def test_a_server_that_is_away_fails_every_scenario(tmp_path: Path) -> None:
    ran = call("--all", "--quiet", f"--junit={tmp_path / 'out.xml'}", port=free_port())
    assert ran.returncode == 1
    suite = ET.parse(tmp_path / "out.xml").getroot()[0]  # noqa: S314 - our own
    played = [name for name in scenario.shipped() if not scenario.load(name).requires]
    assert suite.get("failures") == str(len(played))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--all", "booking"], "--all"),
        (["--junit", "x.xml"], "--all"),
        (["--repeat", "3"], "SCENARIO"),
        (["--seed", "3"], "SCENARIO"),
        (["booking", "--repeat", "0"], "--repeat"),
        (["booking", "--repeat", "2", "--call-id", "x"], "--call-id"),
    ],
)
def test_arguments_that_clash_are_refused(arguments: list[str], told: str) -> None:
    ran = call(*arguments, port=free_port())
    assert ran.returncode != 0
    assert told in ran.stderr + ran.stdout
    assert "Traceback" not in ran.stderr
