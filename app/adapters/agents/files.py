"""Agents from their YAML file, with errors that name file and line.

A file holds one agent, or several under `agents:`; the first one, or the one named by `default:`,
takes every call whose Retell agent id no agent lists. Every key is documented in
`docs/agent-file.md`.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from app import logs
from app.adapters.agents import imported
from app.adapters.knowledge import read_knowledge
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef, business_id
from app.core.agent.references import missing_references
from app.core.agent.retired import RETIRED
from app.core.booking.calendar_limits import cannot_keep
from app.errors import NotFound, SettingsError

SHIPPED = Path(__file__).resolve().parents[2] / "agents" / "harbor_dental.yaml"
"""The agent that is used when AGENT_FILE is not set."""

MAX_FILE_BYTES = 1_000_000

log = logs.get(__name__)

Location = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Agents:
    """The agents of one file."""

    default: Agent
    all: tuple[Agent, ...]

    def for_retell(self, agent_id: str | None) -> Agent:
        """Return the agent that lists this Retell agent id, else the default one."""
        for agent in self.all:
            if agent_id and agent_id in agent.retell_agent_ids:
                return agent
        return self.default

    def named(self, name: str) -> Agent | None:
        """The agent of that name, in any case; None where there is none."""
        wanted = name.strip().casefold()
        return next((agent for agent in self.all if agent.name.casefold() == wanted), None)

    def find(self, who: AgentRef) -> Agent:
        """The agent that something belongs to: by its name, else by its Retell agent id, which is
        all that calls of other models tell. Raises `NotFound` for a name that no agent has."""
        if not who.agent:
            return self.for_retell(who.retell_agent_id)
        agent = self.named(who.agent)
        if agent is None:
            raise NotFound(f"no agent is named {who.agent[:100]!r}", code="unknown_agent")
        return agent

    @property
    def businesses(self) -> frozenset[str]:
        """The ids of all businesses of the file."""
        return frozenset(business_id(agent.business) for agent in self.all)


def load(path: str | Path | None = None) -> Agents:
    """Read and validate an agent file; the shipped one without a path.

    Raises `SettingsError` whose problems each read ``file:line: key: what is wrong``.
    """
    file = Path(path) if path else SHIPPED
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise SettingsError([f"AGENT_FILE {file}: {error.strerror}"]) from None
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError([f"AGENT_FILE {file}: larger than {MAX_FILE_BYTES} bytes"])
    return parse(raw.decode("utf-8", "replace"), str(file))


def parse(text: str, name: str) -> Agents:
    """Read the text of an agent file; `name` is what errors call it."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError([f"{name}:{line}: {error.problem or 'not YAML'}"]) from None
    except yaml.YAMLError:
        raise SettingsError([f"{name}:1: not YAML"]) from None
    if root is None or not isinstance(data, dict):
        raise SettingsError([f"{name}:1: an agent file is a mapping of keys to values"])
    problems = [f"{name}:{line}: {what}" for line, what in _twice(root)]
    source = _Source(name, root, problems)
    if "agents" not in data:
        agents = [source.agent(data, ())]
        wanted = None
    else:
        agents, wanted = source.several(data)
    if problems:
        raise SettingsError(problems)
    found = [agent for agent in agents if agent is not None]
    default = next((agent for agent in found if agent.name == wanted), found[0])
    return Agents(default, tuple(found))


class _Source:
    """A composed file: validates its parts and finds the lines of what is wrong."""

    def __init__(self, name: str, root: yaml.Node, problems: list[str]) -> None:
        self.name = name
        self.root = root
        self.problems = problems

    def several(self, data: dict[str, Any]) -> tuple[list[Agent | None], str | None]:
        """Read the form with `agents:`."""
        for key in data:
            if key not in ("agents", "default"):
                self._add((key,), f"{key}: unknown beside agents; only default may stand here")
        entries, wanted = data["agents"], data.get("default")
        if not isinstance(entries, list) or not entries:
            self._add(("agents",), "agents: must be a list with at least one agent")
            return [], None
        agents = [self.agent(entry, ("agents", index)) for index, entry in enumerate(entries)]
        names = [agent.name for agent in agents if agent]
        if wanted is not None and wanted not in names and not self.problems:
            self._add(("default",), f"default: no agent is named {wanted!r}")
        seen: dict[str, str] = {}
        for index, agent in enumerate(agents):
            for retell_id in agent.retell_agent_ids if agent else ():
                if retell_id in seen:
                    self._add(
                        ("agents", index, "retell_agent_ids"),
                        f"retell_agent_ids: {retell_id} is listed by {seen[retell_id]} too",
                    )
                elif agent:
                    seen[retell_id] = agent.name
        return agents, wanted if isinstance(wanted, str) else None

    def agent(self, data: Any, at: Location) -> Agent | None:
        """Validate one agent; add what is wrong to the problems."""
        if not isinstance(data, dict):
            self._add(at, "an agent is a mapping of keys to values")
            return None
        try:
            agent = Agent.model_validate(_with_time_zone(data))
            self._warn_of_retired(data, at)
            agent = self._with_outside(agent, at)
            limit = cannot_keep(os.environ.get("CALENDAR_URL", "").strip(), agent.booking)
            if limit is not None:
                self._add((*at, "booking", limit[0]), f"booking.{limit[0]}: {limit[1]}")
            if agent.audio.format == "pcm" and importlib.util.find_spec("soxr") is None:
                self._add(
                    (*at, "audio", "format"),
                    "audio.format: pcm needs the extra 'audio', which is not installed: "
                    "pip install --require-hashes -r requirements-all.txt",
                )
            return agent
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_input=False):
                place = ".".join(str(part) for part in problem["loc"])
                message = problem["msg"].removeprefix("Value error, ")
                self._add((*at, *problem["loc"]), f"{place}: {message}" if place else message)
            return None

    def _warn_of_retired(self, data: dict[str, Any], at: Location) -> None:
        """Log the keys that have no effect any more, with what to do about them."""
        for section, retired in RETIRED.items():
            for key in retired.keys() & (data.get(section) or {}).keys():
                line = _line(self.root, (*at, section, key))
                log.warning(
                    "agent file has a retired setting",
                    extra={
                        "file": f"{self.name}:{line}",
                        "setting": f"{section}.{key}",
                        "advice": retired[key],
                    },
                )

    def _with_outside(self, agent: Agent, at: Location) -> Agent:
        """The agent with its Python tools; secrets that are not set are problems."""
        for place, name in imported.unset_secrets(agent, os.environ):
            where = ".".join(map(str, place))
            self._add(
                (*at, *place), f"{where}: ${{{name}}} is not set; set {name} in the environment"
            )
        for name in missing_references(agent.messages.references(), os.environ):
            self._add(
                (*at, "messages"),
                f"messages: ${{{name}}} is not set; set {name} in the environment",
            )
        agent = self._with_knowledge(agent, at)
        try:
            return imported.with_python_tools(agent, os.environ.get("TOOLS_MODULE", "").strip())
        except (imported.CannotImport, ValueError) as error:
            self._add((*at, "tools"), f"tools: {error}")
            return agent

    def _with_knowledge(self, agent: Agent, at: Location) -> Agent:
        """The agent with its knowledge's folder found from where the file is."""
        if agent.knowledge.folder is None:
            return agent
        folder = Path(self.name).parent / agent.knowledge.folder
        knowledge = agent.knowledge.model_copy(update={"folder": str(folder)})
        try:
            read_knowledge(knowledge)
        except SettingsError as error:
            for problem in error.problems:
                self._add((*at, "knowledge", "folder"), problem)
        return agent.model_copy(update={"knowledge": knowledge})

    def _add(self, location: Location, what: str) -> None:
        self.problems.append(f"{self.name}:{_line(self.root, location)}: {what}")


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


def _line(node: yaml.Node, location: Sequence[int | str]) -> int:
    """The line of a location, or of its closest ancestor that is in the file; 1 is the first."""
    line = node.start_mark.line
    for part in location:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == str(part)]
            if not pairs:
                break
            key, node = pairs[0]
            line = key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                break
            node = node.value[part]
            line = node.start_mark.line
        else:
            break
    return line + 1


def _twice(node: yaml.Node) -> list[tuple[int, str]]:
    """Keys given twice in one mapping, which YAML would silently let win."""
    found: list[tuple[int, str]] = []
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    found.append((key.start_mark.line + 1, f"{json.dumps(key.value)} given twice"))
                seen.add(key.value)
            found += _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            found += _twice(item)
    return found
