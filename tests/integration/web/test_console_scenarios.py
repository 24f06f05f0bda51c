"""Scenarios played from the console: real calls, followed, refused, stopped, and broken off."""

from __future__ import annotations

import dataclasses
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html import unescape

import psutil
import pytest
from redis import Redis

from app.settings import Settings
from app.web.console import auth, start, try_call
from app.web.console.scenarios import routes
from tests.support.stack import RunningStack, end, kill
from tests.support.waiting import eventually
from tests.support.web_app import make_app

ADMIN = {"Authorization": "Bearer admin-secret-1"}
PRODUCTION = {
    "APP_ENV": "production",
    "RETELL_API_KEY": "key_3b81d2",
    "SOCKET_TOKEN": "socket-secret-1",
    "ADMIN_TOKEN": "admin-secret-1",
}
BLUEPRINTS = (auth.bp, start.bp, try_call.bp, routes.bp)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A program in production, of these tests' own: they book. It is stopped amid a play."""
    stack = RunningStack(tmp_path_factory.mktemp("scenarios"), PRODUCTION)
    stack.start()
    yield stack
    play(stack)
    eventually(lambda: callers(stack))
    end(stack, failed=False)


def ask(stack: RunningStack, path: str, **fields: str) -> tuple[int, str, str]:
    """Status, address after redirects, and text of a page."""
    body = urllib.parse.urlencode(fields).encode() if fields else None
    request = urllib.request.Request(stack.base + path, body, {"Accept": "text/html", **ADMIN})
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return answer.status, answer.url, text_of(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.url or "", text_of(error.read().decode())


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def play(stack: RunningStack, **fields: str) -> str:
    """Begin a play; the path of its page."""
    given = {
        "scenario": "booking",
        "agent": "mia",
        "repeat": "1",
        "pace": "1",
        "sure": "yes",
        **fields,
    }
    status, url, text = ask(stack, "/console/scenarios", **given)
    assert status == 200, text
    assert "/console/scenarios/" in url, text
    return url.removeprefix(stack.base)


def seen(stack: RunningStack, path: str) -> str:
    return ask(stack, path)[2]


def over(stack: RunningStack, path: str) -> str:
    """The page once the play is over."""
    eventually(lambda: "It is being played" not in seen(stack, path), timeout=90, poll=0.3)
    return seen(stack, path)


def callers(stack: RunningStack) -> list[psutil.Process]:
    """The processes that play."""
    everything = stack.everything()
    return [each for each in everything if "--lines" in each.cmdline() and each.is_running()]


def calls_of(stack: RunningStack) -> list[str]:
    return [call["call_id"] for call in stack.records.json("/api/calls")[1]["calls"]]


def test_scenarios_are_listed_played_and_checked(served: RunningStack) -> None:
    page = seen(served, "/console/scenarios")
    assert "A caller books a cleaning; the agent asks what is missing" in page
    assert "None was played from here yet." in page
    path = play(served, seed="2", repeat="2", pace="0")
    text = over(served, path)
    assert "passed booking: 2 of 2 passed; pass^1 1.00" in text
    assert "seed 2 passed" in text
    assert "seed 3 passed" in text
    assert "appointments: name Dana Reyes, service cleaning" in text
    made = calls_of(served)
    assert len(made) == 2
    assert all(call_id.startswith("try_") for call_id in made)
    assert " booked test " in seen(served, f"/console/calls/{made[0]}")
    assert "passed 2 of 2" in seen(served, "/console/scenarios")


def test_a_second_one_is_refused_and_the_first_is_stopped(served: RunningStack) -> None:
    before = set(calls_of(served))
    path = play(served)
    eventually(lambda: "Listen in" in seen(served, path), timeout=30)
    status, _, text = ask(served, "/console/scenarios", scenario="booking", sure="yes")
    assert status == 409
    assert "A scenario is being played; wait until it is over, or stop it." in text
    status, _, _ = ask(served, f"{path}/stop", sure="yes")
    assert status == 200
    assert "stopped stopped on request" in over(served, path)
    (call_id,) = set(calls_of(served)) - before
    eventually(lambda: served.story(call_id)["status"] == "ended", timeout=30)
    eventually(lambda: not callers(served))


def test_a_caller_who_is_killed_is_told(served: RunningStack) -> None:
    path = play(served)
    eventually(lambda: "Listen in" in seen(served, path), timeout=30)
    (process,) = callers(served)
    kill(process)
    text = over(served, path)
    assert "failed the caller's process was ended by SIGKILL" in text
    assert ask(served, "/console/scenarios")[0] == 200


def test_a_play_does_not_outlive_its_web_process(served: RunningStack) -> None:
    path = play(served)
    eventually(lambda: "Listen in" in seen(served, path), timeout=30)
    (process,) = callers(served)
    kill(served.web_processes()[0])
    eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
    eventually(lambda: served.web_processes() and answers(served), timeout=30)
    eventually(lambda: "the process that played it is gone" in seen(served, path), timeout=40)


def answers(stack: RunningStack) -> bool:
    try:
        return ask(stack, "/console/scenarios")[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"scenario": "../../etc/passwd"}, "Choose a scenario of the list."),
        ({"agent": "nobody"}, "nobody"),
        ({"seed": "-1"}, "The seed must be a whole number from 0"),
        ({"repeat": "21"}, "The repeats must be a whole number from 1 to 20."),
        ({"pace": "9"}, "Choose a pace of the list."),
        ({}, "What is booked is booked: tick the box if that is what you want."),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_played(
    settings: Settings, redis: Redis, fields: dict[str, str], problem: str
) -> None:
    live = dataclasses.replace(settings, env="production", admin_token="admin-secret-1")
    client = make_app(live, *BLUEPRINTS).test_client()
    sure = {"sure": "yes"} if fields else {}
    given = {"scenario": "booking", "agent": "mia", **sure, **fields}
    answer = client.post("/console/scenarios", data=given, headers=ADMIN)
    assert answer.status_code in (400, 404)
    assert problem in text_of(answer.text)
    assert "people are told of them" in text_of(answer.text)
    assert redis.keys("plays*") == []


def test_without_redis_the_page_says_so(free_port: int) -> None:
    client = make_app(Settings(redis_url=f"redis://127.0.0.1:{free_port}"), *BLUEPRINTS)
    began = time.monotonic()
    answer = client.test_client().get("/console/scenarios")
    assert answer.status_code == 503
    assert time.monotonic() - began < 20
