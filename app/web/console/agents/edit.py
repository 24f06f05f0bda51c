"""…/<id>/edit of an agent or a business: change its document, look at it, try it, save it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.agents.documents import Kind, digest
from app.adapters.agents.versions.trials import Trials
from app.bridges.services import services
from app.errors import BadRequest, Conflict, Invalid, PreconditionFailed, Unavailable
from app.web.console.agents.checked import TAKEN, Checked, check, read_fields
from app.web.console.agents.difference import difference, written
from app.web.console.agents.explain import explain, explain_business
from app.web.console.agents.subject import Subject, on_documents
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer

CHANGED = (
    "Somebody else has changed it meanwhile. Below is how your text differs from what is in force "
    "now: saving it makes it count as it stands."
)

bp = Blueprint("console_agent_edit", __name__)
log = logs.get(__name__)


@on_documents(bp, "/edit")
@access.scoped
def edit(kind: Kind, name: str) -> Response:
    """The document as YAML."""
    subject = Subject.of(kind, name, viewer())
    text = written(subject.data, kind)
    return editor_page(subject, Checked(text, subject.data, []))


@on_documents(bp, "/edit", "POST")
@access.scoped
def look(kind: Kind, name: str) -> BaseResponse:
    """`act` is ``look`` (mistakes and differences), ``try`` (an agent, in a call) or ``save``."""
    fields = read_fields()
    subject = Subject.of(kind, name, viewer())
    checked = check(subject, fields.get("text", ""))
    base = fields.get("base", "")
    if fields.get("act") == "look" or checked.data is None:
        return editor_page(subject, checked, base=base, looked=True)
    if fields.get("act") == "try" and kind == "agent":
        return _try(subject, checked)
    if fields.get("act") != "save":
        raise BadRequest("act must be look, try (of an agent) or save")
    return save(subject, checked, base=base, note=fields.get("note", ""))


@on_documents(bp, "/check", "POST")
@access.scoped
def check_text(kind: Kind, name: str) -> dict[str, Any]:
    """Every mistake of a text as it is typed: path, message, line; and whether it differs."""
    subject = Subject.of(kind, name, viewer())
    return told(subject, check(subject, read_fields().get("text", "")))


def told(subject: Subject, checked: Checked) -> dict[str, Any]:
    """The mistakes of a text, and whether it differs, as the editor's script gets them."""
    return {
        "problems": [each.to_json() for each in checked.flaws],
        "changed": checked.data is None or digest(checked.data) != subject.etag,
    }


def save(subject: Subject, checked: Checked, *, base: str, note: str) -> BaseResponse:
    """Put a text without mistakes in force, and go to its page; or the editor with what is wrong.

    base: the etag of what the text is based on, blank for a new document.
    """
    assert checked.data is not None
    same = digest(checked.data) == subject.etag
    try:
        subject.save(checked.data, base, " ".join(note.split())[:200])
    except PreconditionFailed:
        if subject.shown is None:
            taken = checked.located(subject.kind, [{"path": "id", "message": TAKEN}])
            return editor_page(subject, taken, looked=True, status=412)
        now = Subject.of(subject.kind, subject.id, subject.sender)
        return editor_page(now, checked, looked=True, problem=CHANGED, status=412)
    except Invalid as error:
        again = checked.located(subject.kind, error.problems)
        return editor_page(subject, again, base=base, looked=True, status=422)
    except (Conflict, Unavailable) as error:
        problem = f"{error.message}."
        return editor_page(
            subject, checked, base=base, looked=True, problem=problem, status=error.status
        )
    log.info(
        "a document was saved",
        extra={"kind": subject.kind, "id": subject.id, "by": subject.sender.by},
    )
    return redirect(f"{subject.url}?done={'same' if same else 'saved'}", 303)


def editor_page(
    subject: Subject,
    checked: Checked,
    *,
    base: str = "",
    looked: bool = False,
    problem: str = "",
    status: int = 200,
    beginning: Mapping[str, Any] | None = None,
) -> Response:
    """The editor of a document; of a new one with what each key means.

    beginning: what a new agent may begin with, for the page to ask.
    """
    is_new = subject.shown is None
    kind = subject.kind
    shows = checked.data is not None and (looked or not is_new)
    lines = difference(subject.data, checked.data, kind) if shows and checked.data else []
    parts = explain({}) if kind == "agent" else [explain_business({})]
    return page(
        "document_edit.html",
        status,
        here="Agents",
        kind=kind,
        is_new=is_new,
        title=subject.title,
        url=subject.url,
        check_url=f"/console/new/{kind}/check" if is_new else f"{subject.url}/check",
        text=checked.text,
        base=base or subject.etag,
        flaws=checked.flaws,
        lines=lines,
        looked=looked,
        problem=problem,
        parts=parts if is_new else [],
        beginning=beginning,
    )


def _try(subject: Subject, checked: Checked) -> BaseResponse:
    """To the page on which one calls this text, which is kept and not in force."""
    assert checked.data is not None
    now = services()
    agent, said = now.agent_desk.editor.try_out(subject.change_to(checked.data))
    try:
        Trials(now.redis, now.settings).keep(agent, said)
    except Unavailable:
        problem = "Redis is away: nothing can be tried now."
        return editor_page(subject, checked, looked=True, problem=problem, status=503)
    query = urlencode({"agent": subject.id, "version": agent.version})
    return redirect(f"/console/try?{query}", 303)
