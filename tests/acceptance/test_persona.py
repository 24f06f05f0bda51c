"""Callers whom a text model plays: well, badly, late, away, with nonsense; all else is real."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import RunningStack, clean_environment
from tests.support.text_model import TextModel

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(240)

FILE = """
about: A nurse books a cleaning between two shifts.
caller:
  from_number: "+14155550161"
persona:
  who: Dana Reyes, a nurse
  goal: a cleaning on {day+60} in the morning
  mood: in a hurry
  turns: 12
expect:
  ended: agent_hangup
  bookings:
    - {status: booked, name: Dana Reyes, service: cleaning, start: "{date+60}"}
  tone: friendly and short
"""


def good(question: dict[str, Any]) -> Any:
    """A caller who answers what was asked last; the tone is always fine."""
    told, heard = (message["content"] for message in question["messages"])
    if "You judge only" in told:
        return {"fits": True, "why": "The agent was friendly."}
    day = re.search(r"a cleaning on (.+) in the morning", told)
    assert day is not None
    last = [line for line in heard.splitlines() if line.startswith("Agent:")][-1]
    for pattern, say in (
        ("all set|booked for", "No, that is all. Thank you, bye!"),
        (r"\bname\b", "It's Dana Reyes."),
        ("shall I", "Yes, please."),
        ("which one", "The first one, please."),
        ("", f"I would like to book a cleaning on {day[1]} in the morning."),
    ):
        if re.search(pattern, last, re.IGNORECASE):
            return {"say": say, "hang_up": False}
    raise AssertionError(last)


def wrong(question: dict[str, Any]) -> Any:
    """A caller who says what they want, and leaves."""
    return {"say": "I would like a cleaning. Bye!", "hang_up": True, "fits": True, "why": "Nice."}


@pytest.fixture
def model() -> Iterator[TextModel]:
    running = TextModel(good)
    yield running
    running.stop()


def play(
    stack: RunningStack, tmp_path: Path, model_url: str, *more: str
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "nurse.yaml"
    file.write_text(FILE)
    env = clean_environment(PORT=str(stack.port))
    if model_url:
        env |= {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": model_url}
    command = [sys.executable, "-m", "app", "call", str(file), "--speed=0", *more]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)


def test_one_who_plays_well_is_judged_by_what_came_of_the_call(
    shared_stack: RunningStack, tmp_path: Path, model: TextModel
) -> None:
    ran = play(shared_stack, tmp_path, model.url)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "tone: fits: The agent was friendly." in ran.stdout
    asked = len(model.questions)
    assert f"text model: {asked} questions, {asked * 100} tokens in, {asked * 10} out" in ran.stdout
    assert "price of gpt-5.4-nano is not known" in ran.stdout
    told = model.questions[0]["messages"][0]["content"]
    assert "Dana Reyes, a nurse" in told
    assert "{day" not in told


def test_a_good_tone_does_not_make_up_for_what_did_not_happen(
    shared_stack: RunningStack, tmp_path: Path, model: TextModel
) -> None:
    model.opinion = wrong
    ran = play(shared_stack, tmp_path, model.url)
    assert ran.returncode == 1
    assert "no booking with" in ran.stdout
    assert "tone: fits" in ran.stdout


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("nonsense", "gave an answer that has no form"),
        ("silent", "gave nothing that can be said"),
        ("endless", "gave nothing that can be said"),
        ("broken", "answered HTTP 500"),
        ("away", "cannot be asked"),
    ],
)
def test_one_who_does_not_play_is_not_judged(
    shared_stack: RunningStack, tmp_path: Path, model: TextModel, how: str, told: str
) -> None:
    answers = {
        "nonsense": "Sure! Here is what I would say",
        "silent": {"say": " ... ", "hang_up": False},
        "endless": {"say": "and " * 200, "hang_up": False},
    }
    model.opinion = answers.get(how, good)
    model.status = 500 if how == "broken" else 200
    url = "http://127.0.0.1:9/v1" if how == "away" else model.url
    out = tmp_path / "out.xml"
    ran = play(shared_stack, tmp_path, url, "--repeat=1", f"--junit={out}")
    assert ran.returncode == 1, ran.stdout
    assert "NOT JUDGED" in ran.stdout
    assert told in ran.stdout
    assert "0 passed, 0 failed, 1 not judged" in ran.stdout
    suite = ET.parse(out).getroot()[0]  # noqa: S314 - our own
    assert (suite.get("errors"), suite.get("failures")) == ("1", "0")


def test_one_who_is_late_is_not_judged_and_not_waited_for(
    shared_stack: RunningStack, tmp_path: Path, model: TextModel
) -> None:
    model.delay_s = 12.0
    ran = play(shared_stack, tmp_path, model.url)
    assert ran.returncode == 1
    assert "did not answer within 9 s" in ran.stdout
    assert "passed" not in ran.stdout


def test_without_a_key_nobody_is_called(shared_stack: RunningStack, tmp_path: Path) -> None:
    ran = play(shared_stack, tmp_path, "")
    assert ran.returncode == 1
    assert "set OPENAI_API_KEY" in ran.stdout


def test_several_plays_give_pass_k(
    shared_stack: RunningStack, tmp_path: Path, model: TextModel
) -> None:
    ran = play(shared_stack, tmp_path, model.url, "--repeat=2", "--seed=5")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "2 of 2 passed; pass^1 1.00, pass^2 1.00" in ran.stdout
    first = {question["messages"][0]["content"] for question in model.questions}
    assert len(first) >= 2, "seeds give the caller another way to talk"
