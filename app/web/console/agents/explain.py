"""An agent's document key by key: what it says, what holds without it, what it means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from app.adapters.agents.text.explained import Section, in_order, sections
from app.adapters.agents.text.writing import to_yaml

BELOW = "below"
_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Row:
    """One key. `value` is text or YAML; `BELOW` where the next parts have it, blank where the
    document does not have the key."""

    name: str
    value: str
    default: Markup
    means: Markup


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the document. `each` is true where it is a list of such, shown as a whole."""

    name: str
    about: Markup
    rows: tuple[Row, ...]
    each: bool

    @property
    def given(self) -> int:
        """How many keys the document has."""
        return sum(bool(row.value) for row in self.rows)


def explain(data: Mapping[str, Any]) -> list[Part]:
    """The parts of an agent's document, in the order of the documentation."""
    written = in_order(data)
    return [
        _part(section, written) for section in sections().values() if section.name != "businesses"
    ]


def explain_business(data: Mapping[str, Any]) -> Part:
    """The keys of a business's document."""
    section = sections()["businesses"]
    return Part("business", as_html(section.about), tuple(_rows(section, data, set())), False)


def _part(section: Section, data: Mapping[str, Any]) -> Part:
    found: Any = data
    for name in section.name.split(".") if section.name else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    each = section.name.rpartition(".")[2] in (
        "transfer_targets",
        "services",
        "resources",
        "fields",
    )
    below = {name.removeprefix(f"{section.name}.") if section.name else name for name in sections()}
    own = found if isinstance(found, Mapping) and not each else {}
    rows = tuple(_rows(section, own, below))
    return Part(section.name, as_html(section.about), rows, each)


def _rows(section: Section, data: Mapping[str, Any], below: set[str]) -> Iterator[Row]:
    for key in section.keys:
        value = data.get(key.name)
        shown_below = key.name in below and isinstance(value, Mapping)
        shown = value if isinstance(value, str) else to_yaml(value).strip()
        yield Row(
            key.name,
            BELOW if shown_below else shown if key.name in data else "",
            as_html(key.default),
            as_html(key.means),
        )


def as_html(text: str) -> Markup:
    """Markdown of one line as HTML: code is code, links are their words."""
    plain = str(escape(_LINK.sub(r"\1", text)))
    return Markup(_CODE.sub(r"<code>\1</code>", plain))  # noqa: S704 (escaped above)
