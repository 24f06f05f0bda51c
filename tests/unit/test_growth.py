"""No text from outside takes more than linear time: every regular expression, every grammar.

The patterns are collected from the modules themselves. Each is fed runs of the characters it is
made of, at n, 2n and 4n; processor time is measured, the least of several runs counts, and a ratio
must be far from linear, again and again, before it is held against a pattern.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import app
import workers
from app.adapters.intent.engine import engine
from app.core.booking import confirmation
from app.core.booking.hours import Hours
from app.core.booking.wanted import read_wanted
from app.core.language import agreement, backchannel, corrections, text, words
from app.core.language.intent import entities
from app.core.language.time import expressions
from app.logs import redact

ROOT = Path(__file__).parent.parent.parent
#: Parts that no text of a stranger reaches: commands, the rehearsal, training, the local stack.
OWN = (
    "app.tools",
    "app.testing",
    "app.cli",
    "app.rehearsal",
    "app.training",
    "app.local",
    "app.gunicorn",
    "app.__main__",
)
NOW = dt.datetime(2026, 11, 18, 10, 0, tzinfo=dt.UTC)
#: A ratio of the times at n and 4n: linear is 4, quadratic 16.
WORST = 9.0
#: Less than this at the largest size is no trouble whatever the ratio (seconds).
TRIFLE = 0.006
#: Patterns that are only ever used on pieces of at most so many characters.
PIECES = {
    "app.core.language.corrections": 2000,
    "app.core.language.text": 2000,
    "app.core.language.backchannel": 2000,
    "app.core.language.intent.entities": 2000,
    "app.core.booking.wanted_forms": 201,
    "app.core.language.name_candidates": 2000,
}
UNITS = (
    *("a", "1", " ", ".", "-", "@", "a@", "a.", "no ", "no, ", "a ", "1 ", ", ", "' ", "a'", "<"),
    *(
        "</",
        "oh ",
        "um no ",
        "1\u0130",
        "\u00e9",
        "1-",
        "1/",
        "1:",
        "a.m ",
        "=",
        "+",
        "?",
        "\\",
        "\n",
    ),
    *("not a but ", "i mean ", "my name is ", "this is ", "{{", "%", "&", ";", "\t", "x-", "_"),
)
"""What the texts are made of, besides the pattern's own words."""


@cache
def modules() -> tuple[str, ...]:
    found = [
        info.name
        for package in (app, workers)
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    ]
    return tuple(name for name in found if not name.startswith(OWN) and "__main__" not in name)


def patterns() -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """Module, name and pattern of everything compiled at import, also inside tables."""
    for module in modules():
        loaded = importlib.import_module(module)
        for name, value in vars(loaded).items():
            for found in _compiled(value):
                if isinstance(found.pattern, str):
                    yield module, name, found


def _compiled(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and depth < 3:
        for item in value.values():
            yield from _compiled(item, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth < 3:
        for item in value:
            yield from _compiled(item, depth + 1)


@cache
def anchored() -> frozenset[tuple[str, str]]:
    """The patterns that are only matched from one place, never searched for."""
    uses: dict[tuple[str, str], set[str]] = {}
    for module in modules():
        path = ROOT / Path(*module.split("."))
        file = (
            path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        )
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                uses.setdefault((module, node.value.id), set()).add(node.attr)
    searching = {"search", "finditer", "findall", "sub", "subn", "split"}
    return frozenset(
        key for key, used in uses.items() if {"match", "fullmatch"} & used and not searching & used
    )


def cost(work: Callable[[str], object], said: str, runs: int) -> float:
    """The least processor time of some runs, in seconds."""
    best = float("inf")
    for _ in range(runs):
        begin = time.thread_time()
        work(said)
        best = min(best, time.thread_time() - begin)
    return best


def grows(work: Callable[[str], object], unit: str, size: int, opening: str = "") -> str:
    """How `work` grows, where its time grows faster than the text; else ""."""
    first, last = (opening + (unit * (n // len(unit) + 1))[:n] + "\0!" for n in (size, 4 * size))
    ratio = 0.0
    for runs in (1, 3, 5, 7):  # a busy machine may be slow for a moment
        small, large = cost(work, first, runs), cost(work, last, runs)
        ratio = large / max(small, 1e-6)
        if large < TRIFLE or ratio < WORST:
            return ""
    return f"{opening!r} {unit!r}: {ratio:.0f} times the time for 4 times the text"


PATTERNS = sorted(
    {(module, name, found.pattern): found for module, name, found in patterns()}.items(),
    key=lambda item: item[0],
)


@pytest.mark.parametrize(
    ("key", "pattern"), PATTERNS, ids=[f"{key[0]}.{key[1]}" for key, _ in PATTERNS]
)
def test_regular_expressions_are_linear(
    key: tuple[str, str, str], pattern: re.Pattern[str]
) -> None:
    module, name, _ = key
    limit = PIECES.get(module)
    one_place = (module, name) in anchored()

    def work(said: str) -> object:
        piece = said[:limit] if limit else said
        return pattern.match(piece) if one_place else sum(1 for _ in pattern.finditer(piece))

    said = re.findall(r"[a-z]{2,}", re.sub(r"\\\\[a-zA-Z]", " ", pattern.pattern.lower()))
    openings = ["", *sorted(set(said))[:8]]
    units = [*UNITS, *(f"{word} " for word in sorted(set(said))[:20])]
    slow = [
        found
        for opening in openings
        for unit in (units if not opening else UNITS[:12])
        if (found := grows(work, unit, 2000, opening and opening + " "))
    ]
    assert not slow


HOURS = Hours.model_validate({"monday": "09:00-17:00"})
ENTRIES: dict[str, Callable[[str], object]] = {
    "resolve": lambda said: expressions.resolve(said, NOW),
    "extract": lambda said: entities.extract(said, NOW, services=("cleaning", "root canal")),
    "analyse": lambda said: engine().analyse(said, services=("cleaning",)),
    "correct": corrections.correct,
    "classify": lambda said: backchannel.classify(said, backchannel.Floor.AGENT),
    "floor_after": backchannel.floor_after,
    "senses": agreement.senses,
    "withdraws": agreement.withdraws,
    "postpones": agreement.postpones,
    "answer": agreement.answer,
    "read_wanted": lambda said: read_wanted({"date": said, "time": said}, NOW, HOURS),
    "confirmed": lambda said: confirmation.confirmed([("agent", said + "?"), ("user", said)], NOW),
    "words": words.words,
    "unheard": lambda said: words.unheard(said, said[:-3]),
    "sentence_end": words.sentence_end,
    "sentences": text.sentences,
    "redact": redact,
}
SAID = (
    *(
        "1\u0130",
        "1 ",
        "no ",
        "a week from ",
        "early ",
        "next ",
        "by ",
        "monday ",
        "1 or ",
        "3 pm ",
    ),
    *(
        "from 3 to ",
        "the day after ",
        "not before ",
        "december 7 to ",
        "move it to ",
        "for two at ",
    ),
    *(
        "morning ",
        "- ",
        "half ",
        "hold on ",
        "uh huh ",
        "around ",
        "until friday ",
        "... ",
        "every ",
    ),
)


@pytest.mark.parametrize("entry", ENTRIES)
def test_grammars_are_linear(entry: str) -> None:
    """In what people say, and beyond the length at which readers stop."""
    slow = [found for unit in SAID if (found := grows(ENTRIES[entry], unit, 500))]
    slow += [found for unit in SAID[:3] if (found := grows(ENTRIES[entry], unit, 4000))]
    assert not slow


def test_the_measure_would_notice() -> None:
    """A quadratic pattern is told from a linear one, so that the tests above mean something."""
    quadratic, linear = re.compile(r"\s+x"), re.compile(r"a+b?")
    assert grows(lambda said: quadratic.search(said), " ", 1000)
    assert not grows(lambda said: linear.findall(said), "a", 4000)
