"""The tools of an agent's file: built-in by name, over HTTP, of Python modules and MCP servers."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from app.core.agent.parts import Part
from app.core.agent.references import Reference, fill_references
from app.core.tools.arguments import check_schema
from app.core.tools.declarations import TOOLS, Kind, Policy, Tool
from app.core.tools.http_request import BodyForm, HttpEndpoint, Method, check_url
from app.core.tools.mcp_spec import McpTool

Channel = Literal["retell", "audio", "function"]
"""Where a tool is offered: Retell's socket, Twilio and the browser, Retell's custom functions."""
ToolName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "required": []}


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers, if all of them can be sent. Raises ValueError."""
    for name, text in headers.items():
        if not _TOKEN.fullmatch(name) or any(ord(sign) < 32 for sign in text):
            raise ValueError(f"{name!r} is no header")
    return headers


class HttpTool(Part):
    """A tool that calls an address. `docs/tools.md` describes the request and its answers."""

    name: ToolName
    description: str = Field(min_length=1, max_length=1000)
    parameters: dict[str, Any] = Field(default_factory=lambda: dict(_NOTHING))
    kind: Literal["read", "write", "action"] = "read"
    method: Method = "POST"
    url: Reference
    headers: dict[str, Reference] = Field(default_factory=dict)
    query: tuple[str, ...] = ()
    body: BodyForm = "envelope"
    tell: tuple[str, ...] = ()
    say: str = Field(default="", max_length=600)
    secret: Reference | None = None
    """Signs the requests; the setting TOOLS_SECRET if it is left out."""
    timeout_ms: int = Field(default=8000, ge=100, le=60_000)
    retries: int = Field(default=2, ge=0, le=5)
    confirm: bool = False
    runs_per_call: int | None = Field(default=None, ge=1)
    holding_line: str = Field(default="", max_length=300)
    channels: tuple[Channel, ...] = ()

    @field_validator("parameters")
    @classmethod
    def _valid_schema(cls, value: dict[str, Any]) -> dict[str, Any]:
        problem = check_schema(value)
        if problem:
            raise ValueError(problem)
        return {"properties": {}, "required": [], **value}

    @field_validator("headers")
    @classmethod
    def _valid_headers(cls, value: dict[str, str]) -> dict[str, str]:
        return check_headers(value)

    @field_validator("tell")
    @classmethod
    def _valid_pointers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pointer in value:
            if not pointer.startswith("/"):
                raise ValueError(f"{pointer!r}: a JSON pointer starts with /")
        return value

    @model_validator(mode="after")
    def _valid_url(self) -> Self:
        # References hold no arguments; what they stand for is not known here.
        problem = check_url(re.sub(r"\$\{[^{}]+\}", "x", self.url), self.parameters)
        if problem:
            raise ValueError(problem)
        return self

    def declare(self) -> Tool:
        """The tool as the model and the runner see it."""
        policy = Policy(
            confirm=self.confirm,
            timeout_s=self.timeout_ms / 1000,
            attempts=self.retries + 1,
            runs_per_call=self.runs_per_call,
            holding_line=self.holding_line,
            channels=frozenset(self.channels),
        )
        kind: Kind = "read" if self.kind == "read" else "write"
        return Tool(self.name, self.description, self.parameters, kind, policy)

    def endpoint(self, secrets: Mapping[str, str]) -> HttpEndpoint:
        """Where its requests go. Raises KeyError for a secret that is missing."""
        return HttpEndpoint(
            self.method,
            fill_references(self.url, secrets),
            {name: fill_references(text, secrets) for name, text in self.headers.items()},
            self.query,
            self.body,
            self.tell,
            self.say,
        )

    def references(self) -> tuple[str, ...]:
        """The texts that may refer to secrets."""
        return (self.url, *self.headers.values(), *([self.secret] if self.secret else []))


class PythonTools(Part):
    """The tools of a Python module."""

    python: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")
    only: tuple[ToolName, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)

    def references(self) -> tuple[str, ...]:
        """The texts that may refer to secrets."""
        return tuple(text for text in self.settings.values() if isinstance(text, str))


class McpPolicy(Part):
    """What holds for one tool of an MCP server; what is left out is the server's."""

    kind: Literal["read", "write"] | None = None
    confirm: bool | None = None
    timeout_ms: int | None = Field(default=None, ge=100, le=60_000)
    runs_per_call: int | None = Field(default=None, ge=1)
    holding_line: str = Field(default="", max_length=300)
    channels: tuple[Channel, ...] | None = None


class McpTools(Part):
    """The tools of an MCP server: an address (streamable HTTP), or a command (stdio)."""

    mcp: Reference | None = None
    command: tuple[Reference, ...] = ()
    environment: dict[str, Reference] = Field(default_factory=dict)
    """Variables of the command beside PATH, HOME and the like."""
    headers: dict[str, Reference] = Field(default_factory=dict)
    only: tuple[ToolName, ...] = ()
    kind: Literal["read", "write"] | None = None
    """Null: a write, unless the server says that a tool only reads."""
    confirm: bool = False
    timeout_ms: int = Field(default=8000, ge=100, le=60_000)
    runs_per_call: int | None = Field(default=None, ge=1)
    channels: tuple[Channel, ...] = ()
    tools: dict[ToolName, McpPolicy] = Field(default_factory=dict)

    @field_validator("command", mode="before")
    @classmethod
    def _as_a_line(cls, value: Any) -> Any:
        """A command may be written as one line."""
        try:
            return tuple(shlex.split(value)) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError(f"{error} in {value!r}") from None

    @field_validator("headers")
    @classmethod
    def _valid_headers(cls, value: dict[str, str]) -> dict[str, str]:
        return check_headers(value)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.mcp is None) == (not self.command):
            raise ValueError("give either mcp, an address, or command")
        if self.command and self.headers:
            raise ValueError("headers go with an address; a command has environment")
        if self.mcp is not None:
            problem = check_url(re.sub(r"\$\{[^{}]+\}", "x", self.mcp), {})
            if problem:
                raise ValueError(problem.replace("url", "mcp", 1))
        unknown = sorted(set(self.tools) - set(self.only)) if self.only else []
        if unknown:
            raise ValueError(f"tools names {unknown[0]}, which only leaves out")
        return self

    @cached_property
    def server_id(self) -> str:
        """The same for all entries that reach the same server in the same way."""
        how = [self.mcp, *self.command, *sorted(self.headers.items())]
        return hashlib.sha256(repr((how, sorted(self.environment.items()))).encode()).hexdigest()[
            :24
        ]

    @property
    def origin(self) -> str:
        """Host or command, for people; of a command the file names alone."""
        if self.mcp:
            return urlsplit(self.mcp).netloc
        return " ".join(part.rpartition("/")[2] for part in self.command[:2])

    def declare(self, found: McpTool) -> Tool | None:
        """A tool of the server as the model and the runner see it; None if it is left out."""
        if self.only and found.name not in self.only:
            return None
        own = self.tools.get(found.name, McpPolicy())
        policy = Policy(
            confirm=self.confirm if own.confirm is None else own.confirm,
            timeout_s=(own.timeout_ms or self.timeout_ms) / 1000,
            attempts=1,
            runs_per_call=own.runs_per_call or self.runs_per_call,
            holding_line=own.holding_line,
            channels=frozenset(self.channels if own.channels is None else own.channels),
        )
        kind = own.kind or self.kind or ("read" if found.read_only else "write")
        return Tool(found.name, found.description, found.parameters, kind, policy)

    def references(self) -> tuple[str, ...]:
        """The texts that may refer to secrets."""
        address = (self.mcp,) if self.mcp else ()
        return (*address, *self.command, *self.headers.values(), *self.environment.values())


@dataclass(frozen=True, slots=True)
class FoundTool:
    """A tool that an MCP server offers, and the entry that names the server."""

    entry: McpTools
    own_name: str
    tool: Tool


def _form(value: Any) -> str:
    """Which kind of entry a value is, so that its mistakes are told once."""
    if isinstance(value, str):
        return "name"
    keys = value if isinstance(value, Mapping) else getattr(type(value), "model_fields", ())
    return next((form for key, form in _FORMS.items() if key in keys), "http")


#: The key that tells which kind an entry is. The fields of a kind are looked at in this order too.
_FORMS = {"python": "python", "mcp": "mcp", "command": "mcp"}


ToolEntry = Annotated[
    Annotated[str, Tag("name")]
    | Annotated[HttpTool, Tag("http")]
    | Annotated[PythonTools, Tag("python")]
    | Annotated[McpTools, Tag("mcp")],
    Discriminator(_form),
]


def declared_tools(
    entries: tuple[ToolEntry, ...], imported: Mapping[str, Tool] | None = None
) -> dict[str, Tool]:
    """The tools of an agent by name, in the order of its file.

    `imported` are those of its Python modules and MCP servers. Raises ValueError for a name that is
    unknown or given twice.
    """
    found: dict[str, Tool] = {}
    for entry in entries:
        if isinstance(entry, str):
            if entry not in TOOLS:
                raise ValueError(f"unknown tool {entry!r}; known are {', '.join(sorted(TOOLS))}")
            tool = TOOLS[entry]
        elif isinstance(entry, HttpTool):
            if entry.name in TOOLS:
                raise ValueError(f"{entry.name} is the name of a built-in tool")
            tool = entry.declare()
        else:
            continue
        if tool.name in found:
            raise ValueError(f"two tools are named {tool.name}")
        found[tool.name] = tool
    for name, tool in (imported or {}).items():
        if name in found or name in TOOLS:
            raise ValueError(f"two tools are named {name}")
        found[name] = tool
    return found
