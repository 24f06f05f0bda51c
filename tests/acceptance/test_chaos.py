"""Calls under random faults on all sides, and what must hold when the dust has settled.

`CHAOS_CALLS` sets how many calls are played; `make chaos` plays hundreds.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import random
import signal
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import icalendar
import psutil
import pytest

from app.rehearsal.retell_caller.outcome import Outcome
from tests.support.phone import ModelControl
from tests.support.stack import RunningStack
from tests.support.waiting import eventually

#: Only the greeting says it; the goodbye begins like the greeting.
GREETING = "this is Mia"
CALLS = int(os.environ.get("CHAOS_CALLS", "40"))
AT_ONCE = 8
SEED = int(os.environ.get("CHAOS_SEED", "1"))

SCENARIO = """
about: A caller books a cleaning.
caller:
  from_number: "+1415555{number:04d}"
steps:
  - hear: how can I help
  - say: Hi, I would like to book a cleaning, please.
  - converse:
      - {{when: '(what|which) (day|date)|when would|what time|day (and|or) time', say: "{{day+{days}}} please."}}
      - {{when: '\\bname\\b', say: "It's Dana Reyes."}}
      - {{when: 'shall I|should I|is that (right|correct|okay)|confirm|go ahead|book (it|that)\\?', say: "Yes, please."}}
      - {{when: '', say: "The first one is perfect."}}
    until: '(booked|all set|you are set|see you|technical problem|noted)'
  - say: No, that is all. Thank you, bye!
"""  # noqa: E501

MODEL_FAULTS = (
    {"kind": "stall", "count": 1},
    {"kind": "drop", "how": "rst", "after": 3, "count": 2},
    {"kind": "drop", "how": "close", "code": "1011", "count": 1},
    {"kind": "failed", "count": 2},
    {"kind": "slow_first", "seconds": 2.5, "count": 2},
    {"kind": "done_without_created", "count": 2},
    {"kind": "repeat_call", "count": 2},
    {"kind": "resend_call", "count": 2},
    {"kind": "slow_cancel", "seconds": 0.5, "count": 2},
    {"kind": "refuse", "status": 503, "count": 2},
    {"kind": "incomplete", "after": 4, "count": 1},
    {"kind": "swap_done", "count": 5},
)


class Trouble(threading.Thread):
    """Makes one random fault after the other until it is told to stop."""

    def __init__(self, stack: RunningStack, seed: int) -> None:
        super().__init__(daemon=True)
        self.stack = stack
        self.dice = random.Random(seed)
        self.over = threading.Event()
        self.made: Counter[str] = Counter()
        self.killed = 0.0

    def run(self) -> None:
        kinds = [self.model_fault] * 6 + [self.drop_models] * 2
        kinds += [self.kill_web, self.kill_worker, self.pause_redis, self.pause_web]
        while not self.over.wait(self.dice.uniform(0.3, 1.2)):
            kind = self.dice.choice(kinds)
            self.made[kind.__name__] += 1
            try:
                kind()
            except (psutil.Error, OSError, IndexError):
                self.made["missed"] += 1

    def model_fault(self) -> None:
        ModelControl(self.stack.model_port).fault(**self.dice.choice(MODEL_FAULTS))

    def drop_models(self) -> None:
        ModelControl(self.stack.model_port).post("drop", how=self.dice.choice(["rst", "fin"]))

    def kill_web(self) -> None:
        # Retell connects anew four times; a machine this small needs seconds to start a process.
        if time.monotonic() - self.killed < 8.0:
            return
        self.killed = time.monotonic()
        self.dice.choice(self.stack.web_processes()).send_signal(signal.SIGKILL)

    def kill_worker(self) -> None:
        self.dice.choice(self.stack.worker_processes()).send_signal(signal.SIGKILL)

    def pause_web(self) -> None:
        self._pause(self.dice.choice(self.stack.web_processes()), 0.5)

    def pause_redis(self) -> None:
        assert self.stack.redis is not None
        assert self.stack.redis.part is not None
        self._pause(psutil.Process(self.stack.redis.part.pid), 0.7)

    @staticmethod
    def _pause(process: psutil.Process, seconds: float) -> None:
        process.suspend()
        time.sleep(seconds)
        process.resume()


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_calls_under_random_faults(make_stack: object) -> None:
    stack: RunningStack = make_stack({"WEB_CONCURRENCY": "2"})  # type: ignore[operator]
    trouble = Trouble(stack, SEED)
    trouble.start()

    def one(number: int) -> Outcome:
        # Every caller has a day of their own, so that nobody goes without a free slot.
        text = SCENARIO.format(number=number, days=3 + number % 30)
        return stack.call(text, speed=0.0)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(one, range(CALLS)))
    trouble.over.set()
    trouble.join()
    print(f"seed {SEED}: {dict(trouble.made)}")
    ModelControl(stack.model_port).post("faults", faults=[], replace=True)

    endings = Counter(outcome.ended for outcome in outcomes)
    print(f"endings: {dict(endings)}")
    lost = [name for name in endings if name is None or name.startswith("error")]
    assert not lost, f"calls were lost: {endings}"
    check_effects(stack, outcomes)
    check_calendar(stack)
    check_leaks(stack)


def check_effects(stack: RunningStack, outcomes: list[Outcome]) -> None:
    """Every effect has ended, and no call has two bookings."""
    for outcome in outcomes:
        story = eventually(partial(settled, stack, outcome.call_id), timeout=60)
        assert len(story.get("bookings") or []) <= 1, outcome.call_id
        greetings = [entry for entry in story["transcript"] if GREETING in entry["content"]]
        assert len(greetings) <= 1


def settled(stack: RunningStack, call_id: str) -> dict[str, Any]:
    story = stack.story(call_id)
    states = {effect["state"] for effect in story["tool_calls"]}
    assert not states & {"asked", "running"}, states
    return story


def check_calendar(stack: RunningStack) -> None:
    """No two bookings overlap."""
    with urllib.request.urlopen(f"{stack.base}/calendar.ics", timeout=10) as answer:
        calendar = icalendar.Calendar.from_ical(answer.read())
    spans: list[tuple[dt.datetime, dt.datetime]] = sorted(
        (event.decoded("dtstart"), event.decoded("dtend"))
        for event in calendar.walk("VEVENT")
        if event.get("status") != "CANCELLED"
    )
    assert spans, "nothing was booked at all"
    for (_, end), (start, _) in itertools.pairwise(spans):
        assert end <= start, "two bookings overlap"


def check_leaks(stack: RunningStack) -> None:
    """Nothing is left of the calls but what is meant to stay, and that with an end."""
    model = ModelControl(stack.model_port)
    eventually(lambda: not any(s["live"] for s in model.get("sessions")["sessions"]), timeout=30)

    def sockets() -> bool:
        with urllib.request.urlopen(f"{stack.base}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        live = [line for line in lines if line.startswith(("calls_live{", "sockets_open{"))]
        return all(float(line.rsplit(" ", 1)[1]) == 0 for line in live)

    eventually(sockets, timeout=30)
    with stack.client() as client:
        endless = [
            key
            for key in client.scan_iter(count=1000)
            if client.ttl(key) == -1 and not key.startswith((b"rq:", b"calendar", b"calls:"))
        ]
    assert not endless, f"keys without an end: {sorted(endless)[:10]}"
