"""The tables of keys in the documents, from `app.adapters.agents.text.explained`.

`python -m tests.support.write_key_tables` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from app.adapters.agents.text.explained import Section, sections

DOCS = Path(__file__).parents[2] / "docs"
AGENT_FILE, BUSINESSES = DOCS / "agent-file.md", DOCS / "businesses.md"
_BUSINESS_TABLE = re.compile(r"\| key of a business \|.*?\n(?!\|)", re.DOTALL)
_EVERY_KEY = re.compile(r"(?<=## Every key\n).*?(?=\n## |\Z)", re.DOTALL)


def agent_file(text: str) -> str:
    """The document with what the program says of the keys."""
    parts = [_part(each) for each in sections().values() if each.name != "businesses"]
    return _EVERY_KEY.sub(lambda _: "\n" + "\n".join(parts), text)


def businesses(text: str) -> str:
    """The document with what the program says of a business's keys."""
    keys = sections()["businesses"].keys
    rows = "\n".join(f"| `{key.name}` | {key.default} | {key.means} |" for key in keys)
    table = f"| key of a business | default | meaning |\n|---|---|---|\n{rows}\n"
    return _BUSINESS_TABLE.sub(lambda _: table, text)


def _part(section: Section) -> str:
    title = f"`{section.name}`" if section.name else "The agent"
    rows = "\n".join(f"| `{key.name}` | {key.default} | {key.means} |" for key in section.keys)
    about = f"{section.about}\n\n" if section.about else ""
    return f"### {title}\n\n{about}| key | default | meaning |\n|---|---|---|\n{rows}\n"


if __name__ == "__main__":
    AGENT_FILE.write_text(agent_file(AGENT_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    BUSINESSES.write_text(businesses(BUSINESSES.read_text(encoding="utf-8")), encoding="utf-8")
