"""Mutation testing of the deciding part: would the unit tests notice a small mistake?

A fixed sample of mutations (by seed) of `app/core` without the language and of `app/protocol`: a
comparison turned, a `not` dropped, `and` for `or`, `break` for `continue`. Each is made in a copy
of the project, whose unit tests then run. What survives is shown as a diff: it wants a test.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec, WorkResult

ROOT = Path(__file__).parents[1]
#: What the tests notice at least, as a share of the sample.
FLOOR = 0.85
MUTANTS = 48
LIMIT_S = 1800.0
TEST_LIMIT_S = 300.0

_OPERATORS = (
    "ReplaceComparisonOperator",
    "Not",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
)


def copy_project(target: Path) -> None:
    """Copy what git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def find_mutations(project: Path) -> Iterator[MutationSpec]:
    """Every mutation that could be made, in a fixed order."""
    modules = [
        path
        for folder in ("app/core", "app/protocol")
        for path in sorted((project / folder).rglob("*.py"))
        if "language" not in path.parts and path.name != "__init__.py"
    ]
    chosen = [
        name
        for name in sorted(operator_names())
        if any(wanted in name.rpartition("/")[2] for wanted in _OPERATORS)
    ]
    for module in modules:
        tree = get_ast_from_path(module)
        for name in chosen:
            operator = get_operator(name)()
            places = [
                place for node in ast_nodes(tree) for place in operator.mutation_positions(node)
            ]
            for occurrence, (start, end) in enumerate(places):
                yield MutationSpec(module, name, occurrence, start, end)


def tests_of(module: Path, project: Path) -> list[str]:
    """The unit tests to run for a module: those of its own package first."""
    package = module.relative_to(project / "app").parent
    own = Path("tests/unit") / package
    every = ["tests/unit/core", "tests/unit/protocol", "tests/unit/bridges"]
    return [str(own), *every] if (project / own).is_dir() else every


def try_mutation(spec: MutationSpec, project: Path) -> WorkResult:
    """Make one mutation, run the tests, take it back."""
    command = (
        f"{sys.executable} -m pytest -q -x -p no:cacheprovider "
        f"--ignore=tests/unit/core/language {' '.join(tests_of(spec.module_path, project))}"
    )
    return mutate_and_test([spec], command, TEST_LIMIT_S)


def main(arguments: list[str] | None = None) -> int:
    """Show how much of the sample is noticed; 1 if it is less than `FLOOR`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=MUTANTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a part of the modules' paths")
    options = parser.parse_args(arguments)
    deadline = time.monotonic() + LIMIT_S
    with tempfile.TemporaryDirectory(prefix="callsmith-mutation-") as folder:
        project = Path(folder).resolve()
        copy_project(project)
        os.chdir(project)
        found = [spec for spec in find_mutations(project) if options.only in str(spec.module_path)]
        sample = random.Random(options.seed).sample(found, min(options.mutants, len(found)))
        noticed = tried = 0
        for spec in sample:
            if time.monotonic() > deadline:
                print(f"stopped after {LIMIT_S:.0f} s")
                break
            result = try_mutation(spec, project)
            tried += 1
            noticed += result.is_killed
            place = f"{spec.module_path.relative_to(project)}:{spec.start_pos[0]}"
            print(f"{'noticed ' if result.is_killed else 'SURVIVED'} {place} {spec.operator_name}")
            if not result.is_killed:
                print("    " + (result.diff or "").replace("\n", "\n    "))
            sys.stdout.flush()
        os.chdir(ROOT)
    share = noticed / tried if tried else 0.0
    print(f"{noticed} of {tried} mutations noticed ({share:.0%}), of {len(found)} possible")
    return 0 if share >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
