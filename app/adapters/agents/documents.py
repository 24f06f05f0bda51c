"""Agents and businesses as they were written, before anything is made of them.

A document is plain JSON data with the place it comes from, so that a mistake is named with file and
line, or with the path in what was sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson

from app.core.agent.business import slug

Location = tuple[int | str, ...]
Kind = Literal["agent", "business", "default"]
"""`default` is the document that names the agent which takes other calls: ``{"agent": ID}``."""
_PLAIN = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS


class Origin(Protocol):
    """Where documents come from."""

    @property
    def name(self) -> str:
        """What people call it: a path, or ``redis``."""

    @property
    def folder(self) -> Path | None:
        """From where the paths in its documents lead."""

    def where(self, location: Location) -> str:
        """The place of a part, for people."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The origin of data that are no file's: they have no lines, and paths lead nowhere."""

    name: str
    folder: Path | None = None

    def where(self, location: Location) -> str:
        """The name alone."""
        return self.name


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong: the place for people, the path in the document, that in words, and the
    document (`Document.field`; blank where it is none's)."""

    where: str
    path: str
    message: str
    about: str = ""

    def __str__(self) -> str:
        told = f"{self.path}: {self.message}" if self.path else self.message
        return f"{self.where}: {told}"

    def to_json(self) -> dict[str, str]:
        """As the API answers it."""
        return {"path": self.path, "message": self.message}


@dataclass(frozen=True, slots=True)
class Document:
    """One agent or business. `key` is the business's id, or where the agent stands in its list."""

    kind: Kind
    key: str
    data: dict[str, Any]
    origin: Origin
    at: Location = ()

    def problem(self, path: Location, message: str) -> Problem:
        """What is wrong with a part of it."""
        told = ".".join(str(part) for part in path)
        return Problem(self.origin.where((*self.at, *path)), told, message, self.field)

    @property
    def name(self) -> str:
        """Its id, as far as it can be told of one that was not checked yet."""
        if self.kind != "agent":
            return self.key
        return str(self.data.get("id") or slug(str(self.data.get("name") or "")))

    @property
    def field(self) -> str:
        """Its name among all documents: `KIND:ID`."""
        return field_of(self.kind, self.name)


@dataclass(frozen=True, slots=True)
class Documents:
    """All documents of one source. `default` is the agent that is named to take other calls, and
    `implied` is true where the first one takes them because nothing else is said."""

    agents: Sequence[Document] = ()
    businesses: Sequence[Document] = ()
    default: str | None = None
    default_at: str = ""
    implied: bool = False
    problems: tuple[Problem, ...] = ()

    def beside(self, other: Documents) -> Documents:
        """These and others; where both have the same agent or business, the others' is the one."""
        newer = {document.name: document for document in other.agents}
        agents = [newer.pop(document.name, document) for document in self.agents]
        keys = {document.key for document in other.businesses}
        businesses = [document for document in self.businesses if document.key not in keys]
        return replace(
            self,
            agents=(*agents, *newer.values()),
            businesses=(*businesses, *other.businesses),
            default=other.default or self.default,
            default_at=other.default_at if other.default else self.default_at,
            problems=(*self.problems, *other.problems),
        )


def plain(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data as JSON has it: days are texts, keys are texts. Raises TypeError or ValueError."""
    found: dict[str, Any] = orjson.loads(orjson.dumps(data, option=_PLAIN))
    return found


def field_of(kind: Kind, name: str) -> str:
    """The name of a document among all of them."""
    return f"{kind}:{name}"


def digest(*parts: Any) -> str:
    """A short name of JSON data: equal data have the same."""
    return hashlib.sha256(orjson.dumps(parts, option=_PLAIN)).hexdigest()[:16]
