"""Agents and businesses that were put through the API, as Redis keeps them.

Each document has numbered versions, which never change; a generation is counted up in the same step
as each write, so that who has seen a generation knows whether there is anything new.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters.agents.documents import Document, Documents, Kind, Sent, digest, field_of
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script

#: Versions of one document that are kept.
MAX_VERSIONS = 100
#: Documents of one write: Lua unpacks some thousand arguments at most.
MAX_CHANGES = 2500
#: The versions of what was taken out are kept for so long.
FORGET_S = 90 * 86_400
DEFAULT = "default"
"""The id of the document that names the default agent."""


@dataclass(frozen=True, slots=True)
class Change:
    """A document as it is to be; without `data` it is taken out. `note` says why."""

    kind: Kind
    id: str
    data: dict[str, Any] | None
    note: str = ""

    @property
    def field(self) -> str:
        """The document's name among all."""
        return field_of(self.kind, self.id)


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of a document: who wrote it, and when (Unix seconds). Without `data` it says that
    the document was taken out."""

    kind: Kind
    id: str
    number: int
    data: dict[str, Any] | None
    by: str
    at: float
    note: str = ""

    @property
    def field(self) -> str:
        """The document's name among all."""
        return field_of(self.kind, self.id)

    @property
    def digest(self) -> str:
        """A short name of what it says; blank where the document was taken out."""
        return "" if self.data is None else digest(self.data)

    def document(self) -> Document:
        """As a document among others."""
        return Document(
            self.kind,
            self.id if self.kind != "agent" else "",
            self.data or {},
            Sent(f"{self.kind} {self.id}, version {self.number}"),
        )

    def to_json(self) -> dict[str, Any]:
        """Who, when and what for, as the API tells it."""
        told: dict[str, Any] = {
            "version": self.number,
            "by": self.by,
            "at": dt.datetime.fromtimestamp(self.at, dt.UTC).isoformat(timespec="milliseconds"),
            "etag": self.digest or None,
        }
        if self.data is None:
            told["deleted"] = True
        if self.note:
            told["note"] = self.note
        return told


StoredDocuments = Mapping[str, Stored]
"""The newest versions by `Stored.field`."""


class AgentStore:
    """All documents in Redis, and their versions. Every method raises `Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._write = RedisScript(redis, load_script(Path(__file__).parent, "write_documents"))

    @guarded
    def generation(self) -> int:
        """How often anything was written."""
        return int(cast(bytes | None, self._redis.get(keys.AGENTS_GENERATION)) or 0)

    @guarded
    def read(self, known: StoredDocuments) -> tuple[int, dict[str, Stored]]:
        """The generation and the newest versions; only those that are not `known` are fetched."""
        with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.get(keys.AGENTS_GENERATION)
            pipeline.hgetall(keys.AGENTS_CURRENT)
            generation, current = pipeline.execute()
        found: dict[str, Stored] = {}
        wanted: list[tuple[str, bytes]] = []
        for name, value in current.items():
            field, number = name.decode(), value.split()[0]
            if field in known and known[field].number == int(number):
                found[field] = known[field]
            else:
                wanted.append((field, number))
        with self._redis.pipeline(transaction=False) as pipeline:
            for field, number in wanted:
                pipeline.hget(keys.document_versions(field), number.decode())
            for (field, number), raw in zip(wanted, pipeline.execute(), strict=True):
                if raw is not None:
                    found[field] = _stored(field, int(number), raw)
        return int(generation or 0), dict(sorted(found.items()))

    @guarded
    def write(
        self, changes: Sequence[Change], *, expected: int, by: str, at: float
    ) -> list[Stored] | None:
        """Write new versions, all or none; None where the generation is not `expected` any more."""
        rest: list[str | bytes] = []
        for change in changes:
            entry = {"data": change.data, "by": by, "at": at, "note": change.note}
            name = "" if change.data is None else digest(change.data)
            rest += [change.field, name, orjson.dumps(entry)]
        wrote, _, *numbers = self._write(
            {"generation": keys.AGENTS_GENERATION, "current": keys.AGENTS_CURRENT},
            {
                "expected": expected,
                "channel": keys.AGENTS_CHANGED,
                "versions": keys.document_versions(""),
                "most": MAX_VERSIONS,
                "forget_s": FORGET_S,
            },
            rest,
        )
        if not wrote:
            return None
        return [
            Stored(change.kind, change.id, int(number), change.data, by, at, change.note)
            for change, number in zip(changes, numbers, strict=True)
        ]

    @guarded
    def versions(self, kind: Kind, name: str) -> list[Stored]:
        """All versions of a document that are kept, the newest first."""
        field = field_of(kind, name)
        found = cast(dict[bytes, bytes], self._redis.hgetall(keys.document_versions(field)))
        numbered = [(int(key), raw) for key, raw in found.items() if key != b"last"]
        return [_stored(field, number, raw) for number, raw in sorted(numbered, reverse=True)]

    @guarded
    def version(self, kind: Kind, name: str, number: int) -> Stored | None:
        """One version of a document; None where it is not kept."""
        field = field_of(kind, name)
        key = keys.document_versions(field)
        raw = cast(bytes | None, self._redis.hget(key, str(number)))
        return None if raw is None else _stored(field, number, raw)


def documents_of(stored: StoredDocuments) -> Documents:
    """The documents of the newest versions."""
    made = [each.document() for each in stored.values()]
    default = stored.get(field_of("default", DEFAULT))
    return Documents(
        agents=[each for each in made if each.kind == "agent"],
        businesses=[each for each in made if each.kind == "business"],
        default=str((default.data or {}).get("agent")) if default else None,
        default_at=f"default, version {default.number}" if default else "",
    )


def _stored(field: str, number: int, raw: bytes) -> Stored:
    kind, _, name = field.partition(":")
    entry = orjson.loads(raw)
    return Stored(
        cast(Kind, kind),
        name,
        number,
        entry["data"],
        str(entry["by"]),
        float(entry["at"]),
        str(entry.get("note") or ""),
    )
