"""/console/new/…: an agent that begins with a few keys, a shipped one or a copy; a business."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.adapters.agents import files
from app.adapters.agents.documents import Kind, field_of
from app.bridges.services import services
from app.core.agent.business import Business
from app.errors import BadRequest, NotFound
from app.web.console.agents.checked import Checked, check_new, read_fields
from app.web.console.agents.difference import written
from app.web.console.agents.edit import editor_page, save, told
from app.web.console.agents.subject import Subject
from app.web.guard import access
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_businesses

#: Keys that lead calls to one agent only: a copy has them not.
LEADS = frozenset({"id", "numbers", "retell_agent_ids"})

bp = Blueprint("console_agent_new", __name__)


@bp.get("/console/new/agent")
@access.scoped
def new_agent() -> Response:
    """The editor with what a new agent begins with: ``from`` is ``shipped:NAME`` or ``agent:ID``,
    blank for a few keys; ``business`` is the id of its business."""
    wanted, business = request.args.get("from", ""), request.args.get("business", "")
    data = _agent_data(wanted, _home(business))
    return _begin("agent", data, {"wanted": wanted, "business": business, "shipped": _shipped()})


@bp.get("/console/new/business")
@access.admin_only
def new_business() -> Response:
    """The editor with what a new business begins with; ``id`` is one that agents name already."""
    return _begin("business", _business_data(request.args.get("id", "")))


@bp.post("/console/new/agent")
@access.scoped
def add_agent() -> BaseResponse:
    """`act` is ``look`` (mistakes, and what it says) or ``save``."""
    return _add("agent")


@bp.post("/console/new/business")
@access.admin_only
def add_business() -> BaseResponse:
    """`act` is ``look`` (mistakes, and what it says) or ``save``."""
    return _add("business")


@bp.post("/console/new/agent/check")
@access.scoped
def check_agent() -> dict[str, Any]:
    """Every mistake of a new agent's text as it is typed."""
    return told(*check_new("agent", read_fields().get("text", ""), viewer()))


@bp.post("/console/new/business/check")
@access.admin_only
def check_business() -> dict[str, Any]:
    """Every mistake of a new business's text as it is typed."""
    return told(*check_new("business", read_fields().get("text", ""), viewer()))


def _begin(kind: Kind, data: dict[str, Any], beginning: dict[str, Any] | None = None) -> Response:
    subject = Subject(kind, "", None, viewer())
    text = written({"id": data["id"]}) + written(_without_id(data), kind)
    return editor_page(subject, Checked(text, None, []), beginning=beginning)


def _add(kind: Kind) -> BaseResponse:
    fields = read_fields()
    subject, checked = check_new(kind, fields.get("text", ""), viewer())
    if fields.get("act") == "look" or checked.data is None:
        return editor_page(subject, checked, looked=True)
    if fields.get("act") != "save":
        raise BadRequest("act must be look or save")
    return save(subject, checked, base="", note=fields.get("note", ""))


def _home(wanted: str) -> Business:
    """The business that a new agent is for: the wanted one, else the first. Raises `NotFound`."""
    found = visible_businesses()
    for each in found:
        if wanted in ("", each.id):
            return each
    if wanted or not viewer().scope.is_all:
        raise NotFound("no business has this id")
    return Business(id="my-business", name="My business")


def _agent_data(wanted: str, home: Business) -> dict[str, Any]:
    """What a new agent begins with. Raises `NotFound` where there is no such agent to copy."""
    how, _, name = wanted.partition(":")
    if how == "agent":
        subject = Subject.of("agent", name, viewer())
        copied = {key: value for key, value in subject.data.items() if key not in LEADS}
        copied["name"] = f"{subject.title} (copy)"
        return {"id": _free_id("agent", f"{name[:50]}-copy"), **copied}
    if how == "shipped" and name in _shipped():
        path = files.SHIPPED.with_name(f"{name}.yaml")
        data = files.read(path).agents[0].data
        kept = {key: value for key, value in data.items() if key not in LEADS}
        return {"id": _free_id("agent", name), **kept, "business": home.id}
    if wanted:
        raise NotFound("there is no such agent to begin with")
    return {
        "id": _free_id("agent", "new-agent"),
        "name": "New agent",
        "business": home.id,
        "instructions": (
            f"You answer the telephone of {home.name}.\n"
            "Answer in one or two short, friendly sentences.\n"
        ),
    }


def _business_data(wanted: str) -> dict[str, Any]:
    """What a new business begins with."""
    known = services().agents.businesses.get(wanted)
    name = known.id if known is not None else _free_id("business", "new-business")
    return {
        "id": name,
        "name": known.name if known is not None else "New business",
        "numbers": [],
        "notify_email": [],
    }


def _shipped() -> list[str]:
    """The names of the agents that come with the program."""
    return sorted(path.stem for path in files.SHIPPED.parent.glob("*.yaml"))


def _free_id(kind: Kind, wanted: str) -> str:
    """The id, with a number behind it where it is taken."""
    documents = services().agent_desk.editor.documents()
    names = [wanted, *(f"{wanted}-{number}" for number in range(2, len(documents) + 3))]
    return next(name for name in names if field_of(kind, name) not in documents)


def _without_id(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "id"}
