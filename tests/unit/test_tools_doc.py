"""The Python of docs/tools.md runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOC = (Path(__file__).parents[2] / "docs" / "tools.md").read_text(encoding="utf-8")


def test_the_example_runs_as_it_stands() -> None:
    names: dict[str, Any] = {"__name__": "example"}
    for block in re.findall(r"```python\n(.*?)```", DOC, re.DOTALL):
        exec(block, names)  # noqa: S102 - our own documentation

    names["test_an_order_is_found"]()
