"""The main commands of the README and of docs/retell.md do what is said there, in that order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.conftest import MakeStack
from tests.support.stack import RunningStack
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent.parent


def curl_commands() -> list[str]:
    """The curl commands of the README's shell blocks, each on one line."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip().startswith("curl ")]


def run(command: str, stack: RunningStack) -> bytes:
    command = command.replace("localhost:8080", f"127.0.0.1:{stack.port}")
    done = subprocess.run(
        ["bash", "-c", command.replace("curl ", "curl --fail-with-body -m 20 ", 1)],
        capture_output=True,
        timeout=40,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def was_booked(story: dict[str, Any]) -> bool:
    """Whether the call led to a booking; on a holiday, that it was told."""
    if "holiday" in (story.get("decision") or {}).get("why", ""):
        return True
    return [booking["status"] for booking in story.get("bookings", ())] == ["booked"]


def test_curl_commands(stack: RunningStack) -> None:
    commands = curl_commands()
    webhooks = [command for command in commands if "/webhook/retell " in command]
    assert len(webhooks) >= 3
    sample = [sys.executable, "-m", "app", "webhook", "call_ended", "--id", "call_sample", "--url"]
    subprocess.run([*sample, f"http://127.0.0.1:{stack.port}"], cwd=ROOT, check=True)
    eventually(lambda: was_booked(stack.records.fetch("call_sample") or {}))
    for command in webhooks:
        assert orjson.loads(run(command, stack)) == {"received": True}
    (analyse,) = [command for command in commands if "/webhook/realtime" in command]
    answer = orjson.loads(run(analyse, stack))
    assert answer["received"] is True
    assert answer["processedIntent"] == "reschedule_meeting"
    assert answer["slots"]["time"] == "15:30"
    (story,) = [command for command in commands if "/api/calls/" in command]

    def told() -> bool:
        found = orjson.loads(run(story, stack))
        intents = {intent["intent"] for intent in found["intents"]}
        return found["status"] == "ended" and "schedule_meeting" in intents and was_booked(found)

    eventually(told)
    (calendar,) = [command for command in commands if "calendar.ics" in command]
    assert b"BEGIN:VCALENDAR" in run(calendar, stack)


def block(kind: str, holds: str) -> str:
    """The block of the README that holds a text."""
    blocks = re.findall(rf"```{kind}\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (found,) = [each for each in blocks if holds in each]
    return str(found)


def test_the_tool_runs_as_it_stands(make_stack: MakeStack, tmp_path: Path) -> None:
    (tmp_path / "my_tools.py").write_text(block("python", "invoice_balance"))
    scenario = tmp_path / "balance.yaml"
    scenario.write_text(block("yaml", "invoice_balance"))
    tools = {"TOOLS_MODULE": "my_tools", "PYTHONPATH": str(tmp_path)}
    stack = make_stack(tools)
    (command,) = [line for line in block("sh", "balance.yaml").splitlines() if " tools " in line]
    assert command.startswith("TOOLS_MODULE=my_tools .venv/bin/python -m app ")

    def app(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env={**stack.env, "PORT": str(stack.port), "PYTHONPATH": f"{ROOT}:{tmp_path}"},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout

    assert "120 dollars are left to pay." in app(*shlex.split(command.partition(" app ")[2]))
    assert "passed" in app("call", str(scenario), "--speed", "0")


def test_the_commands_for_retell(make_stack: MakeStack) -> None:
    text = (ROOT / "docs" / "retell.md").read_text()
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).splitlines()
    commands = [line.partition(" -m app ")[2] for line in lines if " -m app " in line]
    expected = {
        "tools list": "check_availability",
        "tools test": "ok after",
        "doctor --url": "refuses a caller without the token",
        "call --url": "How can I help",
        "call booking": "passed",
        "doctor --call": "tool book_appointment done",
    }
    stack = make_stack({"SOCKET_TOKEN": "YOUR_SOCKET_TOKEN", "RETELL_API_KEY": "YOUR_KEY"})
    for command in commands:
        words = shlex.split(command.replace("wss://YOUR_HOST", f"ws://127.0.0.1:{stack.port}"))
        kind = " ".join(words[:2])
        words = [word.replace("CALL_ID", "call_shown") for word in words]
        if words[0] == "call":
            words += ["--speed", "0"]
        if kind == "call booking":
            words += ["--call-id", "call_shown"]
        done = subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=ROOT,
            env={**stack.env, "PORT": str(stack.port)},
            input="",
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert expected.pop(kind) in done.stdout, command
    assert expected == {}


@pytest.mark.parametrize("line", ["python -m app call booking"])
def test_the_readme_shows_the_main_commands(line: str) -> None:
    assert line in (ROOT / "README.md").read_text()
