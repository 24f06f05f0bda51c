"""What the documents promise is there: links, commands, routes, settings of the contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from app.__main__ import COMMANDS
from app.core.agent.definition import Agent
from app.settings import Settings
from app.web.application import create

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (path.parent / target).exists()] == []
    named = re.findall(r"`((?:app|workers|tests|docs|bench)/[\w/.-]+\.\w+)`", text)
    assert [n for n in named if "NAME" not in n and not (ROOT / n).exists()] == []


def anchors(path: Path) -> set[str]:
    """What the headings of a document can be linked as."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.M)
    headings = re.findall(r"^#+ +(.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_a_heading(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", path.read_text(encoding="utf-8"))
    local = [(name, anchor) for name, anchor in links if "://" not in name]
    targets = [(path.parent / name if name else path, anchor) for name, anchor in local]
    assert [f"{p.name}#{a}" for p, a in targets if a not in anchors(p)] == []


def test_the_readme_leads_to_every_document() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    documents = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert [name for name in sorted(documents) if f"(docs/{name}" not in readme] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_merge_is_left_half_done(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"^(?:<{7}|>{7}).*", text, re.MULTILINE) == []


def test_documents_named_in_the_code_exist() -> None:
    named = set()
    for folder in ("app", "workers", "bench"):
        for path in (ROOT / folder).rglob("*.py"):
            named |= set(re.findall(r"docs/[a-z-]+\.md", path.read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`python -m app {name}" not in readme] == []
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", readme):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_route_is_in_the_documents() -> None:
    documents = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    app = create(Settings())
    documented = re.sub(r"<\w+>", "<>", documents)
    missing = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", "<>", rule.rule)
        if rule.endpoint.split(".")[-1] != "static" and path.rstrip("/") not in documented:
            missing.append(rule.rule)
    assert missing == []


class Reads(dict[str, str]):
    """An environment that remembers which settings were read."""

    def __init__(self) -> None:
        super().__init__(APP_ENV="development")
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return super().__getitem__(name)


#: Read by a command or by docker-compose.yml, not by `Settings`.
ELSEWHERE = {"DEMO", "AGENTS"}
#: Set by a platform.
PLATFORMS = {"DYNO", "RENDER", "RENDER_EXTERNAL_URL"}


def settings_read() -> set[str]:
    env = Reads()
    Settings.from_env(env)
    return env.names


def example_settings() -> set[str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE))


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    read, example = settings_read(), example_settings()
    assert sorted(read - example - PLATFORMS) == []
    assert sorted(example - read - ELSEWHERE) == []
    table = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("## Settings")[1].split("\n## ")[0]
    )
    cells = " ".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))
    assert sorted(set(re.findall(r"`([A-Z_]+)`", cells)) - read - ELSEWHERE) == []


#: Keys of a row's value, shown in its text or example: opening hours, holidays, voice detection.
INNER = {
    *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    *("opens", "closes", "from", "to", "yearly", "eagerness", "mcp"),
}


def model_keys(model: type[BaseModel], seen: set[type[BaseModel]] | None = None) -> set[str]:
    """The keys of a part of the agent's file and of everything in it."""
    seen = set() if seen is None else seen
    if model in seen:
        return set()
    seen.add(model)
    found = set()
    for name, field in model.model_fields.items():
        found.add(field.alias or name)
        for part in _models_in(field.annotation):
            found |= model_keys(part, seen)
    return found


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def test_the_agent_files_keys_are_documented_and_no_others() -> None:
    text = (ROOT / "docs" / "agent-file.md").read_text(encoding="utf-8").split("## Every key")[1]
    documented = set()
    for row in re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE):
        documented |= set(re.findall(r"`([a-z_]+)`", row))
    keys = model_keys(Agent)
    tools = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    assert sorted(documented - keys) == []
    elsewhere = set(re.findall(r"\b[a-z_]+\b", tools))
    assert sorted(keys - documented - elsewhere - INNER) == []


def test_every_place_of_errors_is_explained() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    counted = set()
    for folder in ("app", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            counted |= set(re.findall(r"ERRORS_TOTAL\.labels\(\"(\w+)\"\)", text))
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", operations, re.MULTILINE)
    explained = {place for row in rows for place in re.findall(r"`(\w+)`", row)}
    assert len(counted) > 15
    assert sorted(counted - explained) == []
