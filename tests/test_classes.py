"""No class is more than one can hold in one's head, however it is cut over files.

Methods and attributes are counted over a class and all its ancestors of ours. What cannot change
(frozen dataclasses, settings and other values) may have as many members as what it describes, and
errors are a tree of kinds, as deep as it needs to be.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_LEVELS = 3
MOST_METHODS = 25
MOST_ATTRIBUTES = 15
#: Classes that are still larger, and why. None of those that a live call is made of.
LARGER: dict[str, str] = {}


@dataclass
class Class:
    """A class as its source has it. `bases` are full names, as far as they can be known."""

    name: str
    bases: list[str]
    frozen: bool
    protocol: bool
    methods: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)


def files() -> list[Path]:
    return sorted([*(ROOT / "app").rglob("*.py"), *(ROOT / "workers").rglob("*.py")])


def module_of(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def classes() -> dict[str, Class]:
    found: dict[str, Class] = {}
    for path in files():
        module = module_of(path)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = imported(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                one = read(node, module, names)
                found[one.name] = one
    return found


def imported(tree: ast.Module) -> dict[str, str]:
    """The names that a file imports, with what they stand for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
    return names


def read(node: ast.ClassDef, module: str, names: dict[str, str]) -> Class:
    bases = [full_name(base, module, names) for base in node.bases]
    decorators = [ast.unparse(each) for each in node.decorator_list]
    is_dataclass = any(each.startswith("dataclass") for each in decorators)
    one = Class(
        f"{module}.{node.name}",
        bases,
        frozen=any("frozen=True" in each for each in decorators)
        or any("NamedTuple" in b for b in bases),
        protocol=any(base.endswith("Protocol") for base in bases),
    )
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            if not (part.name.startswith("__") and part.name.endswith("__")):
                one.methods.add(part.name)
            one.attributes |= assigned(part)
        elif is_dataclass and isinstance(part, ast.AnnAssign) and not is_class_variable(part):
            one.attributes.add(ast.unparse(part.target))
    return one


def is_class_variable(member: ast.AnnAssign) -> bool:
    return "ClassVar" in ast.unparse(member.annotation)


def full_name(base: ast.expr, module: str, names: dict[str, str]) -> str:
    text = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
    first, dot, rest = text.partition(".")
    return names.get(first, f"{module}.{first}") + dot + rest


def assigned(function: ast.FunctionDef) -> set[str]:
    """The attributes that a method gives its object."""
    if not function.args.args:
        return set()
    own = function.args.args[0].arg
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == own
    }


def family(one: Class, known: dict[str, Class]) -> list[Class]:
    """A class and its ancestors of ours, each once."""
    found = [one]
    for base in one.bases:
        if base in known:
            found += [each for each in family(known[base], known) if each not in found]
    return found


def levels(one: Class, known: dict[str, Class]) -> int:
    return 1 + max((levels(known[base], known) for base in one.bases if base in known), default=0)


def too_large() -> dict[str, str]:
    known = classes()
    found: dict[str, str] = {}
    for name, one in known.items():
        together = family(one, known)
        errors = any(each.name.startswith("app.errors.") for each in together)
        deep = 1 if errors else levels(one, known)
        methods = set().union(*(each.methods for each in together))
        attributes: set[str] = set()
        if not any(each.frozen or each.protocol for each in together):
            attributes = set().union(*(each.attributes for each in together))
        if deep > MOST_LEVELS or len(methods) > MOST_METHODS or len(attributes) > MOST_ATTRIBUTES:
            found[name] = f"{deep} levels, {len(methods)} methods, {len(attributes)} attributes"
    return found


def test_no_class_is_too_large() -> None:
    large = {name: size for name, size in too_large().items() if name not in LARGER}
    assert large == {}


def test_the_list_of_larger_classes_holds_nothing_else() -> None:
    assert set(LARGER) <= set(too_large())
    parts = tuple(f"app.core.{part}." for part in ("call", "realtime", "text", "audio", "record"))
    assert not [name for name in LARGER if name.startswith(parts)]


def test_the_measure_goes_over_inheritance() -> None:
    known = classes()
    page = known["app.bridges.channels.page.PageChannel"]
    assert levels(page, known) == 2
    assert {"_start", "_shown"} <= set().union(*(each.attributes for each in family(page, known)))
