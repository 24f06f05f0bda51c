"""GET /console/agents and /console/agents/<id>: who answers, and what each one's document says."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.adapters.agents.documents import field_of
from app.adapters.agents.rows import agent_row
from app.adapters.agents.versions.stored import Stored
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.errors import Unavailable
from app.web.console.agents.explain import explain, explain_business
from app.web.console.agents.subject import Subject, moment
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_businesses

HERE = "/console/agents"
#: What a page says after a change.
DONE = {
    "saved": "Saved. New calls get this version; calls that go on keep theirs.",
    "same": "Nothing was different: this is in force already.",
}

bp = Blueprint("console_agents", __name__)


@bp.get(HERE)
@access.scoped
def agents() -> Response:
    """All agents, by business."""
    directory = services().agents
    refused = services().agent_desk.source.problems if viewer().scope.is_all else ()
    return page(
        "agents.html",
        here="Agents",
        problems=[str(each) for each in refused],
        businesses=[
            {"business": home, "agents": [_row(directory, each) for each in of_it]}
            for home in visible_businesses()
            if (of_it := directory.of_business(home.id))
        ],
    )


@bp.get(f"{HERE}/<agent_id>")
@access.scoped
def agent(agent_id: str) -> Response:
    """One agent key by key, and its versions."""
    done = DONE.get(request.args.get("done", ""), "")
    return agent_page(Subject.of(agent_id, viewer()), done=done)


def agent_page(
    subject: Subject, *, done: str = "", problem: str = "", status: int = 200
) -> Response:
    """The page of an agent."""
    documents = services().agent_desk.editor.documents()
    business = documents.get(field_of("business", subject.agent.home.id))
    versions: list[Stored] | None
    try:
        versions = subject.versions()
    except Unavailable:
        versions = None
    stored = subject.shown.stored
    return page(
        "agent.html",
        status,
        here="Agents",
        agent=subject.agent,
        row=_row(services().agents, subject.agent),
        parts=explain(subject.shown.data),
        business=explain_business(business.data) if business else None,
        source="saved here" if stored else "the agents' file",
        is_in_file=subject.is_in_file,
        number=stored.number if stored else 0,
        versions=versions and [_version(each) for each in versions],
        lost=versions is None,
        done=done,
        problem=problem,
    )


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
