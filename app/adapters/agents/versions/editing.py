"""Changes of agents and businesses: checked as a whole, written as a whole, seen by everybody.

A change is checked against what this process has read. It is only written if nobody has written
anything since; else it is checked anew. So two changes that exclude each other never both succeed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.adapters.agents.building import Builder, Said
from app.adapters.agents.documents import Document, Documents, Problem, digest, field_of
from app.adapters.agents.versions.source import AgentSource, Snapshot
from app.adapters.agents.versions.stored import DEFAULT, MAX_CHANGES, AgentStore, Change, Stored
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.errors import Conflict, Invalid, TooLarge, Unavailable

ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that is in force: where it is from, and what it says."""

    document: Document
    stored: Stored | None
    """Its newest version in Redis; None where it is the file's."""

    @property
    def source(self) -> str:
        """`api` or `file`."""
        return "file" if self.stored is None else "api"

    @property
    def data(self) -> dict[str, Any]:
        """What it says; an agent's with its id."""
        data = self.document.data
        return {"id": self.document.name, **data} if self.document.kind == "agent" else dict(data)

    @property
    def etag(self) -> str:
        """A short name of what it says."""
        return digest(self.data)


class Editor:
    """Reads and changes documents in the place of one process."""

    def __init__(
        self, source: AgentSource, store: AgentStore, clock: Callable[[], float] = time.time
    ) -> None:
        self.source = source
        self.store = store
        self._clock = clock

    def documents(self) -> dict[str, Shown]:
        """All documents that are in force, by `Document.field`."""
        stored = self.source.latest
        present = replace(self.source.snapshot, stored=stored).documents()
        found = {
            each.field: Shown(each, stored.get(each.field))
            for each in (*present.businesses, *present.agents)
        }
        default = stored.get(field_of("default", DEFAULT))
        if default is not None:
            found[default.field] = Shown(default.document(), default)
        return found

    def apply(
        self,
        changes: Callable[[Mapping[str, Shown]], Sequence[Change]],
        *,
        by: str,
    ) -> list[Stored]:
        """Write what `changes` gives, and have it in this process; what is so already is left out.

        `changes` is given the documents in force, may be called again when somebody else has
        written meanwhile, and raises what forbids the change. `by` is who makes it.

        Raises `Invalid` for mistakes, `Conflict` where others rely on what is taken out, `TooLarge`
        and `Unavailable`.
        """
        for _ in range(ATTEMPTS):
            self.source.refresh()
            present = self.documents()
            wanted = _differing(changes(present), present)
            if not wanted:
                return []
            generation = self._check(wanted, present)
            wrote = self.store.write(wanted, expected=generation, by=by, at=self._clock())
            if wrote is not None:
                self.source.refresh()
                return wrote
        raise Unavailable("others change agents at the same time", retry_after=1)

    def check(self, change: Change) -> None:
        """See that this change would be valid; nothing is changed.

        Raises `Invalid` for mistakes, and `Unavailable`.
        """
        self._trial(change)

    def try_out(self, change: Change) -> tuple[Agent, Said]:
        """The agent that this change would put in force, which it does not, and what it is made of.

        Raises `Invalid` for mistakes, and `Unavailable`.
        """
        directory, builder = self._trial(change)
        agent = directory.with_id(change.id)
        if agent is None:
            raise Invalid([{"path": "id", "message": f"must be {change.id!r}"}])
        return agent, builder.said(agent)

    def _trial(self, change: Change) -> tuple[Directory, Builder]:
        """The agents with this change, and who has made them. Raises `Invalid`."""
        self.source.refresh()
        builder = self.source.builder.apart()
        trial = _with(self.source.snapshot, [change], self.documents())
        directory, problems = builder.build(trial, trial=True)
        if directory is None:
            raise Invalid([_shown(each, [change]) for each in problems])
        return directory, builder

    def _check(self, wanted: Sequence[Change], present: Mapping[str, Shown]) -> int:
        """Raise what forbids these changes; else the generation for which they are good."""
        if len(wanted) > MAX_CHANGES:
            raise TooLarge(f"at most {MAX_CHANGES} agents and businesses at once")
        snapshot = self.source.snapshot
        trial = _with(snapshot, wanted, present)
        directory, problems = self.source.builder.build(trial, trial=True)
        if directory is None:
            if all(change.data is None for change in wanted):
                raise Conflict("; ".join(_refused(each, wanted) for each in problems))
            raise Invalid([_shown(each, wanted) for each in problems])
        if not directory.all:
            raise Conflict("this is the last agent: nobody would answer", code="last_agent")
        listed = {document.key for document in trial.businesses}
        for change in wanted:
            if change.kind == "business" and change.id not in listed:
                _check_left(change.id, self.source.directory.now, directory)
        return snapshot.generation


def _with(snapshot: Snapshot, wanted: Sequence[Change], present: Mapping[str, Shown]) -> Documents:
    """All documents as they would be after these changes. Raises `Conflict`."""
    stored = dict(snapshot.stored)
    for change in wanted:
        if change.data is None:
            _check_removal(change, present)
            stored.pop(change.field, None)
        else:
            stored[change.field] = Stored(change.kind, change.id, 0, change.data, "", 0.0)
    return Snapshot(snapshot.file, stored, snapshot.generation).documents()


def _differing(changes: Sequence[Change], present: Mapping[str, Shown]) -> list[Change]:
    """The changes that change anything."""
    found = []
    for change in changes:
        known = present.get(change.field)
        before = None if known is None else known.etag
        if before != (None if change.data is None else digest(change.data)):
            found.append(change)
    return found


def _check_removal(change: Change, present: Mapping[str, Shown]) -> None:
    """Raise `Conflict` where only the file has it."""
    known = present.get(change.field)
    if known is not None and known.stored is None:
        raise Conflict(
            f"{change.kind} {change.id} stands in AGENT_FILE; take it out there", code="in_file"
        )


def _check_left(business: str, before: Directory, after: Directory) -> None:
    """Raise `Conflict` where agents of a business that is taken out are left, which would go on
    with a business that is only a name."""
    names = {agent.id for agent in before.of_business(business)}
    old = before.businesses[business].name if business in before.businesses else business
    left = [
        agent.id
        for agent in after.all
        if agent.id in names and (agent.home.id == business or agent.business == old)
    ]
    if left:
        told = ", ".join(left[:5])
        raise Conflict(
            f"business {business} has agents ({told}); take them out first", code="has_agents"
        )


def _shown(problem: Problem, wanted: Sequence[Change]) -> dict[str, str]:
    """A problem as the API tells it, with its path in what was sent."""
    kinds = {"agent": "agents", "business": "businesses"}
    if problem.about not in {change.field for change in wanted}:
        return {"path": "", "message": _told(problem, problem.about or problem.where)}
    if len(wanted) == 1:
        return {"path": problem.path, "message": problem.message}
    kind, _, name = problem.about.partition(":")
    path = ".".join(part for part in (kinds.get(kind, kind), name, problem.path) if part)
    return {"path": path, "message": problem.message}


def _refused(problem: Problem, wanted: Sequence[Change]) -> str:
    """Why something cannot be taken out."""
    if problem.path == "default" and any(change.kind == "agent" for change in wanted):
        return "this is the default agent; make another one the default first"
    return _told(problem, "")


def _told(problem: Problem, where: str) -> str:
    return ": ".join(part for part in (where, problem.path, problem.message) if part)
