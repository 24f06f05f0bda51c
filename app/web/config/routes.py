"""/api/agents and /api/businesses: all of them, several at once, and each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app import logs
from app.adapters.agents import files
from app.adapters.agents.versions.editing import Shown
from app.adapters.agents.versions.stored import DEFAULT, Change
from app.bridges.services import services
from app.errors import Invalid, PreconditionFailed, PreconditionRequired
from app.web.config import answers, rights
from app.web.config.documents import DocumentRoutes
from app.web.config.request import changed_by, read_object
from app.web.guard import access
from app.web.guard.viewer import viewer

log = logs.get(__name__)

agents = Blueprint("agents", __name__, url_prefix="/api/agents")
businesses = Blueprint("businesses", __name__, url_prefix="/api/businesses")
DocumentRoutes("agent").register(agents)
DocumentRoutes("business").register(businesses)


@agents.get("")
@access.scoped
def list_agents() -> Response:
    """All agents; ``?format=file`` gives every document in the form of an agents' file. The ETag is
    what a change of several is based on."""
    sender = viewer()
    editor = services().agent_desk.editor
    editor.source.refresh()
    documents = editor.documents()
    if request.args.get("format") == "file":
        rights.require_all(sender)
        told = answers.as_file(documents)
    else:
        told = {"agents": answers.list_agents(sender, documents)}
        if not sender.scope.business:
            told["problems"] = services().agent_desk.refused()
    answer = jsonify(told)
    answer.set_etag(_tag(editor.source.snapshot.generation))
    return answer


@businesses.get("")
@access.scoped
def list_businesses() -> dict[str, Any]:
    """All businesses, those included that agents only name."""
    sender = viewer()
    editor = services().agent_desk.editor
    editor.source.refresh()
    return {"businesses": answers.list_businesses(sender, editor.documents())}


@agents.post("")
@access.admin_only
def put_several() -> dict[str, Any]:
    """Put all agents and businesses of the body, which has an agents' file's form, at once or not
    at all; ``default`` names the default agent, null leaves that to the file. Others stay."""
    sender = viewer()
    rights.require_all(sender)
    wanted = _changes(read_object())
    editor = services().agent_desk.editor
    if not request.if_match:
        raise PreconditionRequired

    def changes(present: Mapping[str, Shown]) -> Sequence[Change]:
        given = request.if_match
        if not given.star_tag and not given.contains_weak(_tag(editor.source.snapshot.generation)):
            raise PreconditionFailed
        return wanted

    wrote = editor.apply(changes, by=changed_by(sender))
    log.info("several agents were put", extra={"changed": len(wrote), "by": sender.by})
    return {
        "changed": [{"what": each.field, **each.to_json()} for each in wrote],
        "unchanged": len(wanted) - len(wrote),
    }


def _changes(body: dict[str, Any]) -> list[Change]:
    """The changes that a body in a file's form asks for. Raises `Invalid`."""
    found = files.parse_json(body, "body")
    problems = [each.to_json() for each in found.problems]
    changes = [Change("business", each.key, each.data) for each in found.businesses]
    for each in found.agents:
        name = each.name
        changes.append(Change("agent", name, {"id": name, **each.data}))
    if "default" in body:
        data = None if found.default is None else {"agent": found.default}
        changes.append(Change("default", DEFAULT, data))
    names = [change.field for change in changes]
    twice = (
        {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()
    )
    problems += [{"path": "", "message": f"{name} is given twice"} for name in sorted(twice)]
    if problems:
        raise Invalid(problems)
    return changes


def _tag(generation: int) -> str:
    return f"g{generation}"
