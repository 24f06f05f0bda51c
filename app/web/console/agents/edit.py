"""/console/agents/<id>/edit: change an agent's document, look at the change, try it, save it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.agents.documents import digest
from app.adapters.agents.text.drafts import Flaw, read_draft
from app.adapters.agents.versions.trials import Trials
from app.bridges.services import services
from app.errors import BadRequest, Conflict, Forbidden, Invalid, PreconditionFailed, Unavailable
from app.web.console.agents.difference import difference, written
from app.web.console.agents.routes import HERE, agent_page
from app.web.console.agents.subject import Subject, moment
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import MAX_PAGE_FORM_BYTES, read_form
from app.web.guard.viewer import viewer

MAX_TEXT = 200_000
CHANGED = (
    "Somebody else has changed it meanwhile. Below is how your text differs from what is in force "
    "now: saving it makes it count as it stands."
)

bp = Blueprint("console_agent_edit", __name__)
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """A text and what is wrong with it; `data` is what it says where nothing is."""

    text: str
    data: dict[str, Any] | None
    flaws: list[Flaw]


@bp.get(f"{HERE}/<agent_id>/edit")
@access.scoped
def edit(agent_id: str) -> Response:
    """The document as YAML."""
    subject = Subject.of(agent_id, viewer())
    return _page(subject, Checked(written(subject.shown.data), subject.shown.data, []))


@bp.post(f"{HERE}/<agent_id>/edit")
@access.scoped
def look(agent_id: str) -> BaseResponse:
    """`act` is ``look`` (mistakes and differences), ``try`` (in a call) or ``save``."""
    fields = _fields()
    subject = Subject.of(agent_id, viewer())
    checked = check(subject, fields.get("text", ""))
    if fields.get("act") == "look" or checked.data is None:
        return _page(subject, checked, base=fields.get("base", ""), looked=True)
    if fields.get("act") == "try":
        return _try(subject, checked)
    if fields.get("act") != "save":
        raise BadRequest("act must be look, try or save")
    note = " ".join(fields.get("note", "").split())[:200]
    same = digest(checked.data) == subject.shown.etag
    try:
        subject.save(checked.data, fields.get("base", ""), viewer().by, note)
    except PreconditionFailed:
        now = Subject.of(agent_id, subject.sender)
        return _page(now, checked, looked=True, problem=CHANGED, status=412)
    except Invalid as error:
        flaws = read_draft(checked.text).locate(error.problems)
        again = Checked(checked.text, None, flaws)
        return _page(subject, again, base=fields.get("base", ""), looked=True, status=422)
    except (Conflict, Unavailable) as error:
        return _page(
            subject, checked, looked=True, problem=f"{error.message}.", status=error.status
        )
    log.info("an agent was saved", extra={"agent": agent_id, "by": viewer().by})
    return redirect(f"{HERE}/{quote(agent_id, safe='')}?done={'same' if same else 'saved'}", 303)


@bp.post(f"{HERE}/<agent_id>/check")
@access.scoped
def check_text(agent_id: str) -> dict[str, Any]:
    """Every mistake of a text as it is typed: path, message, line; and whether it differs."""
    fields = _fields()
    subject = Subject.of(agent_id, viewer())
    checked = check(subject, fields.get("text", ""))
    return {
        "problems": [each.to_json() for each in checked.flaws],
        "changed": checked.data is None or digest(checked.data) != subject.shown.etag,
    }


@bp.get(f"{HERE}/<agent_id>/versions/<int:number>")
@access.scoped
def version(agent_id: str, number: int) -> Response:
    """A saved version, and how going back to it would change what is in force."""
    subject = Subject.of(agent_id, viewer())
    found = subject.version(number)
    assert found.data is not None
    stored = subject.shown.stored
    return page(
        "agent_version.html",
        here="Agents",
        agent=subject.agent,
        number=number,
        when=moment(found.at),
        by=found.by,
        note=found.note,
        text=written(found.data),
        lines=difference(subject.shown.data, found.data),
        in_force=stored is not None and stored.number == number,
        base=subject.shown.etag,
    )


@bp.get(f"{HERE}/<agent_id>/versions/file")
@access.scoped
def file_version(agent_id: str) -> Response:
    """What the agents' file says, and how going back to it would change what is in force."""
    subject = Subject.of(agent_id, viewer())
    data = subject.file_data()
    return page(
        "agent_version.html",
        here="Agents",
        agent=subject.agent,
        number="file",
        text=written(data),
        lines=difference(subject.shown.data, data),
        in_force=subject.shown.stored is None,
        base=subject.shown.etag,
    )


@bp.post(f"{HERE}/<agent_id>/rollback")
@access.scoped
def rollback(agent_id: str) -> BaseResponse:
    """Put a saved version in force again, or ``file``, what the agents' file says."""
    fields = _fields()
    subject = Subject.of(agent_id, viewer())
    wanted, base = fields.get("version", ""), fields.get("base", "")
    if wanted == "file":
        subject.file_data()
        data, note = None, "back to the file"
    elif wanted.isdecimal() and len(wanted) < 10:
        data, note = subject.version(int(wanted)).data, f"back to version {wanted}"
    else:
        raise BadRequest('version must be the number of a version, or "file"')
    try:
        subject.save(data, base, viewer().by, note)
    except PreconditionFailed:
        told = "Somebody else has changed it meanwhile. Look at it and choose again."
        return agent_page(Subject.of(agent_id, subject.sender), problem=told, status=412)
    except (Invalid, Conflict, Unavailable) as error:
        told = error.message
        if isinstance(error, Invalid):
            told = "; ".join(f"{each['path']}: {each['message']}" for each in error.problems)
        return agent_page(
            subject, problem=f"It cannot be put in force: {told}", status=error.status
        )
    log.info("an agent was put back", extra={"agent": agent_id, "to": wanted, "by": viewer().by})
    return redirect(f"{HERE}/{quote(agent_id, safe='')}?done=saved", 303)


def check(subject: Subject, text: str) -> Checked:
    """Read a text and look for mistakes, as saving it would."""
    if len(text) > MAX_TEXT:
        return Checked(text, None, [Flaw("", f"longer than {MAX_TEXT} characters", 0)])
    draft = read_draft(text)
    flaws = list(draft.flaws)
    if draft.document is None:
        return Checked(text, None, flaws)
    data = {"id": subject.id, **draft.document.data}
    if data["id"] != subject.id:
        told = {"path": "id", "message": f"must stay {subject.id!r}: its data lie under it"}
        return Checked(text, None, [*flaws, *draft.locate([told])])
    try:
        services().agent_desk.editor.try_out(subject.change_to(data))
    except Invalid as error:
        flaws += draft.locate(error.problems)
    except Forbidden as error:
        flaws += draft.locate([{"path": "business", "message": error.message}])
    return Checked(text, None if flaws else data, sorted(flaws, key=lambda each: each.line))


def _try(subject: Subject, checked: Checked) -> BaseResponse:
    """To the page on which one calls this text, which is kept and not in force."""
    assert checked.data is not None
    now = services()
    agent, said = now.agent_desk.editor.try_out(subject.change_to(checked.data))
    try:
        Trials(now.redis, now.settings).keep(agent, said)
    except Unavailable:
        told = "Redis is away: nothing can be tried now."
        return _page(subject, checked, looked=True, problem=told, status=503)
    query = urlencode({"agent": subject.id, "version": agent.version})
    return redirect(f"/console/try?{query}", 303)


def _fields() -> dict[str, str]:
    fields = {
        name: values[0] for name, values in read_form(edge().bodies, MAX_PAGE_FORM_BYTES).items()
    }
    return {**fields, "text": fields.get("text", "").replace("\r\n", "\n")}


def _page(
    subject: Subject,
    checked: Checked,
    *,
    base: str = "",
    looked: bool = False,
    problem: str = "",
    status: int = 200,
) -> Response:
    lines = difference(subject.shown.data, checked.data) if checked.data is not None else []
    return page(
        "agent_edit.html",
        status,
        here="Agents",
        agent=subject.agent,
        text=checked.text,
        base=base or subject.shown.etag,
        flaws=checked.flaws,
        lines=lines,
        looked=looked,
        problem=problem,
    )
