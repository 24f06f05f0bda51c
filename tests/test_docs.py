"""What the documents promise is there: links, commands, routes, settings of the contract."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.__main__ import COMMANDS
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
