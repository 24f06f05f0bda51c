"""The agent that a page is about: its document in force, and its versions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from app.adapters.agents.documents import digest, field_of
from app.adapters.agents.versions.editing import Shown
from app.adapters.agents.versions.stored import Change, Stored
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.errors import NotFound, PreconditionFailed
from app.web.config import rights
from app.web.guard.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Subject:
    """An agent in force. Raises `NotFound` where there is none that the viewer may see."""

    agent: Agent
    shown: Shown
    sender: Viewer

    @classmethod
    def of(cls, agent_id: str, sender: Viewer) -> Subject:
        """The agent of that id, with what another process has just written."""
        desk = services().agent_desk
        desk.source.refresh()
        shown = desk.editor.documents().get(field_of("agent", agent_id))
        agent = desk.source.directory.named(agent_id)
        if shown is None or agent is None:
            raise NotFound("no agent has this id")
        rights.check_seen(sender, shown)
        return cls(agent, shown, sender)

    @property
    def id(self) -> str:
        """The agent's id."""
        return self.shown.document.name

    def versions(self) -> list[Stored]:
        """What was saved, the newest first. Raises `Unavailable`."""
        return services().agent_desk.store.versions("agent", self.id)

    def version(self, number: int) -> Stored:
        """One saved version. Raises `NotFound`, `Unavailable`."""
        found = services().agent_desk.store.version("agent", self.id, number)
        if found is None or found.data is None:
            raise NotFound("there is no such version")
        if not self.sender.scope.holds(rights.business_of("agent", self.id, found.data)):
            raise NotFound("there is no such version")
        return found

    def change_to(self, data: dict[str, Any], note: str = "") -> Change:
        """The change that makes the document this. Raises `Forbidden`, `Invalid`."""
        rights.check_write(self.sender, "agent", self.id, data, self.shown)
        return Change("agent", self.id, data, note)

    def save(self, data: dict[str, Any] | None, base: str, by: str, note: str = "") -> None:
        """Put it in force, or with None what the agents' file says.

        base: the etag of what the change is based on. Raises `PreconditionFailed` where somebody
        has changed it since, `Invalid`, `Conflict`, `Forbidden`, `Unavailable`.
        """

        def changes(present: Any) -> list[Change]:
            now: Shown | None = present.get(self.shown.document.field)
            etag = now.etag if now is not None else ""
            if data is not None and etag == digest(data):
                return []
            if etag != base:
                raise PreconditionFailed
            if data is None:
                return [Change("agent", self.id, None, note)]
            rights.check_write(self.sender, "agent", self.id, data, now)
            return [Change("agent", self.id, data, note)]

        services().agent_desk.editor.apply(changes, by=by)

    def file_data(self) -> dict[str, Any]:
        """What the agents' file says. Raises `NotFound` where it does not have the agent."""
        file = services().agent_desk.source.snapshot.file
        for each in file.agents:
            if each.name == self.id:
                return {"id": self.id, **each.data}
        raise NotFound("the agents' file does not have this agent")

    @property
    def is_in_file(self) -> bool:
        """Whether the agents' file has it too."""
        file = services().agent_desk.source.snapshot.file
        return any(each.name == self.id for each in file.agents)


def moment(at: float) -> str:
    """A time as pages write it."""
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M} UTC"
