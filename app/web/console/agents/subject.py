"""The agent or business that a page is about: its document in force, and its versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint

from app.adapters.agents.documents import Document, Kind, digest, field_of
from app.adapters.agents.versions.editing import Shown
from app.adapters.agents.versions.stored import Change, Stored
from app.bridges.services import services
from app.errors import NotFound, PreconditionFailed
from app.web.config import rights
from app.web.guard.viewer import Viewer

View = TypeVar("View", bound=Callable[..., Any])

PLACES: Mapping[Kind, str] = MappingProxyType(
    {"agent": "/console/agents", "business": "/console/businesses"}
)
"""Where the pages of each kind of documents are."""


@dataclass(frozen=True, slots=True)
class Subject:
    """An agent or business. `shown` is its document in force; None where it is to be a new one."""

    kind: Kind
    id: str
    shown: Shown | None
    sender: Viewer

    @classmethod
    def of(cls, kind: Kind, name: str, sender: Viewer) -> Subject:
        """The one of that id, with what another process has just written.

        Raises `NotFound` where there is none that the sender may see.
        """
        desk = services().agent_desk
        desk.source.refresh()
        shown = desk.editor.documents().get(field_of(kind, name))
        if shown is None:
            raise NotFound(f"no {kind} has this id")
        rights.check_seen(sender, shown)
        return cls(kind, name, shown, sender)

    @property
    def data(self) -> dict[str, Any]:
        """What its document says; no keys of a new one."""
        return self.shown.data if self.shown is not None else {}

    @property
    def etag(self) -> str:
        """A short name of what its document says; blank of a new one."""
        return self.shown.etag if self.shown is not None else ""

    @property
    def stored(self) -> Stored | None:
        """The version in force, if it is one that was saved."""
        return self.shown.stored if self.shown is not None else None

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.data.get("name") or self.id)

    @property
    def url(self) -> str:
        """Its page."""
        return f"{PLACES[self.kind]}/{quote(self.id, safe='')}"

    def versions(self) -> list[Stored]:
        """What was saved, the newest first. Raises `Unavailable`."""
        return services().agent_desk.store.versions(self.kind, self.id)

    def version(self, number: int) -> Stored:
        """One saved version. Raises `NotFound`, `Unavailable`."""
        found = services().agent_desk.store.version(self.kind, self.id, number)
        if found is None or found.data is None:
            raise NotFound("there is no such version")
        if not self.sender.scope.holds(rights.business_of(self.kind, self.id, found.data)):
            raise NotFound("there is no such version")
        return found

    def change_to(self, data: dict[str, Any], note: str = "") -> Change:
        """The change that makes the document this. Raises `Forbidden`, `Invalid`."""
        rights.check_write(self.sender, self.kind, self.id, data, self.shown)
        return Change(self.kind, self.id, data, note)

    def save(self, data: dict[str, Any] | None, base: str, note: str = "") -> None:
        """Put it in force; None takes it out, and what the agents' file says counts again.

        base: the etag of what the change is based on, blank for a new one. Raises
        `PreconditionFailed` where somebody has changed it since, `Invalid`, `Conflict`,
        `Forbidden`, `Unavailable`.
        """

        def changes(present: Mapping[str, Shown]) -> list[Change]:
            now = present.get(field_of(self.kind, self.id))
            etag = now.etag if now is not None else ""
            if data is not None and etag == digest(data):
                return []
            if etag != base:
                raise PreconditionFailed
            if data is not None:
                rights.check_write(self.sender, self.kind, self.id, data, now)
            elif now is not None:
                rights.check_removal(self.sender, self.kind, now)
            return [Change(self.kind, self.id, data, note)]

        services().agent_desk.editor.apply(changes, by=self.sender.by)

    def file_data(self) -> dict[str, Any]:
        """What the agents' file says. Raises `NotFound` where the file does not have it, or has it
        as another business's."""
        found = self._in_file()
        if found is None:
            raise NotFound(f"the agents' file does not have this {self.kind}")
        return {"id": self.id, **found.data} if self.kind == "agent" else dict(found.data)

    @property
    def is_in_file(self) -> bool:
        """Whether the agents' file has it too, for the sender to see."""
        return self._in_file() is not None

    def _in_file(self) -> Document | None:
        file = services().agent_desk.source.snapshot.file
        field = field_of(self.kind, self.id)
        for each in (*file.agents, *file.businesses):
            if each.field == field:
                home = rights.business_of(self.kind, self.id, each.data)
                return each if self.sender.scope.holds(home) else None
        return None


def on_documents(bp: Blueprint, rule: str, method: str = "GET") -> Callable[[View], View]:
    """Route `PLACE/<name>RULE` of each kind of documents to a view of `kind` and `name`."""

    def register(view: View) -> View:
        for kind, place in PLACES.items():
            bp.add_url_rule(
                f"{place}/<name>{rule}",
                view_func=view,
                methods=[method],
                defaults={"kind": kind},
            )
        return view

    return register


def moment(at: float) -> str:
    """A time as pages write it."""
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M} UTC"
