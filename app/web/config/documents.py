"""One agent or one business: read it, put it, take it out, its versions, and back to one of them.

A change says what it is based on (``If-Match`` with the ETag that was read); the same change sent
again changes nothing. What is wrong with it is answered 422, every mistake with its path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify

from app import logs
from app.adapters.agents.documents import Kind, digest, field_of
from app.adapters.agents.versions.editing import Editor, Shown
from app.adapters.agents.versions.stored import Change
from app.bridges.services import services
from app.errors import BadRequest, Conflict, NotFound
from app.web.config import answers, rights
from app.web.config.request import changed_by, check_base, read_document, read_object
from app.web.guard import access
from app.web.guard.viewer import Viewer, viewer

log = logs.get(__name__)


class DocumentRoutes:
    """The routes of one kind of documents."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def register(self, bp: Blueprint) -> None:
        """Add the routes to a blueprint, below its address."""
        add = bp.add_url_rule
        add("/<name>", "get", self.get, methods=["GET"])
        add("/<name>", "put", self.put, methods=["PUT"])
        add("/<name>", "delete", self.delete, methods=["DELETE"])
        add("/<name>/versions", "versions", self.versions, methods=["GET"])
        add("/<name>/versions/<number>", "version", self.version, methods=["GET"])
        add("/<name>/rollback", "rollback", self.rollback, methods=["POST"])

    @access.scoped
    def get(self, name: str) -> Response:
        """The document as it was written, to be changed and put back. References to secrets stay
        references."""
        sender = viewer()
        shown = self._shown(name)
        rights.check_seen(sender, shown)
        return _tagged(shown.data, shown)

    @access.scoped
    def put(self, name: str) -> tuple[Response, int]:
        """Make the document what the body says."""
        sender = viewer()
        data = read_document(self.kind, name)

        def changes(shown: Shown | None) -> list[Change]:
            if shown is not None and shown.etag == digest(data):
                rights.check_seen(sender, shown)
                return []
            rights.check_write(sender, self.kind, name, data, shown)
            check_base(shown)
            return [Change(self.kind, name, data)]

        is_new = self._apply(name, changes, changed_by(sender))
        shown = self._shown(name)
        return _tagged({"id": name, **answers.origin(shown)}, shown), 201 if is_new else 200

    @access.scoped
    def delete(self, name: str) -> Response:
        """Take it out. What the agents' file says of it counts again."""
        sender = viewer()

        def changes(shown: Shown | None) -> list[Change]:
            if shown is None:
                raise NotFound(f"no {self.kind} {name}")
            rights.check_removal(sender, self.kind, shown)
            check_base(shown)
            return [Change(self.kind, name, None)]

        self._apply(name, changes, changed_by(sender))
        left = _editor().documents().get(field_of(self.kind, name))
        return jsonify({"id": name, "deleted": True, "source": left.source if left else None})

    @access.scoped
    def versions(self, name: str) -> dict[str, Any]:
        """All versions, the newest first: who, when, and what they are based on."""
        sender = viewer()
        found = services().agent_desk.store.versions(self.kind, name)
        shown = _present().get(field_of(self.kind, name))
        if shown is None and (not found or sender.scope.business):
            raise NotFound(f"no {self.kind} {name}")
        if shown is not None:
            rights.check_seen(sender, shown)
        source = shown.source if shown is not None else None
        return {
            "id": name,
            "source": source,
            "versions": answers.version_rows(self.kind, found, shown),
        }

    @access.scoped
    def version(self, name: str, number: str) -> dict[str, Any]:
        """One version with what it says."""
        sender = viewer()
        self._check_own(sender, name)
        found = services().agent_desk.store.version(self.kind, name, _number(number))
        if found is None:
            raise NotFound(f"{self.kind} {name} has no version {number[:20]}")
        home = rights.business_of(self.kind, name, found.data or {})
        if not sender.scope.holds(home):
            raise NotFound(f"no {self.kind} {name}")
        return {"id": name, **found.to_json(), "document": found.data}

    @access.scoped
    def rollback(self, name: str) -> Response:
        """Make the document what it was: body ``{"version": NUMBER}``, or ``{"version": "file"}``
        for what the agents' file says."""
        sender = viewer()
        self._check_own(sender, name)
        wanted = read_object().get("version")
        if wanted != "file" and (not isinstance(wanted, int) or isinstance(wanted, bool)):
            raise BadRequest('version must be the number of a version, or "file"')
        data = None if wanted == "file" else self._data_of(name, wanted)
        note = "back to the file" if data is None else f"back to version {wanted}"

        def changes(shown: Shown | None) -> list[Change]:
            if data is None:
                if shown is None:
                    raise NotFound(f"no {self.kind} {name}")
                self._check_in_file(name)
                if shown.stored is None:
                    return []
                rights.check_removal(sender, self.kind, shown)
            else:
                rights.check_write(sender, self.kind, name, data, shown)
            if shown is None or shown.etag != (data and digest(data)):
                check_base(shown)
            return [Change(self.kind, name, data, note)]

        self._apply(name, changes, changed_by(sender))
        shown = self._shown(name)
        return _tagged({"id": name, **answers.origin(shown)}, shown)

    def _check_own(self, sender: Viewer, name: str) -> None:
        """Raise `NotFound` for what a business does not have, be it another's or nobody's."""
        if not sender.scope.is_all:
            rights.check_seen(sender, self._shown(name))

    def _data_of(self, name: str, number: int) -> dict[str, Any]:
        found = services().agent_desk.store.version(self.kind, name, number)
        if found is None:
            raise NotFound(f"{self.kind} {name} has no version {number}")
        if found.data is None:
            raise Conflict(f"in version {number} it was taken out; use DELETE for that")
        return found.data

    def _check_in_file(self, name: str) -> None:
        """Raise `Conflict` where the agents' file does not have it."""
        file = services().agent_desk.source.snapshot.file
        there = {each.field for each in (*file.agents, *file.businesses)}
        if field_of(self.kind, name) not in there:
            raise Conflict(f"the agents' file has no {self.kind} {name}")

    def _apply(self, name: str, change: Callable[[Shown | None], list[Change]], by: str) -> bool:
        """Make the change; true where there was no such document before."""
        field = field_of(self.kind, name)
        is_new = False

        def changes(present: Mapping[str, Shown]) -> Sequence[Change]:
            nonlocal is_new
            is_new = field not in present
            return change(present.get(field))

        for wrote in _editor().apply(changes, by=by):
            log.info(
                "agents were changed",
                extra={"what": wrote.field, "version": wrote.number, "by": wrote.by},
            )
        return is_new

    def _shown(self, name: str) -> Shown:
        shown = _present().get(field_of(self.kind, name))
        if shown is None:
            raise NotFound(f"no {self.kind} {name[:64]}")
        return shown


def _present() -> dict[str, Shown]:
    """All documents, those included that another process has just written."""
    editor = _editor()
    editor.source.refresh()
    return editor.documents()


def _editor() -> Editor:
    return services().agent_desk.editor


def _tagged(body: dict[str, Any], shown: Shown) -> Response:
    answer = jsonify(body)
    answer.set_etag(shown.etag)
    return answer


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0
