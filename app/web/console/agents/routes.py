"""GET /console/agents and /console/agents/<id>: who answers, and what each one's document says."""

from __future__ import annotations

from flask import Blueprint, Response

from app.adapters.agents import files
from app.adapters.agents.documents import Document, Documents
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Agents
from app.web.console.agents.explain import explain, explain_business
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.visible import visible_agent, visible_businesses

HERE = "/console/agents"

bp = Blueprint("console_agents", __name__)


@bp.get(HERE)
@access.scoped
def agents() -> Response:
    """All agents, by business."""
    directory = services().agents
    return page(
        "agents.html",
        here="Agents",
        businesses=[
            {"business": home, "agents": [_row(directory, each) for each in of_it]}
            for home in visible_businesses()
            if (of_it := directory.of_business(home.id))
        ],
    )


@bp.get(f"{HERE}/<agent_id>")
@access.scoped
def agent(agent_id: str) -> Response:
    """One agent key by key."""
    found = visible_agent(agent_id)
    documents = files.read(services().settings.agent_file or None)
    business = _business(documents, found)
    return page(
        "agent.html",
        here="Agents",
        agent=found,
        row=_row(services().agents, found),
        parts=explain(_document(documents, found).data),
        business=explain_business(business.data) if business else None,
    )


def _document(documents: Documents, agent: Agent) -> Document:
    return next(each for each in documents.agents if each.name == agent.id)


def _business(documents: Documents, agent: Agent) -> Document | None:
    return next((each for each in documents.businesses if each.key == agent.home.id), None)


def _row(directory: Agents, agent: Agent) -> dict[str, str]:
    numbers = [*agent.numbers]
    if agent.id in (agent.home.answers, directory.of_business(agent.home.id)[0].id):
        numbers += [each for each in agent.home.numbers if each not in numbers]
    reached = [*numbers, *agent.retell_agent_ids]
    others = ["all other calls"] if agent is directory.only_default else []
    return {
        "id": agent.id,
        "name": agent.name,
        "language": agent.language,
        "reached": ", ".join([*reached, *others]) or "nobody: no number leads to it",
        "tools": str(len(agent.toolset)),
        "version": agent.version,
    }
