"""The benchmark of the console: what its streams cost live calls, and what they cost a browser."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import threading
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

import orjson

from app.adapters.calls.store import CallStore
from app.adapters.redis.client import connect
from app.settings import Settings
from bench.calls import Bench
from bench.measure import Measured, measure
from bench.parts import Ours
from bench.tables import Table

STREAMS, CALLS, ROUNDS = 12, 100, 5
SHOWN, PERIOD_S, WATCHED_S = 200, 10.0, 15.0
LOADS = 3
PAGES = (
    *("/console", "/console/live", "/console/calls", "/console/figures", "/console/jobs"),
    *("/console/doctor", "/console/try", "/console/talk"),
)
#: What Chromium counts in seconds of its main thread.
METRICS = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def tables(bench: Bench) -> list[Table]:
    """All three tables."""
    return [streams(bench), live_page(bench), pages(bench)]


def streams(bench: Bench) -> Table:
    """Live calls with and without pages that listen, turn about."""
    table = Table(
        f"{CALLS} live calls beside open pages of /console/live (medians of {ROUNDS} turns about)",
        ("pages", "added p50 (ms)", "added p99 (ms)", "CPU of the web per call (% of a core)"),
    )
    seen: dict[int, list[Measured]] = {0: [], STREAMS: []}
    with Ours(bench.ports) as server:
        for number in range(2 * ROUNDS):
            pages = STREAMS if number % 2 else 0
            with _listening(server, pages):
                seen[pages].append(
                    measure(server, calls=CALLS, seconds=bench.seconds, period_s=4.0)
                )
    rows = {
        pages: [
            median(one.ms("added", 0.5) or 0.0 for one in found),
            median(one.ms("added", 0.99) or 0.0 for one in found),
            median(one.cpu_percent_per_call for one in found),
        ]
        for pages, found in seen.items()
    }
    for pages, figures in rows.items():
        table.add(pages, *figures)
    table.add("ratio", *(after / before for before, after in zip(*rows.values(), strict=True)))
    return table


def live_page(bench: Bench) -> Table:
    """What the page of live calls takes of a browser and of the web process. The calls are written
    as their process does, and each has a turn every `PERIOD_S`."""
    table = Table(
        f"/console/live with {SHOWN} live calls, each with a turn every {PERIOD_S:.0f} s",
        (
            "main thread of the browser (% of a core)",
            "script (%)",
            "layout and style (%)",
            "longest task (ms)",
            "kB a second",
            "CPU of the web (% of a core)",
        ),
    )
    with Ours(bench.ports, workers=False) as server, _live_calls(server):
        before, began = server.cpu_s(), time.monotonic()
        found = _watch(server)
        web = 100 * (server.cpu_s() - before) / (time.monotonic() - began)
    spent = found["metrics"]
    table.add(
        100 * spent["TaskDuration"],
        100 * spent["ScriptDuration"],
        100 * (spent["LayoutDuration"] + spent["RecalcStyleDuration"]),
        found["longest"],
        found["kB"],
        web,
    )
    return table


@contextlib.contextmanager
def _live_calls(server: Ours) -> Iterator[None]:
    """Live calls of another process, kept alive and changed by turns."""
    settings = Settings(redis_url=server.redis.url)
    over = threading.Event()
    with connect(settings, command_s=10.0) as redis:
        store = CallStore(redis, settings)
        leases = [store.take(f"live_{number:03}", "bench") for number in range(SHOWN)]

        def talk() -> None:
            turn = 0
            while not over.wait(PERIOD_S / SHOWN):
                if turn % (SHOWN // 10) == 0:
                    store.renew(leases)
                lease = leases[turn % SHOWN]
                fields = {
                    "agent": "Mia",
                    "channel": "retell",
                    "from_number": f"+1415555{turn % SHOWN:04}",
                    "started_at": began,
                    "turns_count": turn // SHOWN + 1,
                    "last_intent": "schedule_meeting",
                    "caller_spoke_at": time.time(),
                }
                store.save(lease.call_id, {}, fence=lease.fence, fields=fields)
                turn += 1

        began = time.time()
        talking = threading.Thread(target=talk)
        talking.start()
        try:
            yield
        finally:
            over.set()
            talking.join()


def pages(bench: Bench) -> Table:
    """What a browser that comes for the first time is sent, and when it can be used."""
    table = Table(
        f"Pages of the console in a fresh browser (medians of {LOADS})",
        ("page", "requests", "kB", "usable after (ms)", "main thread (ms)"),
        notes=["Usable: the document is there and its scripts have run (DOMContentLoaded ended)."],
    )
    with Ours(bench.ports) as server:
        call_id = _one_call(server)
        for path in (*PAGES, f"/console/calls/{call_id}", f"/console/calls/{call_id}/record"):
            loads = [_load_page(server, path) for _ in range(LOADS)]
            name = path.replace(call_id, "ID")
            table.add(name, int(loads[0][0]), *(median(one[n] for one in loads) for n in (1, 2, 3)))
    return table


def _one_call(server: Ours) -> str:
    """A call of three turns; its id."""
    measure(server, calls=1, seconds=3.0, period_s=1.0)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/api/calls?limit=1")
    found = orjson.loads(connection.getresponse().read())
    connection.close()
    return str(found["calls"][0]["call_id"])


def _load_page(server: Ours, path: str) -> tuple[float, float, float, float]:
    """Requests, kB, milliseconds until the page can be used, milliseconds of the main thread."""
    with _chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        answers: list[Any] = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(f"http://127.0.0.1:{server.port}{path}", wait_until="load")
        usable = page.evaluate(
            "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        )
        busy = _metrics(tools)["TaskDuration"]
        sizes = [len(one.body()) for one in answers if "/events/stream" not in one.url]
    return len(sizes), sum(sizes) / 1000, float(usable), 1000 * busy


@contextlib.contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


def _watch(server: Ours) -> dict[str, Any]:
    """The page in Chromium, from when it shows all calls on: seconds of its thread per second."""
    with _chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        tools = page.context.new_cdp_session(page)
        tools.send("Performance.enable")
        tools.send("Network.enable")
        received = [0]
        tools.on(
            "Network.dataReceived",
            lambda told: received.append(received.pop() + told["dataLength"]),
        )
        page.add_init_script(
            "window.longest = 0; new PerformanceObserver((list) => list.getEntries().forEach("
            "(task) => { window.longest = Math.max(window.longest, task.duration); })"
            ").observe({type: 'longtask'});"
        )
        page.goto(f"http://127.0.0.1:{server.port}/console/live")
        page.locator("#calls tbody tr").nth(SHOWN - 1).wait_for(timeout=60_000)
        page.evaluate("window.longest = 0")
        before, began = _metrics(tools), time.monotonic()
        received[0] = 0
        page.wait_for_timeout(WATCHED_S * 1000)
        took = time.monotonic() - began
        after = _metrics(tools)
        longest = page.evaluate("window.longest")
    return {
        "metrics": {name: (after[name] - before[name]) / took for name in METRICS},
        "longest": f"{longest:.0f}" if longest else "below 50",
        "kB": received[0] / 1000 / took,
    }


def _metrics(tools: Any) -> dict[str, float]:
    told = tools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in told}


@contextlib.contextmanager
def _listening(server: Ours, pages: int) -> Iterator[None]:
    """So many open streams, read as they come."""
    over = threading.Event()
    readers = [threading.Thread(target=_listen, args=(server.port, over)) for _ in range(pages)]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        over.set()
        for reader in readers:
            reader.join()


def _listen(port: int, over: threading.Event) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/events/stream")
    answer = connection.getresponse()
    while not over.is_set():
        answer.read1(65_536)
    connection.close()
