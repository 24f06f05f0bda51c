"""Agents change while the program runs: gunicorn with two processes, workers, one Redis."""

from __future__ import annotations

import http.client
import os
import signal
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from redis import Redis
from websockets.exceptions import InvalidStatus

from app.adapters.agents.versions.stored import AgentStore, Change
from app.adapters.redis import keys
from tests.support.phone import ModelControl, Phone
from tests.support.stack import RunningStack, children, end, kill
from tests.support.waiting import eventually

FILE = """\
default: ada
agents:
  - id: ada
    name: Ada
    business: Bakery
    instructions: Sell cakes.
    lines: {greeting: "Cakes, good day."}
"""


class Changing:
    """A stack whose agents' file and API a test writes to."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "agents.yaml"
        self.file.write_text(FILE)
        settings = {"AGENT_FILE": str(self.file), "WEB_CONCURRENCY": "2"}
        self.stack = RunningStack(directory / "stack", settings)
        self.stack.start()
        self.redis = Redis.from_url(self.stack.env["REDIS_URL"])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of an answer of the API."""
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
        try:
            raw = None if body is None else orjson.dumps(body)
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, raw, {"Content-Type": "application/json", **named})
            answer = connection.getresponse()
            return answer.status, orjson.loads(answer.read())
        finally:
            connection.close()

    def put(self, agent: str, **more: Any) -> None:
        """Put an agent, whatever it was."""
        document = {"name": agent.title(), "business": "Bakery", "instructions": "x", **more}
        status, told = self.ask("PUT", f"/api/agents/{agent}", document, If_Match="*")
        if status == 412:
            status, told = self.ask("PUT", f"/api/agents/{agent}", document)
        assert status in (200, 201), told

    def web_lines(self) -> list[http.client.HTTPConnection]:
        """A connection to each web process, that stays with it."""
        found: dict[int, http.client.HTTPConnection] = {}
        spare = []

        def look() -> bool:
            line = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
            line.connect()
            known = knows(line, "nobody")
            assert not known
            port = line.sock.getsockname()[1]
            spare.append(line)
            for process in children(self.stack.web):
                if any(each.raddr and each.raddr.port == port for each in connections(process)):
                    found.setdefault(process.pid, line)
            return len(found) == 2

        eventually(look)
        for line in spare:
            if line not in found.values():
                line.close()
        return list(found.values())

    def wait_for_web(self) -> None:
        """Until the web answers again, on a busy machine too."""

        def ready() -> bool:
            with urllib.request.urlopen(f"{self.stack.base}/ready", timeout=20) as answer:
                return bool(answer.status == 200)

        eventually(ready, timeout=300)

    def log(self, name: str) -> str:
        """What a part has logged."""
        return (self.stack.directory / f"{name}.log").read_text(errors="replace")

    def taken_by_workers(self) -> int:
        """How often worker processes have taken up a change."""
        return self.log("workers").count('"agents are up to date"')


def connections(process: psutil.Process) -> Any:
    return process.net_connections(kind="tcp")


def knows(line: http.client.HTTPConnection, agent: str) -> bool:
    """Whether the process at the other end knows an agent; it asks nobody for that."""
    body = orjson.dumps({"transcript": "hello", "agent": agent})
    line.request("POST", "/webhook/realtime", body, {"Content-Type": "application/json"})
    answer = line.getresponse()
    answer.read()
    return answer.status == 200


@pytest.fixture(scope="module")
def changing(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Changing]:
    made = Changing(tmp_path_factory.mktemp("changing"))
    yield made
    made.redis.close()
    end(made.stack, failed=bool(request.session.testsfailed))


def test_a_change_reaches_every_process(changing: Changing) -> None:
    lines, before = changing.web_lines(), changing.taken_by_workers()
    changing.put("ben")
    began = time.monotonic()
    for line in lines:
        eventually(lambda line=line: knows(line, "ben"))  # type: ignore[misc]
    eventually(lambda: changing.taken_by_workers() >= before + 2)
    # The slow look comes every three seconds: it was the message that told.
    assert time.monotonic() - began < 2.5
    for line in lines:
        line.close()


def test_a_lost_message_is_made_up_for(changing: Changing, monkeypatch: pytest.MonkeyPatch) -> None:
    lines, before = changing.web_lines(), changing.taken_by_workers()
    monkeypatch.setattr(keys, "AGENTS_CHANGED", "nobody:listens")
    store = AgentStore(changing.redis)
    cem = {"id": "cem", "name": "Cem", "business": "Bakery", "instructions": "x"}
    wrote = store.write(
        [Change("agent", "cem", cem)], expected=store.generation(), by="a test", at=time.time()
    )
    assert wrote is not None
    for line in lines:
        eventually(lambda line=line: knows(line, "cem"))  # type: ignore[misc]
    eventually(lambda: changing.taken_by_workers() >= before + 2)
    for line in lines:
        line.close()


def test_a_broken_file_is_refused_and_a_good_one_is_taken(changing: Changing) -> None:
    lines = changing.web_lines()
    changing.file.write_text(FILE.replace("instructions", "instruct"))

    def refused() -> bool:
        told = changing.ask("GET", "/api/agents")[1]["problems"]
        return len(told) == 4 and all("instruct" in str(each["problems"]) for each in told)

    eventually(refused)
    assert "agents.yaml:6: instruct" in changing.log("workers")
    assert all(knows(line, "ada") for line in lines)
    dan = "  - {id: dan, name: Dan, business: Bakery, instructions: x}\n"
    changing.file.write_text(FILE + dan)
    for line in lines:
        eventually(lambda line=line: knows(line, "dan"))  # type: ignore[misc]
    eventually(lambda: changing.ask("GET", "/api/agents")[1]["problems"] == [])
    changing.file.write_text(FILE)
    for process in children(changing.stack.web):
        process.send_signal(signal.SIGHUP)
    os.kill(changing.stack.workers.pid, signal.SIGHUP)  # type: ignore[union-attr]
    for line in lines:
        eventually(lambda line=line: not knows(line, "dan"))  # type: ignore[misc]
        assert knows(line, "ben")
        line.close()


@pytest.mark.timeout(600)
def test_processes_start_although_the_file_is_broken(changing: Changing) -> None:
    changing.file.write_text("agents: [")
    stack = changing.stack
    eventually(lambda: "did not find expected node" in changing.log("workers"))
    for process in (*children(stack.web), *children(stack.workers)):
        kill(process)
    eventually(lambda: len(children(stack.web)) == 2 == len(children(stack.workers)))
    changing.wait_for_web()
    stack.wait_for_workers()
    lines = changing.web_lines()
    assert all(knows(line, "ada") and knows(line, "ben") for line in lines)
    changing.file.write_text(FILE)
    eventually(lambda: changing.ask("GET", "/api/agents")[1]["problems"] == [])
    for line in lines:
        line.close()


@pytest.mark.timeout(600)
def test_a_call_keeps_its_version_wherever_it_goes(changing: Changing) -> None:
    stack, model = changing.stack, ModelControl(changing.stack.model_port)
    cakes, bread = "You sell cakes and nothing else.", "You sell bread and nothing else."
    tools = ["check_availability"]
    changing.put("eve", instructions=cakes, tools=tools, lines={"greeting": "Cakes, hello."})
    address = f"{stack.socket_url}/agents/eve"
    phone = dial(address)
    phone.wait(lambda: "Cakes" in phone.text(0))
    summary = keys.summary(phone.call_id)

    def version() -> str:
        return str(orjson.loads(changing.redis.hget(summary, "agent_ref") or b"{}")["version"])

    first = eventually(version)
    changing.put("eve", instructions=bread, tools=[], lines={"greeting": "Bread, hello."})
    assert changing.ask("DELETE", "/api/agents/eve", If_Match="*")[0] == 200

    # Every process that has ever seen the first version is gone.
    for process in children(stack.web):
        kill(process)
    eventually(lambda: len(children(stack.web)) == 2)
    changing.wait_for_web()
    stack.workers.stop(30)  # type: ignore[union-attr]
    stack.start_workers()
    phone.connect(address)
    model.script([{"call": "check_availability", "arguments": {}}], "That is all there is.")
    phone.ask("What times do you have?")
    phone.answered(1)
    assert any(cakes in str(each) for each in sessions(model)[-1:])
    assert version() == first
    eventually(lambda: "a version of an agent was fetched" in changing.log("web"))
    eventually(lambda: "a version of an agent was fetched" in changing.log("workers"))
    story = stack.story(phone.call_id)
    assert [(each["tool"], each["state"]) for each in story["tool_calls"]] == [
        ("check_availability", "done")
    ]
    # A new call has the new version.
    changing.put("eve", instructions=bread, tools=[], lines={"greeting": "Bread, hello."})
    other = dial(address)
    other.wait(lambda: "Bread" in other.text(0))
    phone.hang_up()
    other.hang_up()


@pytest.mark.timeout(600)
def test_a_version_that_is_gone_is_not_replaced_by_another(changing: Changing) -> None:
    changing.put("fay", lines={"greeting": "First, hello."})
    address = f"{changing.stack.socket_url}/agents/fay"
    phone = dial(address)
    phone.wait(lambda: "First" in phone.text(0))
    eventually(lambda: changing.redis.exists(f"call:{{{phone.call_id}}}:state"))
    changing.put("fay", lines={"greeting": "Second, hello."})
    for process in children(changing.stack.web):
        kill(process)
    for key in changing.redis.scan_iter("business:bakery:agent:fay:*"):
        changing.redis.delete(key)
    eventually(lambda: len(children(changing.stack.web)) == 2)
    changing.wait_for_web()
    at = len(phone.frames)
    phone.connect(address)
    phone.wait(lambda: phone.closed is not None)
    assert phone.closed == 1008
    assert not any("Second" in str(frame) for frame in phone.frames[at:])
    assert 'agent_versions_total{how="gone"}' in str(metrics(changing))


def dial(address: str) -> Phone:
    """A new call, as soon as the process that takes it knows its agent."""

    def attempt() -> Phone | None:
        try:
            return Phone(address, f"call_{uuid.uuid4().hex}")
        except InvalidStatus:
            return None

    return eventually(attempt)


def sessions(model: ModelControl) -> list[Any]:
    """All sessions of the model, with what they were told."""
    listed = model.get("sessions")["sessions"]
    return [model.get(f"sessions/{each['session']}") for each in listed]


def metrics(changing: Changing) -> bytes:
    with urllib.request.urlopen(f"{changing.stack.base}/metrics", timeout=20) as answer:
        return bytes(answer.read())
