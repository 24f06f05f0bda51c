"""Where a process has its agents from: the file, and what was put through the API.

Both are read into one directory. Where both have an agent or a business of one id, the API's is the
one. A change that is not valid is refused: what was good goes on, and what is wrong is told.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import gevent

from app import logs, metrics
from app.adapters.agents.building import Builder
from app.adapters.agents.documents import Documents, Problem
from app.adapters.agents.versions.kept import KeptVersions
from app.adapters.agents.versions.live import LiveDirectory
from app.adapters.agents.versions.problems import ProblemBoard
from app.adapters.agents.versions.stored import (
    AgentStore,
    Change,
    Stored,
    StoredDocuments,
    documents_of,
)
from app.adapters.agents.versions.watched import WatchedFile
from app.adapters.tokens.departed import DepartedBusinesses
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.errors import SettingsError, Unavailable

log = logs.get(__name__)

CHANGES = metrics.counter(
    "agent_changes_total", "Changes of agents and businesses that came to a process", ("how",)
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a process has read: the file's documents, and the API's newest versions (those that this
    process uses, of a generation)."""

    file: Documents
    stored: StoredDocuments = field(default_factory=dict)
    generation: int = 0

    def documents(self) -> Documents:
        """All documents. An API's document comes in the place of the file's of the same id."""
        return self.file.beside(documents_of(self.stored))


class AgentSource:
    """The agents of one process. `directory` is always the newest that is good."""

    def __init__(
        self,
        file: WatchedFile,
        store: AgentStore,
        kept: KeptVersions,
        board: ProblemBoard,
        departed: DepartedBusinesses,
        *,
        strict: bool = False,
    ) -> None:
        """Read the file; nothing is sent to Redis before `refresh` if it is good.

        One that is not valid is replaced by the last good content that is kept in Redis, unless
        `strict`. Raises `SettingsError` where there is none.
        """
        self._file = file
        self._store = store
        self._kept = kept
        self._board = board
        self._departed = departed
        self._lock = threading.Lock()
        self.builder = Builder()
        documents, directory = self._read_first(strict)
        self.builder.pause = gevent.sleep
        self.snapshot = Snapshot(documents)
        self._latest: StoredDocuments = {}
        self.directory = LiveDirectory(directory, self.builder, kept)
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the newest change, where it was refused."""
        self._invalid: tuple[Problem, ...] = ()
        self._refused_file: Documents | None = None

    def _read_first(self, strict: bool) -> tuple[Documents, Directory]:
        wrong: list[str]
        try:
            documents = self._file.read_first()
            directory, problems = self.builder.build(documents)
            wrong = [str(problem) for problem in problems]
        except SettingsError as error:
            directory, wrong = None, error.problems
        if directory is None:
            last = None if strict else self._file.last_good()
            if last is not None:
                documents = last
                directory, _ = self.builder.build(last)
            if directory is None:
                raise SettingsError(wrong)
            self._file.refuse(wrong)
        return documents, directory

    @property
    def latest(self) -> StoredDocuments:
        """The newest versions in Redis, also of what this process cannot use."""
        return self._latest

    def refresh(self, *, read_file: bool = False) -> bool:
        """Take up what has changed in Redis, and with `read_file` in the file.

        Without Redis the file's changes are taken up alone. True if the directory is another one.
        """
        with self._lock:
            file = self._read_file() if read_file else None
            generation, latest = self._read_stored()
            if file is None and latest is self._latest:
                self._tell()
                return False
            self._latest = latest
            return self._take(file or self._refused_file, generation)

    def _take(self, file: Documents | None, generation: int) -> bool:
        """Make the best of what there is, and have it from now on."""
        directory, snapshot, problems = self._combine(file, generation)
        self._invalid = tuple(problems)
        if file is not None:
            taken = directory is not None and snapshot.file is file
            self._refused_file = None if taken else file
        if problems:
            CHANGES.labels("refused").inc()
        before = self.snapshot
        if directory is None or (snapshot.file, snapshot.stored) == (before.file, before.stored):
            # What was refused is not looked at again before the next change.
            self.snapshot = replace(before, generation=generation)
            directory = None
        else:
            self._keep(self._kept.due(directory.all))
            gone = self.directory.businesses.keys() - directory.businesses.keys()
            self.directory.swap(directory)
            self.snapshot = snapshot
            CHANGES.labels("taken").inc()
            log.info("agents are up to date", extra={"agents": len(directory.all)})
            self._departed.note(gone)
        self._tell()
        return directory is not None

    def _read_stored(self) -> tuple[int, StoredDocuments]:
        """The generation and the newest versions; the very same object where nothing is new."""
        known = self.snapshot.generation
        try:
            now = self._store.generation()
            if now == known:
                return known, self._latest
            return self._after_loss() if now < known else self._store.read(self._latest)
        except Unavailable:
            return known, self._latest

    def _after_loss(self) -> tuple[int, StoredDocuments]:
        """Redis has lost what it had: where nothing is left, put back what this process knows."""
        log.error("Redis has lost agents that were put through the API")
        self._forget_kept()
        generation, left = self._store.read({})
        if left or not self._latest:
            return generation, left
        lost = [
            Change(each.kind, each.id, each.data, "put back after Redis had lost it")
            for each in self._latest.values()
        ]
        self._store.write(lost, expected=generation, by=self._board.process, at=time.time())
        return self._store.read({})

    def _forget_kept(self) -> None:
        """What was kept for others has to be kept anew."""
        self._kept.forget()
        self._file.forget()

    def keep_versions(self) -> None:
        """See that the present versions, and the file, are kept for those who start later, and
        that businesses that are gone have no tokens."""
        with self._lock:
            self._departed.revoke()
            agents = self.directory.all
            if agents and self._kept.is_lost(agents[0]):
                self._forget_kept()
            self._keep(self._kept.due(agents))
            self._file.keep(self.snapshot.file)

    def _keep(self, agents: Sequence[Agent]) -> None:
        """Keep versions before calls begin with them. Where Redis is away that is done later."""
        if not agents:
            return
        try:
            self._kept.keep([(agent, self.builder.said(agent)) for agent in agents])
        except Unavailable:
            log.warning("versions of agents are not kept yet: Redis is away")

    def _read_file(self) -> Documents | None:
        self._refused_file = None
        found = self._file.read()
        if found is None:
            CHANGES.labels("refused").inc()
        return found

    def _combine(
        self, file: Documents | None, generation: int
    ) -> tuple[Directory | None, Snapshot, list[Problem]]:
        """The best directory that can be made, and what is wrong with the rest of the change."""
        problems: list[Problem] = []
        for each in self._choices(file, generation, problems):
            directory, found = self.builder.build(each.documents())
            if directory is not None:
                return directory, each, problems
            problems += [] if problems else found
        return None, self.snapshot, problems

    def _choices(
        self,
        file: Documents | None,
        generation: int,
        problems: list[Problem],
    ) -> Iterator[Snapshot]:
        """What may be the new state, the best first. `problems` are those of the first."""
        latest = self._latest
        newest = [file] if file is not None else []
        for each in [*newest, self.snapshot.file]:
            yield Snapshot(each, latest, generation)
            broken = {problem.about for problem in problems}
            usable = _without(latest, broken, self.snapshot.stored)
            if usable != latest:
                yield Snapshot(each, usable, generation)
                # The default agent may be among what is left out.
                others = {name: one for name, one in usable.items() if one.kind != "default"}
                yield Snapshot(each, others, generation)

    def _tell(self) -> None:
        """Tell people of what was refused, once for each change."""
        problems = (*self._file.problems, *self._invalid)
        if problems != self.problems:
            for problem in problems:
                log.error("a change of agents is refused", extra={"problem": str(problem)})
            if not problems:
                log.info("no change of agents is refused any more")
        self.problems = problems
        self._board.report([str(problem) for problem in problems])


def _without(
    latest: StoredDocuments, broken: set[str], before: Mapping[str, Stored]
) -> dict[str, Stored]:
    """The newest versions, but those that are broken as they were before, if they were there."""
    found: dict[str, Stored] = {}
    for name, stored in latest.items():
        usable = before.get(name) if name in broken else stored
        if usable is not None:
            found[name] = usable
    return found
