"""Webhooks while Redis is gone, stalled, full or read-only, and while workers die.

What holds throughout: every request is answered in time, with 2xx or with 503 and `Retry-After`,
and whatever was answered with 2xx has its effect, once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import pytest
import redis as redis_client
from websockets.sync.client import connect

from app.rehearsal.webhook_samples import sample
from tests.acceptance.test_webhooks import NO_MODEL, booked, bookings, over, spoken, tuesday
from tests.support.sender import Answer, Sender
from tests.support.stack import RunningStack, kill
from tests.support.waiting import eventually

pytestmark = pytest.mark.faults

#: Retell gives up after 10 s and sends again; the contract asks for less than 5.
IN_TIME_S = 5.0


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[RunningStack]:
    stack = RunningStack(tmp_path, {**NO_MODEL, "WEB_CONCURRENCY": "1"})
    try:
        stack.start()
        yield stack
    finally:
        if stack.redis is not None and stack.redis.alive:
            os.kill(stack.redis.pid, signal.SIGCONT)
        stack.stop()


def at_once(stack: RunningStack, count: int, prefix: str) -> list[Answer]:
    """Events of `count` calls, each on a connection of its own, all at the same time."""

    def send(number: int) -> Answer:
        with Sender(stack.port, timeout=20) as sender:
            return sender.event("call_ended", f"{prefix}-{number}")

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(send, range(count)))


def refused_in_time(answers: list[Answer]) -> None:
    for answer in answers:
        assert answer.status == 503, answer
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.body["error"]["code"] == "unavailable"
        assert answer.seconds < IN_TIME_S, answer


def ringing() -> dict[str, object]:
    return sample("call_inbound", "ringing", int(time.time() * 1000))


def everything_works(stack: RunningStack, call_id: str) -> None:
    """Events are taken again, and worked off."""
    with Sender(stack.port) as sender:
        sender.until_taken("call_ended", call_id)
    eventually(lambda: over(stack, call_id), timeout=60)


@contextlib.contextmanager
def admin(stack: RunningStack) -> Iterator[redis_client.Redis]:
    assert stack.redis is not None
    server = redis_client.Redis(port=stack.redis.port, socket_timeout=5)
    try:
        yield server
    finally:
        server.close()


def test_redis_stopped(stack: RunningStack) -> None:
    assert stack.redis is not None
    stack.redis.kill()
    refused_in_time(at_once(stack, 40, "gone"))
    refused_in_time(at_once(stack, 40, "gone"))
    stack.redis.start()
    everything_works(stack, "after")


def test_redis_stalled(stack: RunningStack) -> None:
    assert stack.redis is not None
    assert at_once(stack, 5, "before")[0].status == 200
    os.kill(stack.redis.pid, signal.SIGSTOP)
    first = at_once(stack, 60, "stalled")
    later = at_once(stack, 60, "stalled")
    with Sender(stack.port, timeout=20) as sender:
        body = {"name": "x", "args": {}, "call": {"call_id": "stalled"}}
        later += [sender.post("/functions/check_availability", body) for _ in range(3)]
        rings = [sender.post("/webhook/retell/inbound", ringing()) for _ in range(3)]
    os.kill(stack.redis.pid, signal.SIGCONT)
    refused_in_time(first + later)
    for ring in rings:  # the caller hears ringing until this is answered
        assert "dynamic_variables" in ring.body["call_inbound"]
        assert ring.seconds < IN_TIME_S
    assert statistics.median(answer.seconds for answer in later) < 1.0  # nobody queues for it
    everything_works(stack, "after")
    # What the stalled server had received before it was refused may have been stored: once.
    with Sender(stack.port) as sender:
        for number in range(60):
            assert sender.event("call_ended", f"stalled-{number}").status == 200
    stories = [eventually(partial(over, stack, f"stalled-{n}")) for n in range(60)]
    for story in stories:
        assert [event.get("event") for event in story["events"]].count("call_ended") == 1


def test_redis_full(stack: RunningStack) -> None:
    with admin(stack) as server:
        server.config_set("maxmemory", "1mb")
        refused_in_time(at_once(stack, 20, "full"))
        server.config_set("maxmemory", "0")
        everything_works(stack, "after")
        assert not server.keys("call:{full-*")


def test_redis_read_only(stack: RunningStack) -> None:
    with admin(stack) as server:
        server.replicaof("127.0.0.1", 1)
        refused_in_time(at_once(stack, 20, "replica"))
        server.replicaof("no", "one")
    everything_works(stack, "after")


def test_redis_slow_to_connect(tmp_path: Path) -> None:
    """A listener whose backlog is full: connecting hangs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        stack = RunningStack(tmp_path, {**NO_MODEL, "REDIS_URL": url, "WEB_CONCURRENCY": "1"})
        try:
            stack.directory.mkdir(exist_ok=True)
            stack.start_web(wait=False)
            eventually(lambda: stack.records.get("/health")[0] == 200, timeout=60)
            refused_in_time(at_once(stack, 30, "slow"))
            refused_in_time(at_once(stack, 30, "slow"))
        finally:
            for filler in fillers:
                filler.close()
            assert stack.web is not None
            stack.web.stop()


def test_nothing_accepted_is_lost_while_redis_comes_and_goes(stack: RunningStack) -> None:
    assert stack.redis is not None
    accepted: list[str] = []
    stop = threading.Event()

    def send(lane: int) -> None:
        number = 0
        with Sender(stack.port, timeout=20) as sender:
            while not stop.is_set():
                call_id = f"kept-{lane}-{number}"
                if sender.event("call_ended", call_id).status == 200:
                    accepted.append(call_id)
                    number += 1
                else:
                    time.sleep(0.05)
                time.sleep(0.01)

    lanes = [threading.Thread(target=send, args=(lane,)) for lane in range(6)]
    for lane in lanes:
        lane.start()
    for _ in range(3):
        time.sleep(1.5)
        stack.redis.kill()
        time.sleep(1.0)
        stack.redis.start()
    time.sleep(2.0)
    stop.set()
    for lane in lanes:
        lane.join()
    assert len(accepted) > 20
    for call_id in accepted:
        story = eventually(partial(over, stack, call_id), timeout=90)
        assert story["status"] == "ended"


def test_a_worker_killed_again_and_again_books_once(stack: RunningStack) -> None:
    stop = threading.Event()

    def murder() -> None:
        while not stop.is_set():
            time.sleep(0.7)
            for process in stack.worker_processes():
                with contextlib.suppress(psutil.NoSuchProcess):
                    kill(process)

    killer = threading.Thread(target=murder)
    killer.start()
    try:
        with Sender(stack.port) as sender:
            for number in range(4):
                day = spoken(tuesday(number + 1))
                text = f"Please book a checkup for {day} at nine in the morning"
                sender.event("transcript", f"killed-{number}", transcript=text, isFinal=True)
                sender.event("session_end", f"killed-{number}")
                time.sleep(1.0)
    finally:
        stop.set()
        killer.join()
    for number in range(4):
        eventually(partial(booked, stack, f"killed-{number}"), timeout=90)
    time.sleep(2.0)
    assert len(bookings(stack)) == 4


def test_a_burst_of_repeats_has_one_effect(stack: RunningStack) -> None:
    text = f"Please book a checkup for {spoken(tuesday(2))} at nine in the morning"

    def send(_: int) -> Answer:
        with Sender(stack.port) as sender:
            return sender.event("transcript", "burst", transcript=text, isFinal=True)

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(send, range(30)))
    assert [answer.status for answer in answers] == [200] * 30
    assert sum("duplicate" not in answer.body for answer in answers) == 1
    eventually(lambda: booked(stack, "burst"))
    time.sleep(2.0)
    assert len(bookings(stack)) == 1


def test_busy_senders_do_not_disturb_a_live_socket(
    stack: RunningStack, record_property: Callable[[str, object], None]
) -> None:
    """Fifty senders that keep their connections busy, beside a socket that is pinged."""
    alone = socket_delays(stack, "delay-1", 3.0)
    stop = threading.Event()
    counts = [0] * 50

    def send(lane: int) -> None:
        with Sender(stack.port) as sender:
            while not stop.is_set():
                if sender.event("call_started", f"busy-{lane}-{counts[lane]}").status == 200:
                    counts[lane] += 1

    lanes = [threading.Thread(target=send, args=(lane,), daemon=True) for lane in range(50)]
    for lane in lanes:
        lane.start()
    beside = socket_delays(stack, "delay-2", 5.0)
    stop.set()
    for lane in lanes:
        lane.join()
    told = {
        "alone_p50_ms": 1000 * statistics.median(alone),
        "alone_worst_ms": 1000 * max(alone),
        "beside_p50_ms": 1000 * statistics.median(beside),
        "beside_worst_ms": 1000 * max(beside),
        "webhooks": sum(counts),
        "least_of_a_sender": min(counts),
    }
    print(told)
    record_property("socket_delay", told)
    assert min(counts) > 0  # no sender starved
    assert max(beside) < 3.0  # nor the socket; the figures are for people


def socket_delays(stack: RunningStack, call_id: str, seconds: float) -> list[float]:
    """Round trips of `ping_pong` on a live socket, 50 a second."""
    found = []
    with connect(f"{stack.socket_url}/{call_id}", compression=None) as ws:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sent = time.monotonic()
            stamp = int(sent * 1e6)
            ws.send(f'{{"interaction_type":"ping_pong","timestamp":{stamp}}}')
            while f"{stamp}" not in ws.recv(timeout=20):
                pass
            found.append(time.monotonic() - sent)
            time.sleep(0.02)
    return found
