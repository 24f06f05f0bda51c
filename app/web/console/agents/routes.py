"""GET /console/agents, …/agents/<id>, /console/businesses/<id>: who answers, and how."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.adapters.agents.documents import Kind, field_of
from app.adapters.agents.rows import agent_row, business_row
from app.adapters.agents.versions.stored import DEFAULT, Stored
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.errors import NotFound, Unavailable
from app.web.console.agents.explain import explain, explain_business
from app.web.console.agents.subject import Subject, moment, on_documents
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_businesses

HERE = "/console/agents"
#: What a page says after a change.
DONE = {
    "saved": "Saved. New calls get this version; calls that go on keep theirs.",
    "same": "Nothing was different: this is in force already.",
    "gone": "Taken out. Calls that go on keep their version to their end.",
    "file": "Taken out. What the agents' file says counts again.",
    "default": "Saved. New calls that fit no agent go there.",
}

bp = Blueprint("console_agents", __name__)


@bp.get(HERE)
@access.scoped
def agents() -> Response:
    """All agents, by business."""
    desk, directory = services().agent_desk, services().agents
    desk.source.refresh()
    is_admin = viewer().scope.is_all
    documents = desk.editor.documents()
    chosen = documents.get(field_of("default", DEFAULT))
    return page(
        "agents.html",
        here="Agents",
        done=DONE.get(request.args.get("done", ""), ""),
        problems=[str(each) for each in desk.source.problems] if is_admin else [],
        is_admin=is_admin,
        default=directory.only_default,
        chosen=chosen.stored if chosen is not None else None,
        businesses=[
            {
                "business": home,
                "agents": [_row(directory, each) for each in directory.of_business(home.id)],
                "is_described": field_of("business", home.id) in documents,
            }
            for home in visible_businesses()
        ],
    )


@on_documents(bp, "")
@access.scoped
def document(kind: Kind, name: str) -> Response:
    """One agent or business key by key, and its versions."""
    done = DONE.get(request.args.get("done", ""), "")
    return document_page(Subject.of(kind, name, viewer()), done=done)


def document_page(
    subject: Subject, *, done: str = "", problem: str = "", status: int = 200
) -> Response:
    """The page of an agent or business."""
    versions: list[Stored] | None
    try:
        versions = subject.versions()
    except Unavailable:
        versions = None
    stored = subject.stored
    about = _of_agent(subject) if subject.kind == "agent" else _of_business(subject)
    return page(
        f"{subject.kind}.html",
        status,
        here="Agents",
        kind=subject.kind,
        title=subject.title,
        url=subject.url,
        is_admin=subject.sender.scope.is_all,
        is_in_file=subject.is_in_file,
        number=stored.number if stored else 0,
        versions=versions and [_version(each) for each in versions],
        lost=versions is None,
        done=done,
        problem=problem,
        **about,
    )


def _of_agent(subject: Subject) -> dict[str, Any]:
    """Raises `NotFound` where this process does not have the agent (yet)."""
    directory = services().agents
    agent = directory.named(subject.id)
    if agent is None or agent.id != subject.id:
        raise NotFound("no agent has this id")
    documents = services().agent_desk.editor.documents()
    business = documents.get(field_of("business", agent.home.id))
    return {
        "agent": agent,
        "row": _row(directory, agent),
        "parts": explain(subject.data),
        "business": explain_business(business.data) if business else None,
    }


def _of_business(subject: Subject) -> dict[str, Any]:
    directory = services().agents
    business = directory.business(subject.id)
    return {
        "id": subject.id,
        "numbers": business_row(directory, business)["numbers"] if business else [],
        "agents": directory.of_business(subject.id),
        "part": explain_business(subject.data),
    }


def _version(stored: Stored) -> dict[str, Any]:
    return {
        "number": stored.number,
        "when": moment(stored.at),
        "by": stored.by,
        "note": stored.note or ("taken out" if stored.data is None else ""),
        "gone": stored.data is None,
    }


def _row(directory: Agents, agent: Agent) -> dict[str, Any]:
    row = agent_row(directory, agent)
    others = ["all other calls"] if row["default"] else []
    reached = ", ".join([*row["numbers"], *row["retell_agent_ids"], *others])
    return {
        **row,
        "language": agent.language,
        "reached": reached or "nobody: no number leads to it",
        "tools": len(agent.toolset),
    }
