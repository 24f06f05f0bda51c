"""Agents and businesses as the API answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.adapters.agents.documents import Kind, field_of
from app.adapters.agents.rows import agent_row, business_row
from app.adapters.agents.versions.editing import Shown
from app.adapters.agents.versions.stored import Stored
from app.bridges.services import services
from app.core.agent.directory import Directory
from app.web.guard.viewer import Viewer


def origin(shown: Shown | None) -> dict[str, Any]:
    """Where a document is from, and of the API's its newest version."""
    if shown is None:
        return {"source": "agent", "etag": None}
    told: dict[str, Any] = {"source": shown.source, "etag": shown.etag}
    if shown.stored is not None:
        told["changed"] = shown.stored.to_json()
    return told


def list_agents(sender: Viewer, documents: Mapping[str, Shown]) -> list[dict[str, Any]]:
    """All agents that the sender may see."""
    now = _now()
    return [
        {**agent_row(now, agent), **origin(documents.get(field_of("agent", agent.id)))}
        for agent in now.all
        if sender.scope.holds(agent.home.id)
    ]


def list_businesses(sender: Viewer, documents: Mapping[str, Shown]) -> list[dict[str, Any]]:
    """All businesses that the sender may see; those that agents only name have the source
    `agent`."""
    now = _now()
    return [
        {**business_row(now, each), **origin(documents.get(field_of("business", each.id)))}
        for each in now.businesses.values()
        if sender.scope.holds(each.id)
    ]


def as_file(documents: Mapping[str, Shown]) -> dict[str, Any]:
    """All documents in the form of an agents' file."""
    default = _now().only_default
    told: dict[str, Any] = {"default": default.id} if default is not None else {}
    shown = list(documents.values())
    told["businesses"] = {
        each.document.key: each.data for each in shown if each.document.kind == "business"
    }
    told["agents"] = [each.data for each in shown if each.document.kind == "agent"]
    return told


def problem_lines() -> list[str]:
    """The changes that processes refuse: each problem once, whichever processes have it."""
    found = [problem for each in services().agent_desk.refused() for problem in each["problems"]]
    return list(dict.fromkeys(found))


def version_rows(kind: Kind, versions: list[Stored], shown: Shown | None) -> list[dict[str, Any]]:
    """All versions of a document, the newest first, with the one that is in force."""
    current = shown.stored.number if shown is not None and shown.stored is not None else 0
    return [{**each.to_json(), "current": each.number == current} for each in versions]


def _now() -> Directory:
    return services().agent_desk.source.directory.now
