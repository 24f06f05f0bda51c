"""Which agent answers a call: all agents of a moment, found by what is known of the call.

Each look-up is one in a table, however many agents there are, and says why it came out as it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from app.core.agent.business import Business, slug
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.language.phone_numbers import dialled_number
from app.errors import NotFound

By = Literal["address", "retell_agent_id", "number", "default"]


class NoAgent(NotFound):
    """No agent answers this call, and there is no default agent."""

    code = "no_agent"


class UnknownAgent(NotFound):
    """No agent has this id or name."""

    code = "unknown_agent"


class VersionGone(NotFound):
    """The version that something began with is not kept any more, or cannot be made again."""

    code = "version_gone"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call tells of whom it is for. Blank members tell nothing.

    `address` is the agent that the address names at which the call came in, by id or name;
    `number` is the line that was dialled (of a call that we placed: the one it is placed from).
    """

    address: str = ""
    retell_agent_id: str = ""
    number: str = ""

    @classmethod
    def of_details(cls, details: Mapping[str, object], address: str = "") -> Asked:
        """From a call object of Retell's, or details in its form."""
        ours = "from_number" if details.get("direction") == "outbound" else "to_number"
        return cls(address, str(details.get("agent_id") or ""), str(details.get(ours) or ""))


@dataclass(frozen=True, slots=True)
class Route:
    """The agent that answers, by what it was found, and that in words."""

    agent: Agent
    by: By
    why: str


class Agents(Protocol):
    """Whom a process knows: a `Directory`, or one that changes while the process runs."""

    @property
    def all(self) -> tuple[Agent, ...]:
        """All agents, in order."""

    @property
    def businesses(self) -> Mapping[str, Business]:
        """All businesses by id."""

    @property
    def only_default(self) -> Agent | None:
        """The agent that takes what fits nobody, if there is one."""

    @property
    def default(self) -> Agent:
        """As `Directory.default`."""

    def route(self, asked: Asked) -> Route:
        """As `Directory.route`."""

    def named(self, name: str) -> Agent | None:
        """As `Directory.named`."""

    def find(self, who: AgentRef) -> Agent:
        """The agent that something belongs to, in the version that it began with where that can be
        told. Raises `NotFound`, or `Unavailable` where the version cannot be fetched now."""

    def of_business(self, business: str) -> tuple[Agent, ...]:
        """As `Directory.of_business`."""

    def business(self, name: str) -> Business | None:
        """As `Directory.business`."""


class Directory:
    """The agents and businesses of a moment, and the agent that takes what fits nobody."""

    def __init__(
        self,
        agents: Iterable[Agent],
        businesses: Mapping[str, Business] | None = None,
        default: Agent | None = None,
    ) -> None:
        self.all = tuple(agents)
        self.businesses: dict[str, Business] = dict(businesses or {})
        self.only_default = default
        self._ids = {agent.id: agent for agent in self.all}
        self._names: dict[str, list[Agent]] = {}
        self._retell: dict[str, Agent] = {}
        self._numbers: dict[str, Agent] = {}
        firsts: dict[str, Agent] = {}
        for agent in self.all:
            self.businesses.setdefault(agent.home.id, agent.home)
            firsts.setdefault(agent.home.id, agent)
            self._names.setdefault(agent.name.strip().casefold(), []).append(agent)
            self._retell.update(dict.fromkeys(agent.retell_agent_ids, agent))
        names: dict[str, list[Business]] = {}
        for business in self.businesses.values():
            names.setdefault(slug(business.name), []).append(business)
        self._business_names = {name: own[0] for name, own in names.items() if len(own) == 1}
        for business in self.businesses.values():
            answers = self._ids.get(business.answers or "", firsts.get(business.id))
            if answers is not None:
                self._numbers.update(dict.fromkeys(business.numbers, answers))
        for agent in self.all:
            self._numbers.update(dict.fromkeys(agent.numbers, agent))
        self._country = default.country_for() if default else ""

    @property
    def default(self) -> Agent:
        """The agent that takes what fits nobody. Raises `NoAgent` where there is none."""
        if self.only_default is None:
            raise NoAgent
        return self.only_default

    def route(self, asked: Asked) -> Route:
        """The agent that answers, and why. Raises `UnknownAgent` or `NoAgent`, which say why."""
        if asked.address.strip():
            agent = self.named(asked.address)
            if agent is None:
                raise UnknownAgent(f"no agent is named {asked.address[:100]!r}")
            return Route(agent, "address", f"the address names {agent.id}")
        found = self._retell.get(asked.retell_agent_id)
        if found is not None:
            why = f"{found.id} lists Retell agent {asked.retell_agent_id}"
            return Route(found, "retell_agent_id", why)
        number = dialled_number(asked.number, self._country) if asked.number else None
        found = self._numbers.get(number or "")
        if found is not None:
            whose = found.id if number in found.numbers else f"business {found.home.id}"
            return Route(found, "number", f"{number} is a number of {whose}")
        missed = _missed(asked, number)
        if self.only_default is None:
            raise NoAgent(f"{missed}, and there is no default agent")
        why = f"{missed}; {self.only_default.id} is the default agent"
        return Route(self.only_default, "default", why)

    def for_retell(self, agent_id: str | None) -> Agent:
        """The agent that lists this Retell agent id, else the default one. Raises `NoAgent`."""
        return self.route(Asked(retell_agent_id=agent_id or "")).agent

    def named(self, name: str) -> Agent | None:
        """The agent of that id or name, in any case; None where there is none."""
        wanted = name.strip()
        found = self._ids.get(wanted)
        return found or next(iter(self._names.get(wanted.casefold(), ())), None)

    def with_id(self, agent_id: str) -> Agent | None:
        """The agent of just that id."""
        return self._ids.get(agent_id)

    def find(self, who: AgentRef) -> Agent:
        """The agent that something belongs to, in its present version: by its id, or by its name
        as older data have it; else by its Retell agent id, which is all that calls of other models
        tell. Only an agent of that business is found, where one is told. Raises `NotFound`."""
        if not who.agent:
            return self.for_retell(who.retell_agent_id)
        wanted = who.agent.strip()
        by_id = self._ids.get(wanted)
        found = ([by_id] if by_id else []) + self._names.get(wanted.casefold(), [])
        for agent in found:
            if who.business in ("", agent.home.id, agent.home.name, slug(agent.home.name)):
                return agent
        if found:
            raise UnknownAgent(f"{wanted[:100]!r} is no agent of {who.business[:100]!r}")
        raise UnknownAgent(f"no agent is named {wanted[:100]!r}")

    def of_business(self, business: str) -> tuple[Agent, ...]:
        """The agents of one business, in order; `business` is its id."""
        return tuple(agent for agent in self.all if agent.home.id == business)

    def business(self, name: str) -> Business | None:
        """The business of that id, or of that name in any writing, if only one has it."""
        found = self.businesses.get(name) or self.businesses.get(slug(name))
        return found or self._business_names.get(slug(name))


def _missed(asked: Asked, number: str | None) -> str:
    """What was looked for in vain."""
    tried = []
    if asked.retell_agent_id:
        tried.append(f"no agent lists Retell agent {asked.retell_agent_id[:64]}")
    if asked.number:
        tried.append(f"nobody has the number {number or asked.number[:32]}")
    return ", ".join(tried) or "nothing says whom the call is for"
