"""Tools of the agent's file, run by a real worker process against a real server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from app.__main__ import main
from app.adapters.agents import files
from app.adapters.tools.execution import Effect
from app.adapters.tools.single_run import PollingReplies
from app.adapters.tools.store import EffectStore
from app.core.tools.declarations import Kind, idempotency_key
from app.settings import Settings
from app.web import functions
from app.web import tools as tools_routes
from tests.integration.workers.conftest import Start
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.waiting import eventually
from tests.support.web_app import make_app

AGENT = """\
name: Ada
business: Corner Bakery
instructions: Sell cakes.
knowledge: {folder: faq, items: [{question: "Do you deliver?", answer: "Within the city."}]}
tools:
  - name: order_status
    description: Look up an order.
    parameters:
      type: object
      properties: {order_id: {type: integer}}
      required: [order_id]
    method: GET
    url: "%s/orders/{order_id}"
    headers: {Authorization: "Bearer ${SHOP_TOKEN}"}
    say: "Order {order_id} is {status}."
  - name: place_order
    description: Place an order.
    parameters: {type: object, properties: {items: {type: array, items: {type: string}}}}
    kind: write
    url: "%s/orders"
    runs_per_call: 2
    secret: ${SHOP_SECRET}
  - name: cancel_order
    description: Cancel an order.
    parameters: {type: object, properties: {number: {type: integer}}}
    kind: write
    confirm: true
    url: "%s/orders"
  - search_knowledge
  - {python: tests.support.my_tools, settings: {desk: "${DESK}"}}
"""


class Shop:
    """A shop's backend; busy for the first `busy` requests."""

    def __init__(self) -> None:
        self.busy = 0
        self.placed: dict[str, Any] = {}
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Answer:
        if self.busy > 0:
            self.busy -= 1
            return 503, {"error": "busy"}
        if request.method == "GET":
            return 200, {"order_id": int(request.path.rpartition("/")[2]), "status": "sent"}
        key = request.headers["idempotency-key"]
        self.placed.setdefault(key, request.json())
        return 201, {"number": list(self.placed).index(key) + 1}


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.stop()


class Tools:
    """Asks for tools as a live call does."""

    def __init__(self, effects: EffectStore) -> None:
        self.effects = effects

    def run(
        self,
        call_id: str,
        name: str,
        kind: Kind = "write",
        *,
        tool_call: str = "t1",
        heard: tuple[tuple[str, str], ...] = (),
        agent: str = "",
        **arguments: Any,
    ) -> Effect:
        key = idempotency_key(call_id, name, arguments)
        context = {"heard": heard, "agent": agent}
        self.effects.ask(call_id, key, name, arguments, tool_call, context, kind=kind)
        eventually(lambda: self._done(call_id, key).settled)
        return self._done(call_id, key)

    def _done(self, call_id: str, key: str) -> Effect:
        found = self.effects.get(call_id, key)
        assert found is not None
        return found


@pytest.fixture
def tools(
    shop: Shop,
    effects: EffectStore,
    start_worker: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Tools:
    path = tmp_path / "agents.yaml"
    (tmp_path / "faq").mkdir()
    (tmp_path / "faq" / "visit.md").write_text("# Parking\nBehind the house.")
    path.write_text(AGENT % ((shop.server.url,) * 3))
    secrets = {"SHOP_TOKEN": "t0k", "SHOP_SECRET": "s3c", "DESK": "desk 2"}
    for name, value in {**secrets, "AGENT_FILE": str(path)}.items():
        monkeypatch.setenv(name, value)
    start_worker(AGENT_FILE=str(path), TOOLS_ALLOW_PRIVATE="1", **secrets)
    return Tools(effects)


@pytest.fixture
def run_command(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs `python -m app tools …` beside the worker; exit status and what it prints."""
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setenv("APP_ENV", "development")

    def run(*arguments: str) -> tuple[int, str]:
        status = main(["tools", *arguments])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def test_own_tools_run_in_a_worker(
    tools: Tools, shop: Shop, settings: Settings, run_command: Callable[..., tuple[int, str]]
) -> None:
    _runs_tools_over_http_and_in_python(tools, shop)
    _waits_for_a_yes_where_one_is_wanted(tools, shop)
    _ends_a_tool_whose_agent_is_gone(tools)
    _runs_them_from_the_command_line(run_command, shop)
    _runs_them_over_http(tools, shop, settings)


def _runs_tools_over_http_and_in_python(tools: Tools, shop: Shop) -> None:
    found = tools.run("own-1", "order_status", "read", order_id=7)
    assert found.result == {
        "ok": True,
        "output": {"order_id": 7, "status": "sent"},
        "say": "Order 7 is sent.",
    }
    assert shop.server.seen[-1].headers["authorization"] == "Bearer t0k"

    shop.busy = 1
    found = tools.run("own-1", "place_order", items=["rye"])
    assert found.ok
    assert found.attempts == 2
    assert list(shop.placed) == [found.key]
    assert shop.placed[found.key]["call"]["business"] == "Corner Bakery"
    assert shop.server.seen[-1].headers["callsmith-signature"].startswith("t=")

    wrong = tools.run("own-1", "order_status", "read", order_id="seven")
    assert wrong.result is not None
    assert wrong.result["output"]["message"] == "order_id must be of type integer."

    weather = tools.run("own-1", "weather", "read", city="Berlin")
    assert weather.result is not None
    assert weather.result["output"]["for"] == "own-1"
    refused = tools.run("own-1", "weather", "read", city="nowhere")
    assert refused.result is not None
    assert refused.result["output"]["message"] == "There is no such city. Ask again."

    noted = tools.run("own-1", "remind", text="Call Kim")
    assert noted.result is not None
    assert noted.result["output"]["result"] == f"Call Kim (desk 2, {noted.key})"

    known = tools.run("own-1", "search_knowledge", "read", query="where can I park")
    assert known.result is not None
    assert known.result["output"]["passages"][0]["source"] == "visit.md"
    known = tools.run("own-1", "search_knowledge", "read", query="deliveries")
    assert known.result is not None
    assert known.result["output"]["passages"][0]["text"] == "Within the city."

    tools.run("own-1", "place_order", items=["roll"])
    third = tools.run("own-1", "place_order", items=["bun"])
    assert third.result is not None
    assert third.result["output"]["error"] == "too_many"
    assert tools.run("own-2", "place_order", items=["bun"]).ok


def _waits_for_a_yes_where_one_is_wanted(tools: Tools, shop: Shop) -> None:
    want = ("user", "Cancel order seven please.")
    question = ("agent", "I will cancel order seven. Is that right?")

    def ask(tool_call: str, *heard: tuple[str, str]) -> Effect:
        return tools.run("own-3", "cancel_order", tool_call=tool_call, heard=heard, number=7)

    first = ask("t1", want)
    assert first.result is not None
    assert first.result["output"]["error"] == "confirm_first"
    assert not ask("t2", want).ok
    assert not ask("t3", want, question, ("user", "No, wait.")).ok
    assert shop.placed == {} or first.key not in shop.placed

    assert ask("t4", want, question, ("user", "No, wait."), question, ("user", "Yes.")).ok
    assert first.key in shop.placed

    # Who has read it back and heard a yes need not ask again.
    yes = (want, question, ("user", "Yes, please."))
    assert tools.run("own-5", "cancel_order", heard=yes, number=7).ok
    other = tools.run("own-6", "cancel_order", heard=yes, number=8)
    assert other.result is not None
    assert other.result["output"]["error"] == "confirm_first"


def _ends_a_tool_whose_agent_is_gone(tools: Tools) -> None:
    lost = tools.run("own-4", "weather", "read", agent="Nobody", city="Rome")

    assert lost.state == "failed"
    assert "Nobody" in lost.error


def _runs_them_from_the_command_line(
    run_command: Callable[..., tuple[int, str]], shop: Shop
) -> None:
    status, told = run_command("list")
    assert status == 0
    assert "order_status  read, http 127.0.0.1" in told
    assert "weather  read, python tests.support.my_tools" in told
    assert "policies: 8 s, 3 attempts, 2 per call" in told
    assert "order_id (integer, required)" in told

    status, told = run_command("test", "order_status", '{"order_id": 7}')
    assert status == 0
    assert told.startswith("ok after ")
    assert "say: Order 7 is sent." in told

    status, told = run_command("test", "order_status", '{"order_id": "x"}', "--json")
    assert status == 1
    assert orjson.loads(told)["output"]["message"] == "order_id must be of type integer."

    status, told = run_command("test", "cancel_order", '{"number": 3}')
    assert status == 1
    assert "confirm_first" in told
    assert run_command("test", "cancel_order", '{"number": 3}', "--confirmed")[0] == 0

    shop.busy = 9
    status, told = run_command("test", "order_status", '{"order_id": 7}')
    shop.busy = 0
    assert status == 1
    assert "error: unavailable: order_status answered 503" in told

    assert run_command("test", "end_call")[1].startswith("tools: Ada has no tool 'end_call'")
    assert run_command("test", "weather", "{")[1].startswith("tools: the arguments are not JSON")
    assert run_command("test", "weather", "--agent", "Bo")[1].endswith("known are Ada\n")


def _runs_them_over_http(tools: Tools, shop: Shop, settings: Settings) -> None:
    replies = PollingReplies(tools.effects)
    agents = files.load(os.environ["AGENT_FILE"])
    app = make_app(settings, tools_routes.bp, functions.bp, replies=replies, agents=agents)
    client = app.test_client()

    def run(name: str, key: str = "", **body: Any) -> tuple[int, dict[str, Any]]:
        headers = {"Idempotency-Key": key} if key else {}
        answer = client.post(f"/api/tools/{name}/run", json=body, headers=headers)
        return answer.status_code, answer.get_json()

    call = {"call_id": "own-retell", "from_number": "+14155550142"}
    asked = {"name": "order_status", "args": {"order_id": 7}, "call": call}
    told = client.post("/functions/order_status", json=asked).get_json()
    assert (told["ok"], told["say"]) == (True, "Order 7 is sent.")
    asked = {"name": "weather", "args": {"city": "Rome"}, "call": call}
    assert client.post("/functions/weather", json=asked).get_json()["for"] == "own-retell"

    listed = client.get("/api/tools?agent=ada").get_json()
    assert [tool["name"] for tool in listed["tools"]][:2] == ["order_status", "place_order"]

    status, order = run("place_order", "k1", arguments={"items": ["pie"]}, caller="+14155550142")
    assert (status, order["ok"], order["state"]) == (200, True, "done")
    placed = len(shop.placed)
    sent = cast(dict[str, Any], shop.server.seen[-1].json())
    assert sent["call"]["from_number"] == "+14155550142"
    again = run("place_order", "k1", arguments={"items": ["pie"]})[1]
    assert again["output"] == order["output"]
    assert len(shop.placed) == placed
    assert run("place_order", arguments={"items": ["pie"]})[1]["output"] != order["output"]
    status, wrong = run("place_order", "k1", arguments={"items": ["tart"]})
    assert (status, wrong["error"]["code"]) == (400, "idempotency_key_reused")

    assert run("fly")[0] == 404
    assert run("order_status", agent="Bo")[0] == 404
    assert run("order_status", arguments=[1])[1]["output"]["error"] == "bad_arguments"
    assert run("order_status", call_id="a b")[0] == 400
    assert run("order_status", caller=7)[0] == 400
