"""Which worker processes the supervisor replaces, by their signs of life."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from workers.supervisor import HELD_S, IDLE_HELD_S, START_S, Child, Supervisor


@pytest.fixture
def child() -> Iterator[Child]:
    """A process that does nothing, as if it had just given a sign of life."""
    child = Child([sys.executable, "-c", "import time; time.sleep(60)"])
    child.start()
    assert child.process is not None
    assert child.pulse is not None
    child.pulse.beat()
    process = child.process
    yield child
    process.kill()
    process.wait()


def is_replaced(child: Child, after_s: float) -> bool:
    supervisor = Supervisor([], memory_bytes=2**60)
    supervisor._look_at(child, time.monotonic() + after_s)
    return child.process is None


@pytest.mark.parametrize(("after_s", "replaced"), [(HELD_S - 2, False), (HELD_S + 1, True)])
def test_a_process_at_a_job_is_soon_replaced(child: Child, after_s: float, replaced: bool) -> None:
    assert child.pulse is not None
    child.pulse.set_job(1, "job-1")
    child.pulse.set_turn(1)

    assert is_replaced(child, after_s) is replaced
    assert child.held_by.endswith(":job-1") is replaced


@pytest.mark.parametrize(
    ("after_s", "replaced"),
    [(HELD_S + 1, False), (IDLE_HELD_S - 2, False), (IDLE_HELD_S + 1, True)],
)
def test_a_process_without_a_job_has_more_time(
    child: Child, after_s: float, replaced: bool
) -> None:
    assert child.pulse is not None
    child.pulse.set_job(1, "job-1")
    child.pulse.set_turn(0)

    assert is_replaced(child, after_s) is replaced
    assert child.held_by == ""


def test_a_process_that_only_starts_has_still_more() -> None:
    child = Child(["never started"])
    child.started_at = 100.0

    assert child.silent_s(100.0 + START_S) == 0.0
