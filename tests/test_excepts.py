"""What catches every error says so: it raises again, leaves a line in the log, or tells why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BROAD = {"Exception", "BaseException"}
LOGGED = {"exception", "error", "warning"}


def broad_handlers(source: str) -> Iterator[ast.ExceptHandler]:
    """Handlers of every error there is, also as one of several."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            kinds = {part.id for part in ast.walk(node.type or node) if isinstance(part, ast.Name)}
            if node.type is None or kinds & BROAD:
                yield node


def is_open(source: str, handler: ast.ExceptHandler) -> bool:
    """Whether the error cannot get lost there."""
    if "#" in source.splitlines()[handler.lineno - 1]:
        return True
    for node in ast.walk(handler):
        if isinstance(node, ast.Raise):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = node.func
            if called.attr == "set_exception":
                return True
            if isinstance(called.value, ast.Name) and called.value.id == "log":
                return called.attr in LOGGED
    return False


@pytest.mark.parametrize("folder", ["app", "workers"])
def test_no_error_is_swallowed(folder: str) -> None:
    silent = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        silent += [
            f"{path.relative_to(ROOT)}:{handler.lineno}"
            for handler in broad_handlers(source)
            if not is_open(source, handler)
        ]
    assert silent == []


@pytest.mark.parametrize(
    ("handler", "is_fine"),
    [
        ("except Exception:\n    pass", False),
        ("except (ValueError, Exception):\n    log.info('x')", False),
        ("except:\n    pass", False),
        ("except BaseException:\n    raise", True),
        ("except Exception:\n    log.exception('x')", True),
        ("except Exception:  # a peer may send anything\n    pass", True),
    ],
)
def test_the_test_sees_what_it_forbids(handler: str, is_fine: bool) -> None:
    source = f"try:\n    pass\n{handler}\n"

    assert [is_open(source, one) for one in broad_handlers(source)] == [is_fine]
