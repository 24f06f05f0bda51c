"""Two documents beside each other: which lines are new, and which are gone."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.adapters.agents.documents import Kind
from app.adapters.agents.text.explained import in_order
from app.adapters.agents.text.writing import to_yaml

CONTEXT = 3
#: The sections of the documentation that explain them.
_SECTIONS: Mapping[Kind, str] = {"agent": "", "business": "businesses"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference; `gap` stands for lines that are the same."""

    kind: Literal["same", "new", "gone", "gap"]
    text: str


def written(data: dict[str, Any], kind: Kind = "agent") -> str:
    """A document as people edit it; blank where it has no keys."""
    return to_yaml(in_order(data, _SECTIONS[kind])) if data else ""


def difference(old: dict[str, Any], new: dict[str, Any], kind: Kind = "agent") -> list[Line]:
    """The lines in which two documents differ, with some around them; none where they are equal."""
    found: list[Line] = []
    before, after = written(old, kind).splitlines(), written(new, kind).splitlines()
    for text in list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT))[2:]:
        if text.startswith("@@"):
            if found:
                found.append(Line("gap", "…"))
        else:
            how: Literal["same", "new", "gone"] = (
                "new" if text[0] == "+" else "gone" if text[0] == "-" else "same"
            )
            found.append(Line(how, text[1:]))
    return found
