"""References to secrets in an agent's file: ``${NAME}`` stands for a variable of the environment,
``${file:/run/secrets/name}`` for what a file holds.

An agent keeps the reference; the process that needs the value fills it in. So versions, logs and
the API show the name and never the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

Reference = Annotated[str, Field(min_length=1, max_length=2000)]
"""Text that may hold ``${NAME}``."""

_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*|file:[^{}\s]+)\}")


def find_references(text: str) -> list[str]:
    """The names that a text refers to, in order, each once."""
    return list(dict.fromkeys(_NAME.findall(text)))


def missing_references(texts: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """The names that have no value, or a blank one."""
    names = dict.fromkeys(name for text in texts for name in find_references(text))
    return [name for name in names if not values.get(name, "").strip()]


def fill_references(text: str, values: Mapping[str, str]) -> str:
    """The text with its references filled in. Raises KeyError for a name without a value."""

    def value(found: re.Match[str]) -> str:
        filled = values.get(found[1], "")
        if not filled.strip():
            raise KeyError(found[1])
        return filled

    return _NAME.sub(value, text)
