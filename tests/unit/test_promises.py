"""Every line that promises something has a job that keeps it; a new promise without one fails."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]

PROMISE = re.compile(
    r"\b(?:(?:we|I|our office|the front office|somebody|someone|you)(?: will|'ll)\b"
    r"|(?:will|'ll) (?:call|confirm|text|send|let you know|get back|be called)\b"
    r"|gets? back to\b|calls? (?:you )?back\b|(?:have|is|was) noted\b)",
    re.IGNORECASE,
)

#: A promise in the words of a line, and what keeps it.
KEPT = {
    "We will call you back as soon as we can": "app.adapters.notify.messages.Messages.leave",
    "The front office will call you back": "app.adapters.notify.messages.Messages.leave",
    "I will confirm it to you by text message": "workers.noted.finish",
    "our office will get back to you to confirm it": "workers.noted.finish",
    " I have noted ": "workers.noted.finish",
    "I have noted your message for ": "app.adapters.notify.messages.Messages.leave",
    ". You would like a call back ": "app.adapters.notify.messages.Messages.leave",
    "it is noted, but not known yet whether it worked": "workers.noted._report_late",
    "It is noted, but not confirmed yet": "workers.noted._report_late",
    "It is noted, and you will get a confirmation": "workers.noted.finish",
    "will connect you": "app.core.call.pending_action.PendingAction",
    "No problem, I will leave that": "app.rehearsal.receptionist.dialogue.Dialogue.forget_time",
}

#: Words of a promise that is told of, asked of somebody, or only written in a log.
NO_PROMISES = (
    "an inbound webhook was not noted",
    "that we call back",
    "Please call back",
    "we could not do what we had noted",
    "We had noted",
    "A caller was promised that you call back",
    "The caller was promised a call back",
    "a request that was noted could not be done",
    "A caller was told while the calendar was away",
    "Call back: ",
    "can we call you back?",
    "Can we call you back on the number you are calling from",
    ", without a number to call back",
    "want to be called back",
    "a wish to be called back",
    "The number to call back, as the caller said it",
)
#: Vocabularies of what callers say, and the intent model's training.
NOT_SPOKEN = (
    "app/core/language/",
    "app/core/requests/",
    "app/training/",
    "app/rehearsal/receptionist/patterns.py",
)


def spoken_lines() -> Iterator[tuple[str, str]]:
    """`(file, text)` of every text in the code and in the shipped agent's lines."""
    for path in sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]):
        file = str(path.relative_to(ROOT))
        if file.startswith(NOT_SPOKEN):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or node in documentation:
                continue
            if isinstance(node.value, str) and " " in node.value:
                yield file, node.value
    for path in sorted((ROOT / "app" / "agents").glob("*.yaml")):
        lines = yaml.safe_load(path.read_text(encoding="utf-8")).get("lines") or {}
        for value in lines.values():
            for text in value if isinstance(value, list) else [value]:
                yield str(path.relative_to(ROOT)), text


def test_every_promise_is_kept() -> None:
    unkept = [
        f"{file}: {text[:120]!r}"
        for file, text in spoken_lines()
        if PROMISE.search(text) and not any(known in text for known in (*KEPT, *NO_PROMISES))
    ]
    assert unkept == [], "say it only where a job delivers it, and name the job in KEPT"


@pytest.mark.parametrize("line", KEPT)
def test_what_keeps_a_promise_is_there_and_the_promise_is_made(line: str) -> None:
    assert any(line in text for _, text in spoken_lines()), "nobody says this any more"
    module, _, name = KEPT[line].rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError:
        module, _, owner = module.rpartition(".")
        found = getattr(getattr(importlib.import_module(module), owner), name)
    assert callable(found)
