"""…/<id>/versions of an agent or a business: what was saved, and back to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.agents.documents import Kind
from app.errors import BadRequest, Conflict, Invalid, PreconditionFailed, Unavailable
from app.web.console.agents.checked import read_fields
from app.web.console.agents.difference import difference, written
from app.web.console.agents.routes import document_page
from app.web.console.agents.subject import Subject, moment, on_documents
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer

bp = Blueprint("console_agent_versions", __name__)
log = logs.get(__name__)


@on_documents(bp, "/versions/<int:number>")
@access.scoped
def version(kind: Kind, name: str, number: int) -> Response:
    """A saved version, and how going back to it would change what is in force."""
    subject = Subject.of(kind, name, viewer())
    found = subject.version(number)
    assert found.data is not None
    stored = subject.stored
    return _page(
        subject,
        found.data,
        number=number,
        when=moment(found.at),
        by=found.by,
        note=found.note,
        in_force=stored is not None and stored.number == number,
    )


@on_documents(bp, "/versions/file")
@access.scoped
def file_version(kind: Kind, name: str) -> Response:
    """What the agents' file says, and how going back to it would change what is in force."""
    subject = Subject.of(kind, name, viewer())
    return _page(subject, subject.file_data(), number="file", in_force=subject.stored is None)


@on_documents(bp, "/rollback", "POST")
@access.scoped
def rollback(kind: Kind, name: str) -> BaseResponse:
    """Put a saved version in force again, or ``file``, what the agents' file says."""
    fields = read_fields()
    subject = Subject.of(kind, name, viewer())
    wanted, base = fields.get("version", ""), fields.get("base", "")
    if wanted == "file":
        subject.file_data()
        data, note = None, "back to the file"
    elif wanted.isdecimal() and len(wanted) < 10:
        data, note = subject.version(int(wanted)).data, f"back to version {wanted}"
    else:
        raise BadRequest('version must be the number of a version, or "file"')
    try:
        subject.save(data, base, note)
    except PreconditionFailed:
        told = "Somebody else has changed it meanwhile. Look at it and choose again."
        now = Subject.of(kind, name, subject.sender)
        return document_page(now, problem=told, status=412)
    except (Invalid, Conflict, Unavailable) as error:
        told = error.message
        if isinstance(error, Invalid):
            told = "; ".join(f"{each['path']}: {each['message']}" for each in error.problems)
        return document_page(
            subject, problem=f"It cannot be put in force: {told}", status=error.status
        )
    log.info(
        "a document was put back",
        extra={"kind": kind, "id": name, "to": wanted, "by": subject.sender.by},
    )
    return redirect(f"{subject.url}?done=saved", 303)


def _page(subject: Subject, data: dict[str, Any], **about: Any) -> Response:
    return page(
        "document_version.html",
        here="Agents",
        title=subject.title,
        url=subject.url,
        text=written(data, subject.kind),
        lines=difference(subject.data, data, subject.kind),
        base=subject.etag,
        **about,
    )
