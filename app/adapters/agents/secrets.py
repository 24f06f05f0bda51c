"""Where the references of the agents' file lead: the environment, and files by their path."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

MAX_BYTES = 64_000
_FILE = "file:"


class Secrets(Mapping[str, str]):
    """The values by name; ``file:/path`` is what that file holds, without blanks around it.

    A file is read each time, so that a secret may change while the program runs.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        if not name.startswith(_FILE):
            return self._environ[name]
        try:
            with Path(name.removeprefix(_FILE)).open(encoding="utf-8") as file:
                return file.read(MAX_BYTES).strip()
        except (OSError, UnicodeDecodeError):
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)


SECRETS = Secrets(os.environ)
"""Those of this process."""
