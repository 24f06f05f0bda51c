"""Tools of real MCP servers over both transports, run by real workers."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import psutil
import pytest
from redis import Redis

from app.adapters.agents import files
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.mcp.connection import ServerAway
from app.adapters.mcp.host import McpHost
from app.adapters.tools.single_run import PollingReplies, ToolRequest, ToolRun, run_tool
from app.adapters.tools.store import EffectStore
from app.core.agent.definition import Agent
from app.core.agent.tools import McpTools
from app.local.processes import Part, port_is_free
from app.settings import Settings
from app.web import functions
from tests.integration.workers.conftest import ROOT, Start
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.waiting import eventually
from tests.support.web_app import make_app

#: Commands are started many times, which a busy machine makes slow.
pytestmark = pytest.mark.timeout(400)

AGENT = """\
name: Ada
business: Corner Shop
instructions: Help with orders.
tools:
  - end_call
  - mcp: "http://127.0.0.1:%(port)s/mcp"
    headers: {Authorization: "Bearer ${SHOP_TOKEN}"}
    timeout_ms: 2000
    tools: {place_order: {confirm: true, timeout_ms: 4000}}
  - command: [%(python)s, -m, tests.support.mcp_server, stdio, "1"]
    environment: {PYTHONPATH: %(root)s}
    only: [count_letters]
    kind: write
  - {command: [%(python)s, -c, "import time; print('garbage', flush=True); time.sleep(60)"]}
"""


class Shop:
    """The server over HTTP, as a process that can be stopped and started again."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._folder = folder
        self.part: Part | None = None

    def start(self, version: str) -> None:
        """Start it and wait until it listens."""
        self.part = Part(
            "shop",
            [sys.executable, "-m", "tests.support.mcp_server", str(self.port), version],
            log=self._folder / "shop.log",
            cwd=ROOT,
        )
        self.part.start()
        eventually(lambda: not port_is_free(self.port), timeout=120)

    def stop(self) -> None:
        """End it at once."""
        assert self.part is not None
        self.part.kill()


@pytest.fixture
def shop(free_port: int, tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(free_port, tmp_path)
    yield shop
    shop.stop()


class Caller:
    """Asks for tools as the API does, with what is known of the servers now."""

    def __init__(self, redis: Redis, effects: EffectStore, path: Path) -> None:
        self._effects = effects
        self._catalog = McpCatalog(redis)
        self.agents = files.load(path)
        self.replies = PollingReplies(effects)

    @property
    def agent(self) -> Agent:
        return self._catalog.equip(self.agents.default)

    def run(self, name: str, *, confirmed: bool = False, **arguments: Any) -> ToolRun:
        asked = ToolRequest(self.agent, name, arguments, confirmed=confirmed)
        return run_tool(self._effects, self.replies, asked, 30.0)


@pytest.fixture
def caller(
    shop: Shop,
    redis: Redis,
    effects: EffectStore,
    start_worker: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Caller:
    path = tmp_path / "agents.yaml"
    told = {"port": shop.port, "python": sys.executable, "root": ROOT}
    path.write_text(AGENT % told)
    monkeypatch.setenv("SHOP_TOKEN", "t0k")
    shop.start("1")
    for queue in ("background", "live"):
        start_worker(queue, AGENT_FILE=str(path), TOOLS_ALLOW_PRIVATE="1", SHOP_TOKEN="t0k")
    return Caller(redis, effects, path)


def test_tools_of_servers_run_in_a_worker(caller: Caller, shop: Shop, settings: Settings) -> None:
    # The third server says garbage for ever: it harms nobody.
    tools = eventually(
        lambda: _if(caller.agent.toolset, lambda found: len(found) == 6), timeout=120
    )
    assert list(tools) == [
        *("end_call", "find_order", "place_order", "take_time", "huge", "count_letters"),
    ]
    kinds = [tool.kind for tool in tools.values()]
    assert kinds == ["action", "read", "write", "read", "read", "write"]
    assert tools["find_order"].policy.attempts == 1

    found = caller.run("find_order", order_id="7")
    assert (found.ok, found.output) == (True, {"result": "Order 7 is sent."})
    wrong = caller.run("find_order", order_id=7)
    assert wrong.output["message"] == "order_id must be of type string."
    assert caller.run("place_order", item="tea").output["error"] == "confirm_first"
    placed = caller.run("place_order", confirmed=True, item="tea", pieces=2)
    assert placed.output == {"item": "tea", "placed": 2}
    refused = caller.run("place_order", confirmed=True, item="moon")
    assert refused.output["error"] == "refused"
    assert "do not sell the moon" in refused.output["message"]

    app = make_app(settings, functions.bp, replies=caller.replies, agents=caller.agents)
    asked = {"name": "find_order", "args": {"order_id": "9"}, "call": {"call_id": "mcp-retell"}}
    told = app.test_client().post("/functions/find_order", json=asked).get_json()
    assert told == {"ok": True, "result": "Order 9 is sent."}

    assert caller.run("huge", size=40_000).output["cut"] is True
    assert caller.run("huge", size=3_000_000).output["error"] in ("refused", "no_answer")
    assert caller.run("find_order", order_id="8").ok

    counted = eventually(
        lambda: _if(caller.run("count_letters", text="seven"), lambda run: run.ok), timeout=120
    )
    assert counted.output == {"result": 5}

    late = caller.run("take_time", seconds=30)
    assert late.output["error"] == "no_answer"
    assert late.seconds < 8

    shop.stop()
    away = caller.run("find_order", order_id="7")
    assert away.output["error"] in ("away", "no_answer")
    away = caller.run("find_order", order_id="7")
    assert away.output["error"] == "away"
    assert away.seconds < 6

    shop.start("2")
    eventually(lambda: "postcode" in _arguments(caller, "find_order"), timeout=120)
    found = eventually(lambda: _if(_find_at(caller), lambda run: run.ok), timeout=120)
    assert found.output == {"result": "Order 7 for 10115 is sent."}


def _find_at(caller: Caller) -> ToolRun:
    return caller.run("find_order", order_id="7", postcode="10115")


def _arguments(caller: Caller, name: str) -> Any:
    gevent.sleep(0.2)
    return caller.agent.toolset[name].parameters["properties"]


def _if(value: Any, condition: Callable[[Any], bool]) -> Any:
    return value if condition(value) else None


COMMAND = """\
name: Ada
business: Corner Shop
instructions: Help with orders.
tools:
  - command: [%(python)s, -m, tests.support.mcp_server, stdio, "1"]
    environment: {PYTHONPATH: %(root)s}
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_ends_with_its_worker(
    start_worker: Start, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "agents.yaml"
    path.write_text(COMMAND % {"python": sys.executable, "root": ROOT})
    worker = start_worker("live", AGENT_FILE=str(path))
    commands = eventually(lambda: psutil.Process(worker.pid).children(recursive=True), timeout=120)

    worker.send(number)

    eventually(lambda: not worker.alive, timeout=30)
    eventually(lambda: not any(command.is_running() for command in commands), timeout=30)
    assert worker.status == ("ended with status 0" if number == 15 else "was ended by SIGKILL")


@pytest.fixture
def host() -> Iterator[McpHost]:
    host = McpHost({}, allow_private=True)
    yield host
    host.close()


def test_a_command_is_a_server_too(host: McpHost, tmp_path: Path) -> None:
    script = f"cd {ROOT} && exec {sys.executable} -m tests.support.mcp_server stdio 1"
    entry = McpTools(command=("sh", "-c", script))
    server = host.discover(entry)
    assert (server.name, server.version) == ("shop", "1")
    assert [tool.name for tool in server.tools] == [
        *("find_order", "place_order", "take_time", "huge", "count_letters"),
    ]
    assert [tool.read_only for tool in server.tools] == [True, False, True, True, False]

    result, _ = host.call(entry, "place_order", {"item": "tea"}, {}, 5.0)
    assert result["output"] == {"item": "tea", "placed": 1}
    assert not host.call(entry, "nothing", {}, {}, 5.0)[0]["ok"]
    result, _ = host.call(entry, "huge", {"size": 3_000_000}, {}, 20.0)
    assert result["output"]["error"] == "no_answer"
    # The command is started again.
    result = eventually(lambda: _if(_short(host, entry), lambda result: result["ok"]), timeout=120)
    assert result["output"] == {"result": "x" * 10}


def _short(host: McpHost, entry: McpTools) -> dict[str, Any]:
    return host.call(entry, "huge", {"size": 10}, {}, 20.0)[0]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("no-such-program-here",), "No such file"),
        (("false",), "Connection closed"),
        (("sh", "-c", "yes"), "Connection closed"),
    ],
)
def test_a_command_that_is_no_server(host: McpHost, command: tuple[str, ...], why: str) -> None:
    with pytest.raises(ServerAway, match=why):
        host.discover(McpTools(command=command))


def _garbage(request: Request) -> Answer:
    return 200, b"<html>I am a web page</html>"


def _redirect(request: Request) -> Answer:
    return 500, {"error": "broken"}


@pytest.mark.parametrize("answer", [_garbage, _redirect])
def test_an_address_that_is_no_server(host: McpHost, answer: Callable[[Request], Answer]) -> None:
    server = LocalServer(answer)
    entry = McpTools(mcp=f"{server.url}/mcp")
    try:
        with pytest.raises(ServerAway):
            host.discover(entry)
        result, _ = host.call(entry, "find_order", {}, {}, 5.0)
        assert result["output"]["error"] == "away"
    finally:
        server.stop()


def test_private_addresses_are_refused() -> None:
    server = LocalServer(_garbage)
    host = McpHost({}, allow_private=False)
    try:
        result, _ = host.call(McpTools(mcp=f"{server.url}/mcp"), "find_order", {}, {}, 5.0)
        assert result["output"]["error"] == "not_allowed"
        assert server.seen == []
    finally:
        host.close()
        server.stop()


def test_a_server_that_never_answers_is_away_at_once_the_second_time(host: McpHost) -> None:
    with LocalServerThatHangs() as url:
        entry = McpTools(mcp=url)
        since = time.monotonic()
        result, _ = host.call(entry, "find_order", {}, {}, 20.0)
        assert result["output"]["error"] == "away"
        assert time.monotonic() - since < 7
        since = time.monotonic()
        host.call(entry, "find_order", {}, {}, 20.0)
        assert time.monotonic() - since < 1


class LocalServerThatHangs:
    """Takes connections and says nothing."""

    def __enter__(self) -> str:
        import socket

        self._socket = socket.create_server(("127.0.0.1", 0))
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/mcp"

    def __exit__(self, *_: object) -> None:
        self._socket.close()
