"""Scenario files: what a rehearsed caller says, and what must come of it. See docs/scenarios.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from app.errors import AppError

SHIPPED = Path(__file__).parent.parent / "scenarios"


class ScenarioError(AppError):
    """The scenario file cannot be used; the message names the file and the line."""

    code: str = "scenario"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _pattern(value: Any) -> Any:
    if isinstance(value, str):
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
    return value


def _several(value: Any) -> Any:
    return [value] if isinstance(value, (str, int)) else value


_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0}


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        found = re.fullmatch(r"(\d+(?:\.\d+)?) ?(ms|s|min)", value)
        if not found:
            raise ValueError("give a time such as 500ms or 3s")
        return float(found[1]) * _UNITS[found[2]]
    return value


Pattern = Annotated[str, BeforeValidator(_pattern)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_several)]
Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0)]
During = int | str


class Hear(_Model):
    """The agent's turn must match each pattern, and none of `not`."""

    hear: Patterns = ()
    not_: Patterns = Field(default=(), alias="not")


class Say(_Model):
    """The caller speaks."""

    say: str
    if_: Pattern | None = Field(default=None, alias="if")
    barge_in: During | None = None
    early: int | None = Field(default=None, ge=1)
    request: bool = True
    exactly: bool = False


class Reply(_Model):
    """One entry of `converse`."""

    when: Pattern
    say: str
    times: int = Field(default=2, ge=1)
    exactly: bool = False


class Converse(_Model):
    """Answers the agent turn by turn."""

    converse: tuple[Reply, ...]
    until: Pattern
    turns: int = Field(default=12, ge=1)


class Silence(_Model):
    """The caller says nothing for a time, or until Retell reminds."""

    silence: Literal["reminder"] | Seconds


class Lose(_Model):
    """The connection breaks."""

    lose: Literal["connection", "keepalive"]
    during: During | None = None


class HangUp(_Model):
    """The caller hangs up."""

    hang_up: Literal[True]
    during: During | None = None


class CallerSpec(_Model):
    """The call object that Retell would send."""

    from_number: str | None = "+14155550191"
    to_number: str | None = "+14155550100"
    direction: Literal["inbound", "outbound"] = "inbound"
    call_type: Literal["phone_call", "web_call"] = "phone_call"
    agent_id: str = "agent_rehearsal"
    agent_version: int = 1
    metadata: dict[str, Any] = Field(default_factory=dict)
    dynamic_variables: dict[str, str] = Field(default_factory=dict)

    def details(self, call_id: str) -> dict[str, Any]:
        """Retell's call object, as in its register-call response."""
        call: dict[str, Any] = {
            "call_id": call_id,
            "call_type": self.call_type,
            "agent_id": self.agent_id,
            "agent_version": self.agent_version,
            "call_status": "registered",
        }
        if self.call_type == "phone_call":
            call["direction"] = self.direction
            call["from_number"] = self.from_number
            call["to_number"] = self.to_number
        if self.metadata:
            call["metadata"] = self.metadata
        if self.dynamic_variables:
            call["retell_llm_dynamic_variables"] = self.dynamic_variables
        return call


class LineSpec(_Model):
    """Retell's agent settings for a call."""

    words_per_minute: int = Field(default=190, ge=1)
    end_of_turn_ms: int = Field(default=300, ge=0)
    reminder_trigger_ms: int = Field(default=10_000, gt=0)
    reminder_max_count: int = Field(default=1, ge=0)
    patience_ms: int = Field(default=20_000, gt=0)
    asks_again: bool = False


class MannerSpec(_Model):
    """How the caller speaks. Shares are of the turns, from 0 to 1."""

    seed: str | int = 0
    interrupts: float = Field(default=0.0, ge=0, le=1)
    hums: float = Field(default=0.0, ge=0, le=1)
    hesitates: float = Field(default=0.0, ge=0, le=1)
    thinks_ms: int = Field(default=0, ge=0)


class Persona(_Model):
    """A caller who is played by a text model."""

    who: str = Field(min_length=1)
    goal: str = Field(min_length=1)
    mood: str = ""
    turns: int = Field(default=20, ge=1, le=100)
    seconds: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=1800)] = 300.0


class ToolExpected(_Model):
    """A tool call that must come."""

    name: str
    arguments: dict[str, Pattern] = Field(default_factory=dict)
    successful: bool | None = None


def _tool(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Expect(_Model):
    """What must be true when the call is over."""

    ended: str | None = None
    heard: Patterns = ()
    never_heard: Patterns = ()
    heard_once: Patterns = ()
    tools: tuple[Annotated[ToolExpected, BeforeValidator(_tool)], ...] = ()
    never_tools: Patterns = ()
    actions: tuple[str, ...] | None = None
    bookings: tuple[dict[str, Pattern], ...] | None = None
    record: dict[str, Any] = Field(default_factory=dict)
    max_silence: Seconds | None = None
    tone: str = ""


class CallSpec(_Model):
    """One call."""

    name: str = ""
    caller: CallerSpec = CallerSpec()
    line: LineSpec = LineSpec()
    manner: MannerSpec = MannerSpec()
    vary: bool = True
    persona: Persona | None = None
    steps: tuple[Annotated[Step, BeforeValidator(lambda value: _step(value))], ...] = ()
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_caller(self) -> CallSpec:
        stepped = bool(self.steps) if self.persona else "steps" in self.model_fields_set
        if stepped == (self.persona is not None):
            raise ValueError("a call has either steps or a persona")
        return self


class Meanwhile(_Model):
    """Another call, from beginning to end."""

    meanwhile: CallSpec


Step = Hear | Say | Converse | Silence | Lose | HangUp | Meanwhile

_VERBS: dict[str, type[_Model]] = {
    "hear": Hear,
    "not": Hear,
    "say": Say,
    "converse": Converse,
    "silence": Silence,
    "lose": Lose,
    "hang_up": HangUp,
    "meanwhile": Meanwhile,
}


def _step(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kinds = {_VERBS[key] for key in value if key in _VERBS}
    if len(kinds) != 1:
        raise ValueError(f"a step has exactly one of {', '.join(_VERBS)}")
    return kinds.pop().model_validate(value)


class Scenario(_Model):
    """A file: one call, or several one after the other."""

    about: str = ""
    requires: str = ""
    time_zone: str = "America/Los_Angeles"
    calls: tuple[CallSpec, ...]

    @model_validator(mode="before")
    @classmethod
    def _single_call(cls, value: Any) -> Any:
        if isinstance(value, dict) and "calls" not in value:
            own = {key: item for key, item in value.items() if key in CallSpec.model_fields}
            rest = {key: item for key, item in value.items() if key not in own}
            return {**rest, "calls": [own]}
        return value


CallSpec.model_rebuild()
Meanwhile.model_rebuild()
Scenario.model_rebuild()


def has_persona(script: Scenario) -> bool:
    """Whether a caller of the scenario is played by a text model."""
    return any(spec.persona is not None for spec in _calls(script.calls))


def _calls(specs: Iterable[CallSpec]) -> Iterator[CallSpec]:
    for spec in specs:
        yield spec
        yield from _calls(step.meanwhile for step in spec.steps if isinstance(step, Meanwhile))


def shipped() -> list[str]:
    """Names of the scenarios that come with the program."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load(name: str) -> Scenario:
    """A shipped scenario by name, or a file by path. Raises `ScenarioError`."""
    path = SHIPPED / f"{name}.yaml"
    if not re.fullmatch(r"[\w-]+", name) or not path.is_file():
        path = Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise ScenarioError(
            f"no scenario {name!r}: give a file, or one of {', '.join(shipped())}"
        ) from None
    return parse(text, str(path))


def parse(text: str, name: str = "scenario") -> Scenario:
    """A scenario from YAML. Raises `ScenarioError` naming the line."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise ScenarioError(f"{name}{line}: {getattr(error, 'problem', error)}") from None
    if not isinstance(value, dict):
        raise ScenarioError(f"{name}: a scenario is a mapping with steps or calls")
    try:
        return Scenario.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = [part for part in first["loc"] if not str(part).startswith("function-")]
        if "calls" not in value and where[:2] == ["calls", 0]:
            where = where[2:]
        at = _line_of(node, where)
        what = first["msg"].removeprefix("Value error, ")
        raise ScenarioError(f"{name}:{at}: {_dotted(where)}: {what}") from None


def _dotted(where: list[Any]) -> str:
    return ".".join(str(part) for part in where) or "scenario"


def _line_of(node: Any, where: list[Any]) -> int:
    """The line of the deepest part of the path that the document has."""
    line = 1
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = [(key, item) for key, item in node.value if key.value == str(part)]
            if not found:
                continue
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            if part >= len(node.value):
                break
            node = node.value[part]
            line = node.start_mark.line + 1
    return int(line)
