"""Agents from their YAML file, or a folder of such files, with errors that name file and line.

A file holds one agent, or several under `agents:`, and their `businesses:`. Every key is documented
in `docs/agent-file.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from app.adapters.agents.building import Builder
from app.adapters.agents.documents import (
    Document,
    Documents,
    Location,
    Origin,
    Problem,
    Sent,
    plain,
)
from app.core.agent.directory import Directory
from app.errors import SettingsError

SHIPPED = Path(__file__).resolve().parents[2] / "agents" / "harbor_dental.yaml"
"""The agent that is used when AGENT_FILE is not set."""

NO_FILE = "redis:"
"""The AGENT_FILE of a deployment whose agents all come through the API."""

MAX_FILE_BYTES = 1_000_000
MAX_FILES = 5000
_SECTIONS = ("agents", "businesses", "default")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(path: str | Path | None = None) -> Directory:
    """Read and validate an agent file or a folder of them; the shipped one without a path.

    Raises `SettingsError` whose problems each read ``file:line: key: what is wrong``.
    """
    return _built(read(path))


def parse(text: str, name: str) -> Directory:
    """Read the text of an agent file; `name` is what errors call it. Raises `SettingsError`."""
    return _built(read_text(text, name))


def read_text(text: str, name: str) -> Documents:
    """The documents of an agent file's text; as `read`."""
    return _documents(text, name)


def parse_documents(text: str, name: str) -> Documents:
    """The documents in the text of an agent file; `name` is what errors call it. Raises
    `SettingsError` for what cannot be read at all."""
    return _documents(text, name)


def read(path: str | Path | None = None) -> Documents:
    """The documents of an agent file or a folder. Raises `SettingsError` for what cannot be read
    at all; other mistakes are among the documents' problems."""
    if path == NO_FILE:
        return Documents()
    file = Path(path) if path else SHIPPED
    if not file.is_dir():
        return _documents(_text(file), str(file))
    found = list(files_in(file))
    if not found:
        raise SettingsError([f"AGENT_FILE {file}: the folder holds no .yaml file"])
    parts = [_documents(_text(each), str(each)) for each in found]
    named = [part for part in parts if part.default is not None]
    problems = [
        Problem(part.default_at, "default", f"{named[0].default_at} names one already")
        for part in named[1:]
    ]
    return Documents(
        agents=[document for part in parts for document in part.agents],
        businesses=[document for part in parts for document in part.businesses],
        default=named[0].default if named else None,
        default_at=named[0].default_at if named else "",
        problems=(*(each for part in parts for each in part.problems), *problems),
    )


def files_in(path: Path) -> Iterator[Path]:
    """The files that are read of an agent file or a folder, in order. Raises `SettingsError`."""
    if not path.is_dir():
        yield path
        return
    found = sorted(each for each in path.iterdir() if each.suffix in (".yaml", ".yml"))
    if len(found) > MAX_FILES:
        raise SettingsError([f"AGENT_FILE {path}: more than {MAX_FILES} files"])
    yield from found


def signature(path: str) -> tuple[tuple[str, int, int, int], ...]:
    """Changes whenever a file that `read` would read is written, added or removed; empty where none
    can be looked at."""
    if path == NO_FILE:
        return ()
    file = Path(path) if path else SHIPPED
    found = []
    try:
        for each in files_in(file):
            about = each.stat()
            found.append((each.name, about.st_mtime_ns, about.st_size, about.st_ino))
    except (OSError, SettingsError):
        return ()
    return tuple(found)


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise SettingsError([f"AGENT_FILE {file}: {error.strerror}"]) from None
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError([f"AGENT_FILE {file}: larger than {MAX_FILE_BYTES} bytes"])
    return raw.decode("utf-8", "replace")


def parse_json(data: dict[str, Any], name: str) -> Documents:
    """The documents of a file's form given as JSON data; `name` is what errors call it."""
    return _sections(data, Sent(name), [])


def _built(documents: Documents) -> Directory:
    directory, problems = Builder().build(documents)
    if directory is None:
        raise SettingsError([str(problem) for problem in problems])
    return directory


@dataclass(frozen=True, slots=True)
class _File:
    """A composed file: knows the lines of its parts."""

    name: str
    root: yaml.Node

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return Path(self.name).parent

    def where(self, location: Location) -> str:
        """File and line of a location, or of its closest ancestor that is in the file."""
        return f"{self.name}:{_line(self.root, location)}"


def _documents(text: str, name: str) -> Documents:
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            data = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError([f"{name}:{line}: {error.problem or 'not YAML'}"]) from None
    except yaml.YAMLError:
        raise SettingsError([f"{name}:1: not YAML"]) from None
    if not isinstance(root, yaml.Node) or not isinstance(data, dict):
        raise SettingsError([f"{name}:1: an agent file is a mapping of keys to values"])
    try:
        data = plain(data)
    except (TypeError, ValueError) as error:
        raise SettingsError([f"{name}:1: holds what JSON cannot say: {error}"]) from None
    file = _File(name, root)
    problems = [Problem(f"{name}:{line}", "", what) for line, what in _twice(root)]
    if not any(key in data for key in _SECTIONS):
        agent = _with_folder(Document("agent", "0", data, file))
        return Documents([agent], implied=True, problems=tuple(problems))
    return _sections(data, file, problems)


def _sections(data: dict[str, Any], file: Origin, problems: list[Problem]) -> Documents:
    """The form with `agents:`, `businesses:` and `default:`."""

    def add(path: Location, message: str) -> None:
        problems.append(Problem(file.where(path), str(path[0]), message))

    for key in data:
        if key not in _SECTIONS:
            only = "only businesses and default may stand here"
            add((key,), f"unknown beside agents; {only}")
    entries = data.get("agents", [])
    if not isinstance(entries, list) or ("agents" in data and not entries):
        add(("agents",), "must be a list with at least one agent")
        entries = []
    agents = []
    for index, entry in enumerate(entries):
        at: Location = ("agents", index)
        if isinstance(entry, dict):
            agents.append(_with_folder(Document("agent", str(index), entry, file, at)))
        else:
            problems.append(Problem(file.where(at), "", "an agent is a mapping of keys to values"))
    found = data.get("businesses", {})
    if not isinstance(found, dict):
        add(("businesses",), "must be a mapping of ids to businesses")
        found = {}
    businesses = []
    for key, value in found.items():
        at = ("businesses", key)
        if isinstance(value, dict):
            businesses.append(Document("business", key, value, file, at))
        else:
            told = "a business is a mapping of keys to values"
            problems.append(Problem(file.where(at), key, told))
    default = data.get("default")
    if default is not None and not isinstance(default, str):
        add(("default",), "must be the id of an agent")
        default = None
    return Documents(
        agents,
        businesses,
        default,
        file.where(("default",)),
        implied="businesses" not in data and default is None,
        problems=tuple(problems),
    )


def _with_folder(document: Document) -> Document:
    """The agent with its knowledge's folder found from where the file is."""
    knowledge = document.data.get("knowledge")
    folder = document.origin.folder
    if folder is None or not isinstance(knowledge, dict):
        return document
    given = knowledge.get("folder")
    if not isinstance(given, str):
        return document
    whole = {**knowledge, "folder": str(folder / given)}
    return replace(document, data={**document.data, "knowledge": whole})


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
