"""The layers hold: who imports what, and what the deciding part may not touch.

L0  app/errors.py settings.py logs.py metrics.py
L1  app/protocol/               bytes <-> values; no I/O, no settings
L2  app/core/  app/security/    events in, actions out; time, ids and chance are passed in
L3  app/adapters/
L4  app/bridges/
L5  app/web/  app/cli/  app/local/
W   workers/                    may import L0 to L3
    app/rehearsal/              may import L0 to L2; only app/cli may import it
    app/training/               may import L0 to L2; only app/cli may import it
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LAYERS = {
    "app.errors": 0,
    "app.settings": 0,
    "app.logs": 0,
    "app.metrics": 0,
    "app.tools": 3,
    "app.testing": 3,
    "app.protocol": 1,
    "app.core": 2,
    "app.security": 2,
    "app.adapters": 3,
    "app.bridges": 4,
    "app.web": 5,
    "app.cli": 5,
    "app.local": 5,
}
#: What wires the layers together; nobody else imports them (gunicorn and Python do).
TOP = {"app", "app.__main__", "app.gunicorn", "wsgi"}
WORKERS_SEE = 3
#: The order of the packages inside a layer, lowest first: a package imports from those before it.
#: Modules that stand beside the packages count as lowest in `core.language` and `adapters`.
ORDER = {
    "app.core": (
        *("language", "tools", "booking", "messages", "requests", "agent", "call", "realtime"),
        *("text", "audio", "record", "report", "usage"),
    ),
    "app.core.language": ("", "time", "intent"),
    "app.adapters": (
        *("redis", "", "tokens", "agents", "audio", "sockets", "realtime", "intent", "twilio"),
        *("calendars", "tools", "mcp", "notify", "booking", "calls", "checks"),
    ),
    "app.adapters.agents": ("", "text", "versions"),
    "app.cli": ("agent_sources", ""),
    "app.bridges": ("", "persistence", "channels", "recorded"),
    "app.rehearsal.realtime_server": ("protocol", ""),
    "app.rehearsal": (
        *(
            "sound",
            "realtime_server",
            "receptionist",
            "retell_caller",
            "callers",
            "twilio_phone",
            "",
        ),
    ),
}
#: Parts beside the layers: they see L0 to L2, and only the commands see them.
BESIDE = ("app.rehearsal", "app.training")
BESIDE_SEES = 2

#: The deciding part (L1, L2) is given the time and ids; it opens nothing and waits for nothing.
PURE = ("app.protocol", "app.core", "app.security")
FORBIDDEN_MODULES = {
    *("asyncio", "concurrent", "multiprocessing", "queue", "select", "selectors", "threading"),
    *("http", "os", "pathlib", "shutil", "signal", "smtplib", "socket", "ssl", "subprocess"),
    *("random", "secrets", "tempfile", "time", "urllib.request", "uuid"),
    *("flask", "gevent", "gunicorn", "httpx", "openai", "redis", "requests", "rq", "websockets"),
}
#: Libraries that only compute.
PURE_LIBRARIES = {
    "anyascii",
    "itsdangerous",
    "jellyfish",
    "jsonschema",
    "orjson",
    "phonenumbers",
    "pydantic",
    "rapidfuzz",
}
#: Parts of libraries that only compute.
PURE_PARTS = ("websockets.utils.", "websockets.speedups.")
FORBIDDEN_FUNCTIONS = {"open", "input", "print"}
FORBIDDEN_METHODS = {"now", "utcnow", "today", "getenv"}


def files() -> list[Path]:
    found = [*(ROOT / "app").rglob("*.py"), *(ROOT / "workers").rglob("*.py"), ROOT / "wsgi.py"]
    return sorted(path for path in found if path.is_file())


def module_of(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts)


def part_of(module: str) -> str:
    """The entry of the table a module belongs to: `app.core.call.turns` -> `app.core`."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "app" else parts[0]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports, also inside functions."""
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*package[: len(package) - node.level + 1], base]).rstrip(".")
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def allowed(importer: str, imported: str) -> bool:
    """Whether a module of one part may import from another."""
    mine, other = part_of(importer), part_of(imported)
    if mine == other or importer in TOP:
        return True
    if imported in TOP or other in TOP:
        return False
    if other in BESIDE:
        return mine == "app.cli"
    if other == "workers":
        return False
    if mine in BESIDE:
        return LAYERS.get(other, 99) <= BESIDE_SEES
    if mine == "workers":
        return LAYERS.get(other, 99) <= WORKERS_SEE
    return LAYERS.get(other, 99) <= LAYERS[mine]


@pytest.mark.parametrize("path", files(), ids=module_of)
def test_imports_go_one_way(path: Path) -> None:
    importer = module_of(path)
    if importer not in TOP:
        assert part_of(importer) in {*LAYERS, *BESIDE, "workers"}, "in no layer"
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for line, name in imports(path)
        if name.split(".")[0] in ("app", "workers", "wsgi") and not allowed(importer, name)
    ]
    assert wrong == []


def room_of(module: str, parent: str) -> str | None:
    """The package below `parent` that a module is in, "" beside the packages, None elsewhere."""
    if not module.startswith(f"{parent}."):
        return None
    name = module.removeprefix(f"{parent}.").split(".")[0]
    return name if (ROOT / parent.replace(".", "/") / name).is_dir() else ""


@pytest.mark.parametrize("parent", ORDER)
def test_packages_inside_a_layer_import_one_way(parent: str) -> None:
    order = ORDER[parent]
    wrong = []
    for path in files():
        mine = room_of(module_of(path), parent)
        if mine is None or path.name == "__init__.py":
            continue
        assert mine in order, f"{path.relative_to(ROOT)} is in no room of the order"
        for line, name in imports(path):
            other = room_of(name, parent)
            if other is not None and order.index(other) > order.index(mine):
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = {module_of(path): path for path in files()}
    uses = {
        module: {n if n in known else n.rpartition(".")[0] for _, n in imports(path)} & {*known}
        for module, path in known.items()
    }
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join([*way[way.index(module) :], module])
        if module not in done:
            for other in sorted(uses[module] - {module}):
                visit(other, (*way, module))
            done.add(module)

    for module in known:
        visit(module, ())


def test_folders_hold_one_topic() -> None:
    counts: dict[Path, int] = {}
    for path in files():
        if path.name != "__init__.py":
            counts[path.parent] = counts.get(path.parent, 0) + 1
    full = {str(path.relative_to(ROOT)): count for path, count in counts.items() if count > 22}
    assert full == {}


PURE_FILES = [path for path in files() if part_of(module_of(path)) in PURE]


@pytest.mark.parametrize("path", PURE_FILES, ids=module_of)
def test_the_deciding_part_does_no_io(path: Path) -> None:
    module = module_of(path)
    wrong = []
    for line, name in imports(path):
        if name.startswith(PURE_PARTS):
            continue
        top = name.split(".")[0]
        if top in FORBIDDEN_MODULES or name in FORBIDDEN_MODULES:
            wrong.append(f"line {line} imports {name}")
        if part_of(module) == "app.protocol" and name.startswith("app.settings"):
            wrong.append(f"line {line} imports settings")
        assert top in sys.stdlib_module_names or top in {"app", *PURE_LIBRARIES}, (
            f"{path.relative_to(ROOT)}:{line} imports {name}: the core has few dependencies"
        )
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in FORBIDDEN_FUNCTIONS:
                wrong.append(f"line {node.lineno} calls {called.id}()")
            if isinstance(called, ast.Attribute) and called.attr in FORBIDDEN_METHODS:
                wrong.append(f"line {node.lineno} calls .{called.attr}()")
    assert wrong == [], path.relative_to(ROOT)


def test_each_layer_states_its_rule() -> None:
    for part in (*LAYERS, *BESIDE, "workers"):
        path = ROOT / part.replace(".", "/") / "__init__.py"
        if not path.parent.is_dir():
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        doc = ast.get_docstring(tree) or ""
        assert "Rule:" in doc, path.relative_to(ROOT)
        assert len(tree.body) == 1, f"{path.relative_to(ROOT)} holds more than its rule"


def test_files_can_be_held_in_ones_head() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in files()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 375
    }
    assert long == {}


def test_the_test_sees_what_it_forbids() -> None:
    assert not allowed("app.core.call.turns", "app.adapters.redis.client")
    assert not allowed("app.protocol.twilio", "app.core.call.turns")
    assert not allowed("workers.effects", "app.bridges.channels.retell")
    assert not allowed("app.adapters.redis.client", "app.rehearsal.retell_caller")
    assert not allowed("app.web.api", "workers.effects")
    assert not allowed("app.rehearsal.realtime_server.server", "app.adapters.redis.client")
    assert not allowed("app.bridges.channels.retell", "app.create_app")
    assert allowed("app.cli.dev", "app.rehearsal.retell_caller.play")
    assert allowed("workers.effects", "app.adapters.redis.client")
    assert allowed("app.web.api", "app.core.call.turns")
