"""A document as somebody is typing it: what it says, and each mistake with its line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from app.adapters.agents import files
from app.adapters.agents.documents import Document, Kind
from app.errors import SettingsError

NAME = "draft"
MAX_DEPTH = 40
_LISTS: Mapping[Kind, str] = {"agent": "agents", "business": "businesses"}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong: the path in the document, that in words, and the line (from 1, 0 is none)."""

    path: str
    message: str
    line: int

    def to_json(self) -> dict[str, Any]:
        """As pages get it."""
        return {"path": self.path, "message": self.message, "line": self.line}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a text says. `document` is None where it cannot be read at all."""

    document: Document | None
    flaws: tuple[Flaw, ...]

    def locate(self, problems: Iterable[Mapping[str, str]]) -> list[Flaw]:
        """Problems of the document, each a `path` and a `message`, with their lines."""
        document = self.document
        assert document is not None
        return [
            Flaw(each["path"], each["message"], self._line(document, each["path"]))
            for each in problems
        ]

    def _line(self, document: Document, path: str) -> int:
        if not path:
            return 0
        location: list[int | str] = []
        inside: Any = document.data
        for part in path.split("."):
            step: int | str = int(part) if isinstance(inside, list) and part.isdigit() else part
            location.append(step)
            try:
                inside = inside[step]
            except (KeyError, IndexError, TypeError):
                inside = None
        return _line_in(document.origin.where((*document.at, *location)))


def read_draft(text: str, kind: Kind = "agent") -> Draft:
    """Read the YAML of one agent or business.

    Aliases are refused: a few lines of them can mean gigabytes.
    """
    wrong = next(_too_much(text), None)
    if wrong is not None:
        return Draft(None, (wrong,))
    try:
        found = files.parse_documents(text, NAME)
    except SettingsError as error:
        return Draft(None, tuple(_flaw(each) for each in error.problems))
    flaws = tuple(Flaw(each.path, each.message, _line_in(each.where)) for each in found.problems)
    if len(found.agents) != 1 or found.businesses or not found.implied or found.agents[0].at:
        told = f"write the keys of one {kind}, without {_LISTS[kind]}:"
        return Draft(None, (Flaw("", told, 1),))
    return Draft(replace(found.agents[0], kind=kind), flaws)


def _too_much(text: str) -> Iterator[Flaw]:
    """What must not even be built: aliases, and what lies deeper than any agent's file."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                yield Flaw("", "aliases (*name) cannot be used here", line)
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                yield Flaw("", "too deep", line)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "not YAML"
        yield Flaw("", what, mark.line + 1 if mark else 1)


def _flaw(problem: str) -> Flaw:
    where, _, message = problem.partition(": ")
    return Flaw("", message or problem, _line_in(where))


def _line_in(where: str) -> int:
    """The line of a place like ``draft:12``."""
    line = where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0
