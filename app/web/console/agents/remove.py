"""…/<id>/delete of an agent or a business, and the default agent: asked again, then done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.agents.documents import Kind
from app.adapters.agents.versions.editing import Shown
from app.adapters.agents.versions.stored import DEFAULT, Change
from app.bridges.services import services
from app.errors import Conflict, Invalid, PreconditionFailed, Unavailable
from app.web.config import rights
from app.web.console.agents.checked import read_fields
from app.web.console.agents.routes import HERE
from app.web.console.agents.subject import Subject, on_documents
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer

NUMBERS = "Calls of its own numbers go to the default agent from then on, if there is one."
CHANGED = "Somebody else has changed it meanwhile. Look at it and choose again."

bp = Blueprint("console_agent_remove", __name__)
log = logs.get(__name__)


@on_documents(bp, "/delete")
@access.scoped
def ask_removal(kind: Kind, name: str) -> Response:
    """Whether it is really to be taken out."""
    return _removal_page(Subject.of(kind, name, viewer()))


@on_documents(bp, "/delete", "POST")
@access.scoped
def remove(kind: Kind, name: str) -> BaseResponse:
    """Take it out."""
    subject = Subject.of(kind, name, viewer())
    try:
        subject.save(None, read_fields().get("base", ""))
    except PreconditionFailed:
        now = Subject.of(kind, name, subject.sender)
        return _removal_page(now, problem=CHANGED, status=412)
    except (Conflict, Unavailable) as error:
        return _removal_page(subject, problem=f"{error.message}.", status=error.status)
    log.info("a document was taken out", extra={"kind": kind, "id": name, "by": viewer().by})
    if subject.is_in_file:
        return redirect(f"{subject.url}?done=file", 303)
    return redirect(f"{HERE}?done=gone", 303)


@bp.get(f"{HERE}/<name>/default")
@access.admin_only
def ask_default(name: str) -> Response:
    """Whether this is to be the default agent."""
    return _default_page(Subject.of("agent", name, viewer()))


@bp.post(f"{HERE}/<name>/default")
@access.admin_only
def make_default(name: str) -> BaseResponse:
    """Let this agent take the calls that fit none."""
    return _set_default(Subject.of("agent", name, viewer()))


@bp.get("/console/default")
@access.admin_only
def ask_file_default() -> Response:
    """Whether the agents' file is to name the default agent again."""
    return _default_page(None)


@bp.post("/console/default")
@access.admin_only
def leave_default() -> BaseResponse:
    """Leave it to the agents' file which agent is the default."""
    return _set_default(None)


def _removal_page(subject: Subject, *, problem: str = "", status: int = 200) -> Response:
    """Ask again. Raises `Forbidden` where the viewer may not take it out."""
    assert subject.shown is not None
    rights.check_removal(subject.sender, subject.kind, subject.shown)
    stays = "Its versions are kept for 90 days; calls that go on keep theirs to their end."
    if subject.stored is None:
        effects = ["It stands in the agents' file; take it out there."]
    elif subject.is_in_file:
        effects = ["What was saved here is taken out, and what the agents' file says counts again."]
    elif subject.kind == "agent":
        effects = [NUMBERS, stays]
    else:
        effects = ["Its agents have to be taken out first. Its appointments and calls stay.", stays]
    return _sure(
        f"Take out {subject.title}?",
        effects,
        yes="Yes, take it out" if subject.stored is not None else "",
        back=subject.url,
        crumb=subject.title,
        base=subject.etag,
        problem=problem,
        status=status,
    )


def _default_page(subject: Subject | None, *, problem: str = "", status: int = 200) -> Response:
    """Ask again. No subject is: what the agents' file says."""
    now = services().agents.only_default
    told = f"Calls that fit no agent go to {now.name} now." if now else "No agent takes them now."
    asked = "Leave the default agent to the agents' file?"
    if subject is not None:
        asked = f"Make {subject.title} the default agent?"
    return _sure(
        asked,
        ["The default agent takes calls whose number and Retell agent lead to none.", told],
        yes="Yes, do it",
        back=subject.url if subject is not None else HERE,
        crumb=subject.title if subject is not None else "",
        base=_default_id(),
        problem=problem,
        status=status,
    )


def _set_default(subject: Subject | None) -> BaseResponse:
    sender, base = viewer(), read_fields().get("base", "")
    wanted = {"agent": subject.id} if subject is not None else None

    def changes(_present: Mapping[str, Shown]) -> list[Change]:
        now = _default_id()
        if subject is not None and now == subject.id:
            return []
        if now != base:
            raise PreconditionFailed
        return [Change("default", DEFAULT, wanted)]

    try:
        services().agent_desk.editor.apply(changes, by=sender.by)
    except PreconditionFailed:
        return _default_page(subject, problem=CHANGED, status=412)
    except (Invalid, Conflict, Unavailable) as error:
        told = error.message
        if isinstance(error, Invalid):
            told = "; ".join(each["message"] for each in error.problems)
        return _default_page(subject, problem=f"{told}.", status=error.status)
    to = subject.id if subject is not None else "the file's"
    log.info("the default agent was chosen", extra={"id": to, "by": sender.by})
    return redirect(f"{HERE}?done=default", 303)


def _default_id() -> str:
    now = services().agent_desk.source.directory.only_default
    return now.id if now is not None else ""


def _sure(question: str, effects: list[str], *, status: int, **values: Any) -> Response:
    return page("sure.html", status, here="Agents", question=question, effects=effects, **values)
