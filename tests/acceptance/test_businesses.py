"""Two businesses on one program of real processes: a call is its own business's to the end.

The first tool of a call and its last are run by other worker processes, and between them the web
process that has the call is killed. Each agent has a tool of its own server's, which is told name,
business and language of whoever uses it.
"""

from __future__ import annotations

import datetime as dt
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import psutil
import pytest
from redis import Redis

from app.adapters.redis import keys
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from app.settings import Settings
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.phone import Phone
from tests.support.sender import Sender
from tests.support.shops import BAKERY, CALLER, GARAGE, SALON, Hooks, Shop, in_calendar
from tests.support.stack import RunningStack, children, end, kill
from tests.support.telephone import AudioCall, control, live_sessions
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

#: Processes start anew on a machine that has much to do.
PATIENCE_S = 200.0
#: The default agent is none of the two: what goes astray ends at the bakery.
PAIR = (SALON, GARAGE)
ASKED = [{"call": "log_visit", "arguments": {"at": "first"}}, {"call": "check_availability"}]


class Visits:
    """The servers of the businesses' own tools: who used them in which call."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, tuple[Any, ...]]] = []
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Answer:
        told: Any = request.json()["call"]
        who = (told["agent_name"], told["business"], told["language"])
        self.seen.append((told["call_id"], request.path.strip("/"), who))
        return 200, {"logged": True}


def tools(shop: Shop, url: str) -> str:
    """The lines of an agent's tools in the file."""
    return f"""\
    tools:
      - check_availability
      - book_appointment
      - name: log_visit
        description: Note that somebody called.
        kind: write
        url: {url}/{shop.id}
        parameters: {{type: object, properties: {{at: {{type: string, description: When}}}}}}
    lines: {{greeting: "Good day, the {shop.id}."}}
    turn_taking: {{unheard_after_ms: 300000}}
    audio: {{speed: 1.5, idle_ms: 600000}}
"""


class Street:
    """The running program, its businesses, and what they are told."""

    def __init__(self, directory: Path) -> None:
        self.hooks, self.visits = Hooks(), Visits()
        shops = (BAKERY, *PAIR)
        homes = "".join(shop.written(self.hooks.server.url) for shop in shops)
        staff = "".join(shop.staff(tools(shop, self.visits.server.url)) for shop in shops)
        # Nobody confirms here: whether the booking is made is what is looked at.
        text = f"default: {BAKERY.agent}\nbusinesses:\n{homes}agents:{staff}"
        file = directory / "agents.yaml"
        file.write_text(text.replace("confirm: true", "confirm: false"))
        secrets = {f"HOOK_{shop.id.upper()}": shop.secret for shop in shops}
        settings = {"AGENT_FILE": str(file), "WEB_CONCURRENCY": "2", "TOOLS_ALLOW_PRIVATE": "1"}
        self.stack = RunningStack(directory / "stack", {**settings, **secrets})
        self.stack.start()
        url = self.stack.env["REDIS_URL"]
        self.redis = Redis.from_url(url)
        self.store = EffectStore(self.redis, Settings(redis_url=url))

    def effect(self, call_id: str, tool: str) -> Effect | None:
        """The newest use of a tool in a call."""
        found = [each for each in self.store.of_call(call_id) if each.tool == tool]
        return found[-1] if found else None

    def result(self, call_id: str, tool: str) -> dict[str, Any]:
        """What a tool gave in a call, once it has."""

        def settled() -> Effect | None:
            effect = self.effect(call_id, tool)
            return effect if effect is not None and effect.settled else None

        effect = eventually(settled, timeout=PATIENCE_S)
        assert effect.ok, effect
        return dict(effect.result["output"]) if effect.result else {}

    def until_asked(self, call_id: str, tool: str) -> None:
        """Wait until a tool is asked for in a call."""
        eventually(lambda: self.effect(call_id, tool), timeout=PATIENCE_S, poll=0.2)

    def slot(self, call_id: str, shop: Shop) -> str:
        """A slot that was offered in the call."""
        return shop.slot_in(self.result(call_id, "check_availability"), call_id)

    def script(self, *replies: Any) -> None:
        """What the model answers next, and nothing that is left from before."""
        control(self.stack, "script", method="DELETE")
        control(self.stack, "script", {"replies": list(replies)})

    def stop_workers(self) -> None:
        """From now on no worker does anything, and none is replaced."""
        supervisor = self.stack.workers
        assert supervisor is not None
        supervisor.send(signal.SIGSTOP)
        for process in children(supervisor):
            process.suspend()

    def replace_workers(self) -> None:
        """The workers are killed, and others begin."""
        supervisor = self.stack.workers
        assert supervisor is not None
        for process in children(supervisor):
            process.kill()
        supervisor.kill()
        self.stack.start_workers()

    def kill_web(self, process: psutil.Process) -> None:
        """A web process is gone; the other one and its successor serve."""
        kill(process)
        eventually(lambda: len(self.stack.web_processes()) == 2, timeout=PATIENCE_S)

    def connected(self, port: int) -> psutil.Process:
        """The web process that has a connection with a port of ours."""
        for process in self.stack.web_processes():
            for each in process.net_connections("tcp"):
                if each.raddr and each.raddr.port == port and each.status == "ESTABLISHED":
                    return process
        raise AssertionError(f"no web process is connected with {port}")

    def check(self, call_id: str, shop: Shop, *, visits: int) -> None:
        """All that the call has left is its business's, and nobody else's; `visits` are the uses of
        the business's own tool."""
        self.result(call_id, "book_appointment")
        for effect in self.store.of_call(call_id):
            assert (effect.context["agent"], effect.context["business"]) == (shop.agent, shop.id)
        shops = (BAKERY, *PAIR)
        made = {each.id: in_calendar(self.redis, each.id, call_id) for each in shops}
        assert made == {each.id: int(each is shop) for each in shops}

        def told() -> set[tuple[str, str]]:
            return {(whose, event) for call, whose, event in self.hooks.told if call == call_id}

        eventually(lambda: (shop.id, "booking.created") in told(), timeout=PATIENCE_S)
        assert {whose for whose, _ in told()} == {shop.id}
        kept: Any = self.redis.hget(keys.summary(call_id), "agent_ref")
        who = orjson.loads(kept)
        assert (who["agent"], who["business"]) == (shop.agent, shop.id)
        right = (shop.id, ("Ada", f"The {shop.id}", shop.language))

        def logged() -> list[Any]:
            return [each[1:] for each in self.visits.seen if each[0] == call_id]

        eventually(lambda: len(logged()) >= visits, timeout=PATIENCE_S)
        assert logged() == [right] * visits


@pytest.fixture(scope="module")
def street(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Street]:
    made = Street(tmp_path_factory.mktemp("street"))
    yield made
    made.redis.close()
    end(made.stack, failed=bool(request.session.testsfailed))
    made.hooks.server.stop()
    made.visits.server.stop()


def book(slot: str) -> list[dict[str, Any]]:
    """The model logs a visit and books."""
    visit = {"call": "log_visit", "arguments": {"at": "last"}}
    wanted = {"slot_id": slot, "name": "Dana Reyes"}
    return [visit, {"call": "book_appointment", "arguments": wanted}]


def port_of(phone: Phone) -> int:
    """The telephone's end of its connection."""
    return int(phone.ws.socket.getsockname()[1])


def reconnect(phone: Phone, address: str) -> None:
    """As Retell does after a lost connection, until a process takes it."""

    def attempt() -> bool:
        try:
            phone.connect(address)
        except Exception as error:
            raise AssertionError from error  # not yet: the process is just gone
        return True

    eventually(attempt, timeout=PATIENCE_S, poll=0.5)


def test_retells_socket(street: Street) -> None:
    """One call is told by its address, the other by its details, which come but once."""
    base = street.stack.socket_url
    addresses = {SALON: f"{base}/agents/{SALON.agent}", GARAGE: base}
    calls = {}
    for shop, address in addresses.items():
        phone = calls[shop] = Phone(address, f"call_{uuid.uuid4().hex}")
        if shop is GARAGE:
            line = {"direction": "inbound", "from_number": CALLER, "to_number": "+15550000000"}
            about = {"call_id": phone.call_id, "agent_id": shop.retell, **line}
            phone.send(interaction_type="call_details", call=about)
        eventually(lambda phone=phone: phone.text(0), timeout=PATIENCE_S)  # type: ignore[misc]
        assert shop.id in phone.text(0)
    slots = {}
    for shop, phone in calls.items():
        street.script(ASKED, "Those are the times.")
        phone.answered(phone.ask("What times do you have?"), PATIENCE_S)
        slots[shop] = street.slot(phone.call_id, shop)
    held = {shop: street.connected(port_of(phone)) for shop, phone in calls.items()}
    for process in {held[SALON].pid: held[SALON], held[GARAGE].pid: held[GARAGE]}.values():
        street.kill_web(process)
    for shop, phone in calls.items():
        phone.wait(lambda phone=phone: phone.closed is not None, PATIENCE_S)  # type: ignore[misc]
        reconnect(phone, addresses[shop])
    street.stop_workers()
    for shop, phone in calls.items():
        street.script(book(slots[shop]), "It is under way.")
        phone.ask("The first one, please. I am Dana Reyes.")
        street.until_asked(phone.call_id, "book_appointment")
    street.replace_workers()
    for shop, phone in calls.items():
        street.check(phone.call_id, shop, visits=2)
        phone.hang_up()


def test_a_custom_function_whose_job_is_an_hour_late(street: Street) -> None:
    call = {
        "call_id": f"call_{uuid.uuid4().hex}",
        "agent_id": SALON.retell,
        "direction": "inbound",
        "from_number": CALLER,
        "to_number": "+15550000000",
    }
    call_id = str(call["call_id"])

    def use(tool: str, **args: Any) -> dict[str, Any]:
        with Sender(street.stack.port, timeout=60) as sender:
            answer = sender.post(f"/functions/{tool}", {"name": tool, "args": args, "call": call})
        assert answer.status == 200, answer
        return answer.body

    use("log_visit", at="first")
    use("check_availability")
    slot = street.slot(call_id, SALON)
    for process in street.stack.web_processes():
        street.kill_web(process)
    street.stop_workers()
    late = use("book_appointment", slot_id=slot, name="Dana Reyes")
    assert late["error"] == "pending"
    effect = street.effect(call_id, "book_appointment")
    assert effect is not None
    name = keys.effect(call_id, effect.key)
    for field in ("asked_at", "deadline"):
        then: Any = street.redis.hget(name, field)
        street.redis.hset(name, field, f"{float(then) - 3600:.3f}")
    street.replace_workers()
    street.check(call_id, SALON, visits=1)


def test_a_plain_webhook(street: Street) -> None:
    call_id = f"plain-{uuid.uuid4().hex}"
    day = dt.datetime.now(ZoneInfo(SALON.zone)).date() + dt.timedelta(days=5)
    wish = f"Book me a haircut job on {day:%B} {day.day} at 1 pm. My name is Dana Reyes."
    with Sender(street.stack.port, timeout=60) as sender:
        assert sender.event("session_start", call_id, agent=SALON.agent).status == 200
        street.stop_workers()
        said = {"transcript": wish, "isFinal": True}
        assert sender.event("transcript", call_id, agent=SALON.agent, **said).status == 200
        street.replace_workers()
        eventually(lambda: street.effect(call_id, "book_appointment"), timeout=PATIENCE_S, poll=0.2)
        street.check(call_id, SALON, visits=0)
        sender.event("session_end", call_id, agent=SALON.agent)


def test_a_telephone_call(street: Street) -> None:
    eventually(lambda: live_sessions(street.stack) == 0, timeout=PATIENCE_S)
    call = AudioCall(street.stack, wait=None, to=GARAGE.number).start()
    call_id = call.outcome.call_sid
    call.until_spoken(timeout=PATIENCE_S)
    street.script(ASKED, "Those are the times.")
    call.say("What times do you have?")
    slot = street.slot(call_id, GARAGE)
    heard = call.until_spoken(timeout=PATIENCE_S)
    street.kill_web(street.connected(street.stack.model_port))
    call.until("connected", 2, PATIENCE_S)
    call.until_spoken(heard, timeout=PATIENCE_S)
    street.stop_workers()
    street.script(book(slot), "It is under way.")
    call.say("The first one, please. I am Dana Reyes.")
    street.until_asked(call_id, "book_appointment")
    street.replace_workers()
    street.check(call_id, GARAGE, visits=2)
    call.phone.hang_up()
    call.finish(PATIENCE_S)
