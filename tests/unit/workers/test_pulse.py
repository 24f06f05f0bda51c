"""Signs of life in shared memory."""

from __future__ import annotations

import os
import time

import gevent

from workers.pulse import Pulse, TurnKeeper


def test_another_view_of_the_memory_sees_beats_and_jobs() -> None:
    ours = Pulse.create()
    theirs = Pulse.open(os.dup(ours.fd))
    try:
        assert ours.beaten_at() == 0
        before = time.monotonic()
        theirs.beat()
        theirs.set_job(2, "job-2")
        theirs.set_job(255, "job-255")
        theirs.set_turn(2)
        assert before <= ours.beaten_at() <= time.monotonic()
        assert ours.job_at_turn() == "job-2"
        theirs.set_turn(255)
        assert ours.job_at_turn() == "job-255"
        theirs.set_turn(0)
        assert ours.job_at_turn() == ""
    finally:
        theirs.close()
        ours.close()


def test_a_job_id_too_long_to_write_down_is_left_out() -> None:
    pulse = Pulse.open(-1)
    pulse.set_turn(1)
    pulse.set_job(1, "j" * 159)
    assert pulse.job_at_turn() == "j" * 159
    pulse.set_job(1, "j" * 160)
    assert pulse.job_at_turn() == ""


def test_the_turn_is_the_running_greenlets() -> None:
    pulse = Pulse.open(-1)
    keeper = TurnKeeper(pulse)
    seen = []

    def work(number: int) -> None:
        with keeper.worker(number):
            keeper.begin(number, f"job-{number}")
            for _ in range(3):
                seen.append((number, pulse.job_at_turn()))
                gevent.sleep(0)
            keeper.begin(number, "")
            seen.append((number, pulse.job_at_turn()))

    keeper.start()
    try:
        gevent.joinall([gevent.spawn(work, 1), gevent.spawn(work, 2)], raise_error=True)
        assert pulse.job_at_turn() == "", "nobody's job runs here"
    finally:
        keeper.stop()
    assert sorted(set(seen)) == [(1, ""), (1, "job-1"), (2, ""), (2, "job-2")]
    assert pulse.beaten_at() > 0
