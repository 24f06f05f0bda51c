"""A directory out of documents: everything is checked, and every mistake is told at once."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from app import logs
from app.adapters.agents import imported
from app.adapters.agents.documents import Document, Documents, Problem, Sent, digest
from app.adapters.agents.secrets import SECRETS
from app.adapters.knowledge import read_knowledge
from app.core.agent.business import Business, slug
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.core.agent.references import missing_references
from app.core.agent.retired import RETIRED
from app.core.booking.calendar_limits import cannot_keep
from app.errors import SettingsError

NEEDS_AUDIO = (
    "pcm needs the extra 'audio', which is not installed: "
    "pip install --require-hashes -r requirements-all.txt"
)
T = TypeVar("T")
log = logs.get(__name__)

#: Agents that are built without giving way to others.
AT_ONCE = 50
#: Keys of a business that its agents have unless they give their own.
_INHERITED = ("time_zone", "language", "country", "report_webhook_url", "report_webhook_secret")


@dataclass(frozen=True, slots=True)
class Said:
    """What a version of an agent is made of: the agent's document and its business's, the latter
    with the business's `id`; None where the agent only names a business."""

    agent: dict[str, Any]
    business: dict[str, Any] | None


class Builder:
    """Makes directories. What has not changed since the last one is not made again."""

    def __init__(self, secrets: Mapping[str, str] = SECRETS) -> None:
        self._secrets = secrets
        self._agents: dict[str, Agent] = {}
        self._said: dict[str, Said] = {}
        self._businesses: dict[str, Business] = {}
        self.check: Callable[[Agent], str] | None = None
        """Looks at each new agent for what is none of this module's business, and says what is
        wrong; blank where nothing is."""
        self.pause: Callable[[], None] = _go_on
        """Gives way to others, now and then while many agents are built."""

    def apart(self) -> Builder:
        """One that knows what this one knows. What it makes this one does not remember."""
        other = Builder(self._secrets)
        other._agents, other._said = dict(self._agents), dict(self._said)
        other._businesses = dict(self._businesses)
        other.check = self.check
        return other

    def said(self, agent: Agent) -> Said:
        """What the present version of an agent was made of."""
        return self._said[agent.version]

    def build(
        self, documents: Documents, *, trial: bool = False
    ) -> tuple[Directory | None, list[Problem]]:
        """The directory; None beside the problems where there are any. After a `trial` what was
        built before is still known."""
        problems = list(documents.problems)
        businesses: dict[str, tuple[Business, Document]] = {}
        for document in documents.businesses:
            if document.key in businesses:
                problems.append(document.problem((), f"business {document.key} is given twice"))
            business = self._business(document, problems)
            if business is not None:
                businesses[document.key] = (business, document)
        found: list[tuple[Agent, Document]] = []
        for number, document in enumerate(documents.agents, 1):
            if number % AT_ONCE == 0:
                self.pause()
            agent = self._agent(document, businesses, problems)
            if agent is not None:
                found.append((agent, document))
        problems += _clashes(found, businesses)
        default, wrong = _default(documents, [agent for agent, _ in found])
        if wrong is not None and not problems:
            problems.append(wrong)
        if problems:
            return None, problems
        if trial:
            self._agents |= {agent.version: agent for agent, _ in found}
        else:
            self._agents = {agent.version: agent for agent, _ in found}
            self._said = {agent.version: self._said[agent.version] for agent, _ in found}
        known = {key: business for key, (business, _) in businesses.items()}
        return Directory([agent for agent, _ in found], known, default), []

    def restore(self, said: Said) -> Agent:
        """The agent of a version that was kept. Raises `SettingsError` where it cannot be made
        any more, for example because a secret is gone."""
        agent, business = said.agent, said.business
        origin = Sent("redis")
        problems: list[Problem] = []
        homes: dict[str, tuple[Business, Document]] = {}
        if business is not None:
            key = str(business["id"])
            data = {name: value for name, value in business.items() if name != "id"}
            document = Document("business", key, data, origin)
            made = self._business(document, problems)
            if made is not None:
                homes[key] = (made, document)
        found = self._agent(Document("agent", "", agent, origin), homes, problems)
        if found is None or problems:
            raise SettingsError([str(problem) for problem in problems])
        return found

    def _business(self, document: Document, problems: list[Problem]) -> Business | None:
        name = digest(document.key, document.data)
        known = self._businesses.get(name)
        if known is None:
            if "id" in document.data:
                problems.append(document.problem(("id",), "the key of the business is its id"))
                return None
            data = {"id": document.key, "name": document.key, **document.data}
            known = _validated(Business.model_validate, data, document, problems)
        if known is None:
            return None
        for key, text in known.references().items():
            for missing in missing_references([text], self._secrets):
                problems.append(document.problem((key,), not_set(missing)))
        self._businesses[name] = known
        return known

    def _agent(
        self,
        document: Document,
        businesses: Mapping[str, tuple[Business, Document]],
        problems: list[Problem],
    ) -> Agent | None:
        data = document.data
        wanted = str(data.get("business") or "")
        home, of = _home(wanted, businesses)
        said = Said(data, {"id": home.id, **of.data} if home and of else None)
        version = digest(said.agent, said.business)
        self._said[version] = said
        known = self._agents.get(version)
        if known is not None:
            return known
        if home is not None:
            data = _with_business(data, home)
        read = _validated(Agent.model_validate, _with_time_zone(data), document, problems)
        if read is None:
            return None
        _warn_of_retired(document)
        if read.audio.format == "pcm" and importlib.util.find_spec("soxr") is None:
            problems.append(document.problem(("audio", "format"), NEEDS_AUDIO))
        url = (home and home.calendar_url) or self._secrets.get("CALENDAR_URL", "")
        limit = cannot_keep(url.strip(), read.booking)
        if limit is not None:
            problems.append(document.problem(("booking", limit[0]), limit[1]))
        agent = self._with_outside(read, document, problems)
        home = home or Business(id=slug(agent.business), name=agent.business)
        agent = agent.of(home, version)
        wrong = self.check(agent) if self.check is not None else ""
        if wrong:
            problems.append(document.problem((), wrong))
        return agent

    def _with_outside(self, agent: Agent, document: Document, problems: list[Problem]) -> Agent:
        """The agent with its Python tools; what it refers to and is not there is a problem."""
        for place, name in imported.unset_secrets(agent, self._secrets):
            problems.append(document.problem(place, not_set(name)))
        for name in missing_references(agent.messages.references(), self._secrets):
            problems.append(document.problem(("messages",), not_set(name)))
        if agent.knowledge.folder is not None:
            try:
                read_knowledge(agent.knowledge)
            except SettingsError as error:
                told = [each.removeprefix("knowledge.folder: ") for each in error.problems]
                problems += [document.problem(("knowledge", "folder"), each) for each in told]
        try:
            return imported.with_python_tools(agent, os.environ.get("TOOLS_MODULE", "").strip())
        except (imported.CannotImport, ValueError) as error:
            problems.append(document.problem(("tools",), str(error)))
            return agent


def _warn_of_retired(document: Document) -> None:
    """Log the keys that have no effect any more, with what to do about them."""
    for section, retired in RETIRED.items():
        for key in retired.keys() & (document.data.get(section) or {}).keys():
            log.warning(
                "agent file has a retired setting",
                extra={
                    "file": document.origin.where((*document.at, section, key)),
                    "setting": f"{section}.{key}",
                    "advice": retired[key],
                },
            )


def not_set(name: str) -> str:
    """What is wrong with a reference that leads nowhere, and the cure."""
    if name.startswith("file:"):
        return f"${{{name}}} cannot be read, or is empty"
    return f"${{{name}}} is not set; set {name} in the environment"


def _go_on() -> None:
    """Give way to nobody."""


def _validated(
    validate: Callable[[Any], T], data: Any, document: Document, problems: list[Problem]
) -> T | None:
    try:
        return validate(data)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            message = problem["msg"].removeprefix("Value error, ")
            problems.append(document.problem(problem["loc"], message))
        return None


def _home(
    wanted: str, businesses: Mapping[str, tuple[Business, Document]]
) -> tuple[Business | None, Document | None]:
    """The business that an agent names by key, or by its name."""
    found = businesses.get(wanted) or businesses.get(slug(wanted))
    if found is None:
        named = [each for each in businesses.values() if each[0].name == wanted]
        found = named[0] if named else None
    return found or (None, None)


def _with_business(data: Mapping[str, Any], home: Business) -> dict[str, Any]:
    """The agent's data with what it has from its business."""
    whole = {**data, "business": home.name}
    for name in _INHERITED:
        given = getattr(home, name)
        if given is not None and name not in whole:
            whole[name] = given
    booking = whole.get("booking", {})
    if home.notify_email and isinstance(booking, dict):
        notify = booking.get("notify", {})
        if isinstance(notify, dict) and "email" not in notify:
            told = {**notify, "email": list(home.notify_email)}
            whole["booking"] = {**booking, "notify": told}
    return whole


def _with_time_zone(data: Mapping[str, Any]) -> dict[str, Any]:
    """One time zone serves both the agent and its bookings unless both are given."""
    whole = dict(data)
    booking = whole.get("booking", {})
    if isinstance(booking, dict):
        zone = whole.get("time_zone") or booking.get("time_zone")
        if zone:
            whole["booking"] = {"time_zone": zone, **booking}
            whole.setdefault("time_zone", zone)
    return whole


def _clashes(
    found: list[tuple[Agent, Document]], businesses: Mapping[str, tuple[Business, Document]]
) -> list[Problem]:
    """Ids, Retell agents and numbers that two claim, and agents that a business does not have."""
    problems: list[Problem] = []
    ids: set[str] = set()
    retell: dict[str, Agent] = {}
    numbers: dict[str, Agent] = {}
    for agent, document in found:
        if agent.id in ids:
            told = f"two agents have the id {agent.id}; give one of them an id of its own"
            problems.append(document.problem(("id",), told))
        ids.add(agent.id)
        for key, values, taken in (
            ("retell_agent_ids", agent.retell_agent_ids, retell),
            ("numbers", agent.numbers, numbers),
        ):
            for value in values:
                if value in taken:
                    told = f"{value} is listed by {taken[value].name} too"
                    problems.append(document.problem((key,), told))
                taken[value] = agent
    of_business: dict[str, Business] = {}
    its_own: dict[str, set[str]] = {}
    for agent, _ in found:
        its_own.setdefault(agent.home.id, set()).add(agent.id)
    for business, document in businesses.values():
        for number in business.numbers:
            other = numbers.get(number)
            if number in of_business or (other and other.home.id != business.id):
                whose = of_business[number].id if number in of_business else other and other.id
                problems.append(
                    document.problem(("numbers",), f"{number} is listed by {whose} too")
                )
            of_business[number] = business
        answers = business.answers
        if answers is not None and answers not in its_own.get(business.id, ()):
            told = f"{business.answers!r} is no agent of this business"
            problems.append(document.problem(("answers",), told))
    return problems


def _default(documents: Documents, agents: list[Agent]) -> tuple[Agent | None, Problem | None]:
    """The agent that takes other calls, and what is wrong with how it is named."""
    wanted = documents.default
    if wanted is None:
        alone = len(agents) == 1 or documents.implied
        return (agents[0] if agents and alone else None), None
    for agent in agents:
        if wanted in (agent.id, agent.name):
            return agent, None
    told = Problem(documents.default_at, "default", f"no agent is named {wanted!r}")
    return None, told
