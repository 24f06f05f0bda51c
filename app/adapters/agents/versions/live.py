"""The directory of one process as it is now, and the versions that calls have begun with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from app import logs, metrics
from app.adapters.agents.building import Builder
from app.adapters.agents.versions.kept import KeptVersions
from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, Directory, Route, VersionGone
from app.core.agent.reference import AgentRef
from app.errors import SettingsError

#: Versions beside the present ones that a process remembers.
MAX_REMEMBERED = 200

log = logs.get(__name__)

VERSIONS = metrics.counter(
    "agent_versions_total", "Versions of agents that are not the present one, by outcome", ("how",)
)


class LiveDirectory:
    """What `Directory` is, of the moment at which it is asked. Look-ups never leave the process;
    only `find` asks Redis, for a version that the process does not have."""

    def __init__(self, now: Directory, builder: Builder, kept: KeptVersions) -> None:
        self.now = now
        self._builder = builder
        self._kept = kept
        self._remembered: OrderedDict[str, Agent] = OrderedDict()

    def swap(self, now: Directory) -> None:
        """From here on this is the directory; calls keep the agents that they have."""
        newer = {agent.version for agent in now.all}
        for agent in self.now.all:
            if agent.version not in newer:
                self._remember(agent)
        self.now = now

    @property
    def all(self) -> tuple[Agent, ...]:
        """All agents, in order."""
        return self.now.all

    @property
    def businesses(self) -> Mapping[str, Business]:
        """All businesses by id."""
        return self.now.businesses

    @property
    def only_default(self) -> Agent | None:
        """The agent that takes what fits nobody, if there is one."""
        return self.now.only_default

    @property
    def default(self) -> Agent:
        """As `Directory.default`."""
        return self.now.default

    def route(self, asked: Asked) -> Route:
        """As `Directory.route`."""
        return self.now.route(asked)

    def named(self, name: str) -> Agent | None:
        """As `Directory.named`."""
        return self.now.named(name)

    def of_business(self, business: str) -> tuple[Agent, ...]:
        """As `Directory.of_business`."""
        return self.now.of_business(business)

    def business(self, name: str) -> Business | None:
        """As `Directory.business`."""
        return self.now.business(name)

    def find(self, who: AgentRef) -> Agent:
        """The agent in exactly the version that something began with. What names none, as older
        data do, is for the present one.

        Raises `VersionGone` where nobody has kept the version or it cannot be made again,
        `Unavailable` where Redis cannot be asked for it, and as `Directory.find`.
        """
        if not who.version:
            return self.now.find(who)
        present = self.now.with_id(who.agent)
        if present is not None and present.version == who.version:
            return present
        known = self._remembered.get(who.version)
        if known is not None:
            self._remembered.move_to_end(who.version)
            return known
        agent = self._fetch(who)
        self._remember(agent)
        return agent

    def _fetch(self, who: AgentRef) -> Agent:
        said = self._kept.fetch(who)
        named = f"version {who.version[:32]} of the agent {who.agent[:64]!r}"
        if said is None:
            VERSIONS.labels("gone").inc()
            log.error("a version of an agent is gone", extra={"agent": who.agent[:64]})
            raise VersionGone(f"{named} is not kept any more")
        try:
            agent = self._builder.restore(said)
        except SettingsError as error:
            VERSIONS.labels("broken").inc()
            why = "; ".join(error.problems)[:500]
            log.error("a version of an agent cannot be made again", extra={"why": why})
            raise VersionGone(f"{named} cannot be made again: {why}") from None
        if (agent.version, agent.id, agent.home.id) != (who.version, who.agent, who.business):
            VERSIONS.labels("broken").inc()
            raise VersionGone(f"{named} is kept as another one")
        VERSIONS.labels("fetched").inc()
        log.info("a version of an agent was fetched", extra={"agent": agent.id})
        return agent

    def _remember(self, agent: Agent) -> None:
        self._remembered[agent.version] = agent
        self._remembered.move_to_end(agent.version)
        while len(self._remembered) > MAX_REMEMBERED:
            self._remembered.popitem(last=False)
