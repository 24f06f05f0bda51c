"""`python -m app talk` against the running program: real time, a real file in, a real file out."""

from __future__ import annotations

import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from app.protocol.twilio import SILENCE
from app.rehearsal.twilio_phone import sounds
from tests.support.stack import RunningStack, clean_environment
from tests.support.telephone import spoken
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]


def talk(stack: RunningStack, directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an empty directory."""
    return subprocess.run(
        [sys.executable, "-m", "app", "talk", "--model", stack.env["OPENAI_BASE_URL"], *arguments],
        cwd=directory,
        env=clean_environment(PORT=str(stack.port), PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )


def speech(directory: Path, name: str, text: str) -> str:
    """A speech file, and its words beside it."""
    file = directory / f"{name}.wav"
    sounds.save_one(file, SILENCE * 800 + spoken(text).audio)
    file.with_suffix(".txt").write_text(text)
    return str(file)


def samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8000, 2)
        data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        return data.reshape(-1, file.getnchannels())


def test_files_are_spoken_and_the_agent_is_kept_and_interrupted(
    shared_stack: RunningStack, tmp_path: Path
) -> None:
    question = speech(tmp_path, "question", "What are your opening hours?")
    stop = speech(tmp_path, "stop", "Wait, stop please, I would like to book a cleaning.")
    done = talk(
        shared_stack, tmp_path, "--wav", question, "--over", "1.2", "--wav", stop,
        "--wait", "3", "--from", "+14155550171",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    assert "the caller says: What are your opening hours?" in done.stdout
    latency = re.search(r"barge-in\s+(\d+) ms", done.stdout)
    assert latency is not None, done.stdout
    assert int(latency[1]) < 2000
    heard = samples(tmp_path / "talk.wav")
    assert heard.shape[1] == 1
    assert np.abs(heard).max() > 3000
    found = re.search(r"call\s+(CA\w+)", done.stdout)
    assert found is not None
    story = eventually(lambda: shared_stack.records.fetch(found[1]))
    assert story["from_number"] == "+14155550171"
    assert [entry["role"] for entry in story["transcript"]][:3] == ["agent", "user", "agent"]


def test_both_sides_can_be_kept(shared_stack: RunningStack, tmp_path: Path) -> None:
    question = speech(tmp_path, "question", "When do you open?")
    arguments = ("--wav", question, "--wait", "2", "--both", "--out", "both.wav", "--quiet")
    done = talk(shared_stack, tmp_path, *arguments, "--from", "+14155550172")
    assert done.returncode == 0, done.stderr
    both = samples(tmp_path / "both.wav")
    assert both.shape[1] == 2
    assert np.abs(both[:, 0]).max() > 3000
    assert np.abs(both[:, 1]).max() > 3000
    assert "the caller says" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--wav", "missing.wav"], "missing.wav cannot be read"),
        (["--over", "1"], "--over needs"),
        (["--url", "http://127.0.0.1:1", "--wav", "a.ulaw"], "cannot be reached"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    shared_stack: RunningStack, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "a.ulaw").write_bytes(SILENCE * 1600)
    done = talk(shared_stack, tmp_path, *arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
