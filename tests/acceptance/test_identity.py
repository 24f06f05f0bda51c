"""Three businesses on one backend: however a call comes in, it is its own business's to the end.

Their agents have one name and offer the same tools; words, hours, services, zone, confirmation
rule, calendar and notifications differ. Each call uses a tool first and last, with a lost web
process or lost workers between the two.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from redis import Redis
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.adapters.redis import keys
from app.adapters.tools.execution import Effect
from app.security import outgoing
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.phone import ModelControl, Phone
from tests.support.sender import Sender
from tests.support.stack import RunningStack, end, kill
from tests.support.telephone import AudioCall
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True)
class Shop:
    """A business. Its hours are nobody else's, in a zone that is nobody else's."""

    id: str
    number: str
    zone: str
    offset_h: tuple[int, ...]
    opens: int
    service: str
    confirm: bool
    language: str

    @property
    def agent(self) -> str:
        return f"ada-{self.id}"

    @property
    def retell(self) -> str:
        return f"agent_{self.id}"

    @property
    def secret(self) -> str:
        return f"hook-secret-of-{self.id}"

    def written(self, hooks: str) -> str:
        """Its part of the businesses in the agents' file."""
        return (
            f"  {self.id}: {{name: The {self.id}, time_zone: {self.zone}, "
            f'language: {self.language}, numbers: ["{self.number}"], '
            f"booking_webhook_url: {hooks}/{self.id}, "
            f"booking_webhook_secret: '${{HOOK_{self.id.upper()}}}'}}\n"
        )

    def staff(self) -> str:
        """Its agent in the file."""
        hours = f'"{self.opens:02}:00-{self.opens + 3:02}:00"'
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        week = ", ".join(f"{day}: {hours}" for day in days)
        return f"""
  - id: {self.agent}
    name: Ada
    business: {self.id}
    instructions: You speak for the {self.id} and for nobody else.
    retell_agent_ids: [{self.retell}]
    lines: {{greeting: "The {self.id}, good day."}}
    audio: {{speed: 1.5}}
    booking:
      hours: {{{week}}}
      confirm: {str(self.confirm).lower()}
      heed_words: false
      services: [{{id: {self.service}, name: {self.service} job, minutes: 30}}]
"""


BAKERY = Shop("bakery", "+493055501", "Europe/Berlin", (1, 2), 6, "cake", False, "de-DE")
SALON = Shop("salon", "+12125550142", "America/New_York", (-5, -4), 12, "haircut", False, "en-US")
GARAGE = Shop("garage", "+81355550100", "Asia/Tokyo", (9,), 17, "repair", True, "en-GB")
SHOPS = {shop.id: shop for shop in (BAKERY, SALON, GARAGE)}


class Hooks:
    """Where the businesses are told of bookings: each at its own address, with its own secret."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.server = LocalServer(self._answer)

    def _answer(self, request: Request) -> Answer:
        shop = SHOPS[request.path.strip("/")]
        signed = request.headers["callsmith-signature"]
        assert outgoing.verify(request.body, signed, shop.secret, int(time.time()))
        self.told.append((shop.id, dict(request.json())))
        return 200, {}

    def of(self, call_id: str) -> list[tuple[str, str]]:
        """Who was told of a call's bookings, and of what."""
        return [(shop, body["event"]) for shop, body in self.told if body["call_id"] == call_id]


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    found = Hooks()
    yield found
    found.server.stop()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, hooks: Hooks
) -> Iterator[RunningStack]:
    directory = tmp_path_factory.mktemp("identity")
    file = directory / "agents.yaml"
    businesses = "".join(shop.written(hooks.server.url) for shop in SHOPS.values())
    agents = "".join(shop.staff() for shop in SHOPS.values())
    file.write_text(f"default: {BAKERY.agent}\nbusinesses:\n{businesses}agents:{agents}")
    settings = {
        "AGENT_FILE": str(file),
        "WEB_CONCURRENCY": "2",
        "SOCKET_TOKEN": "socket-secret",
        "ADMIN_TOKEN": "admin-secret",
        **{f"HOOK_{shop.id.upper()}": shop.secret for shop in SHOPS.values()},
    }
    stack = RunningStack(directory / "stack", settings)
    stack.start()
    yield stack
    end(stack, failed=bool(request.session.testsfailed))


@pytest.fixture(scope="module")
def redis(stack: RunningStack) -> Iterator[Redis]:
    client = stack.client()
    yield client
    client.close()


@pytest.fixture
def model(stack: RunningStack) -> ModelControl:
    control = ModelControl(stack.model_port)
    control.post("reset")
    return control


def new_id(kind: str) -> str:
    return f"call_{kind}_{uuid.uuid4().hex[:12]}"


def uses(tool: str, **arguments: Any) -> list[dict[str, Any]]:
    """A reply of the model's that uses a tool."""
    return [{"call": tool, "arguments": arguments}]


def effects(redis: Redis, call_id: str) -> list[Effect]:
    """What was asked of tools in a call, in order."""
    members: Any = redis.zrange(keys.effects(call_id), 0, -1)
    return [
        Effect.of(call_id, redis.hgetall(keys.effect(call_id, key.decode())))  # type: ignore[arg-type]
        for key in members
    ]


def settled(redis: Redis, call_id: str, count: int) -> list[Effect]:
    """The call's effects once there are so many and all have ended."""

    def ended() -> bool:
        found = effects(redis, call_id)
        return len(found) >= count and all(effect.settled for effect in found)

    eventually(ended, timeout=60)
    return effects(redis, call_id)


def check_slots(output: dict[str, Any], shop: Shop) -> str:
    """Slots are offered in the business's hours, on its clock, for its service; the first one."""
    slots = output["slots"]
    assert slots, output
    assert shop.service in str(output), (shop.id, output)
    starts = [dt.datetime.fromisoformat(slot["start"]) for slot in slots]
    for start in starts:
        assert shop.opens <= start.hour < shop.opens + 3, (shop.id, start)
        offset = start.utcoffset()
        assert offset is None or offset.total_seconds() / 3600 in shop.offset_h, (shop.id, start)
    return str(slots[0]["slot_id"])


def check_call(
    redis: Redis, hooks: Hooks, call_id: str, shop: Shop, *, tools: int = 2
) -> list[Effect]:
    """All that the call left is its business's, and nobody else's."""
    found = settled(redis, call_id, tools)
    for effect in found:
        whose = (effect.context["agent"], effect.context["business"])
        assert whose == (shop.agent, shop.id), (effect.tool, whose)
    first, last = found[0], found[-1]
    assert (first.tool, last.tool) == ("check_availability", "book_appointment")
    assert first.result is not None
    check_slots(first.result["output"], shop)
    check_booking(redis, hooks, last, shop)
    return found


def check_booking(redis: Redis, hooks: Hooks, effect: Effect, shop: Shop) -> None:
    """Where a yes is asked for nothing is written; else it is in the business's own calendar, and
    the business alone was told."""
    assert effect.result is not None
    calendars = {each: in_calendar(redis, each, effect.call_id) for each in SHOPS}
    if shop.confirm:
        assert not effect.ok, effect.result
        assert calendars == dict.fromkeys(SHOPS, 0)
        return
    assert effect.ok, effect.result
    assert calendars == {each: int(each == shop.id) for each in SHOPS}
    eventually(lambda: hooks.of(effect.call_id), timeout=60)
    assert hooks.of(effect.call_id) == [(shop.id, "booking.created")]


def in_calendar(redis: Redis, shop: str, call_id: str) -> int:
    """How many appointments a call made in a business's embedded calendar."""
    owner: Any = redis.get(keys.MAIN_CALENDAR_OWNER)
    name = "main" if owner == shop.encode() else shop
    held: Any = redis.hvals(f"calendar:{{{name}}}:events")
    return sum(call_id.encode() in blob for blob in held)


def offered(redis: Redis, call_id: str) -> str:
    """The slot that the call's first tool has offered."""
    (first, *_) = settled(redis, call_id, 1)
    assert first.result is not None, first
    return str(first.result["output"]["slots"][0]["slot_id"])


def booking(slot: str) -> dict[str, str]:
    return {"slot_id": slot, "name": "Dana Reyes", "phone": "+14155550123"}


def check_session(model: ModelControl, shop: Shop) -> None:
    """The newest session of the model's speaks for the business."""
    sessions = model.get("sessions")["sessions"]
    newest = model.get(f"sessions/{sessions[-1]['session']}")
    told = str(newest)
    assert f"You speak for the {shop.id} " in told
    for other in SHOPS.values():
        assert other is shop or f"You speak for the {other.id} " not in told


def held_by(stack: RunningStack, call_id: str) -> None:
    """Kill the web process that holds the call; another goes on, the supervisor starts one anew."""
    port = stack.model_port
    for process in stack.web_processes():
        links = process.net_connections("tcp")
        if any(link.raddr and link.raddr.port == port for link in links):
            kill(process)
            return
    raise AssertionError(f"nobody holds {call_id}")


def lose_workers(stack: RunningStack) -> None:
    """The workers are gone and come back."""
    assert stack.workers is not None
    stack.workers.stop()
    stack.start_workers()


SOCKETS = (
    pytest.param("details", SALON, id="details"),
    pytest.param("number", GARAGE, id="number"),
    pytest.param("address", GARAGE, id="address"),
)


@pytest.mark.parametrize(("how", "shop"), SOCKETS)
def test_retells_socket(
    stack: RunningStack, redis: Redis, hooks: Hooks, model: ModelControl, how: str, shop: Shop
) -> None:
    url = stack.socket_url + (f"/agents/{shop.agent}" if how == "address" else "")
    phone = Phone(url, new_id("socket"))
    details = {"call_id": phone.call_id, "direction": "inbound", "from_number": "+14155550123"}
    told = {"details": {"agent_id": shop.retell}, "number": {"to_number": shop.number}}
    phone.send(interaction_type="call_details", call={**details, **told.get(how, {})})
    phone.wait(lambda: f"The {shop.id}, good day." in phone.text(0))
    model.script(uses("check_availability"), "One moment.", "Well.")
    phone.hear()
    phone.ask("What is free?")
    slot = offered(redis, phone.call_id)
    phone.answered(phone.response_id)
    check_session(model, shop)

    held_by(stack, phone.call_id)
    eventually(lambda: phone.closed is not None)
    eventually(lambda: stack.records.get("/ready")[0] == 200)
    if how == "number":
        lose_workers(stack)
    phone.connect(url)
    phone.send(interaction_type="call_details", call={**details, **told.get(how, {})})
    model.script(uses("book_appointment", **booking(slot)), "Done.", "Well.")
    phone.ask("The first one, please.")
    check_call(redis, hooks, phone.call_id, shop)
    phone.answered(phone.response_id)
    check_session(model, shop)
    phone.hang_up()
    eventually(lambda: stack.story(phone.call_id)["status"] == "ended")
    story = stack.story(phone.call_id)
    assert (story["agent_ref"]["agent"], story["agent_ref"]["business"]) == (shop.agent, shop.id)


FUNCTIONS = (
    pytest.param("details", SALON, id="details"),
    pytest.param("number", GARAGE, id="number"),
    pytest.param("address", SALON, id="address"),
)


def function(stack: RunningStack, tool: str, call: dict[str, Any], query: str, **args: Any) -> Any:
    body = {"name": tool, "args": args, "call": call}
    with Sender(stack.port) as sender:
        answer = sender.post(f"/functions/{tool}{query}", body)
    assert answer.status == 200, answer
    return answer.body


@pytest.mark.parametrize(("how", "shop"), FUNCTIONS)
def test_custom_functions(
    stack: RunningStack, redis: Redis, hooks: Hooks, how: str, shop: Shop
) -> None:
    told = {"details": {"agent_id": shop.retell}, "number": {"to_number": shop.number}}
    call = {
        "call_id": new_id("function"), "direction": "inbound", "from_number": "+14155550123",
        **told.get(how, {}),
    }  # fmt: skip
    query = f"?agent={shop.agent}" if how == "address" else ""
    found = function(stack, "check_availability", call, query)
    slot = check_slots(found, shop)
    if how == "number":
        lose_workers(stack)
    function(stack, "book_appointment", call, query, **booking(slot))
    check_call(redis, hooks, call["call_id"], shop)


def test_a_job_that_is_done_an_hour_later(stack: RunningStack, redis: Redis, hooks: Hooks) -> None:
    """The workers are away for an hour: the clock is put back by hand."""
    call = {
        "call_id": new_id("late"), "direction": "inbound", "agent_id": SALON.retell,
        "from_number": "+14155550123",
    }  # fmt: skip
    slot = check_slots(function(stack, "check_availability", call, ""), SALON)
    assert stack.workers is not None
    stack.workers.stop()
    function(stack, "book_appointment", call, "", **booking(slot))
    (late,) = [each for each in effects(redis, call["call_id"]) if not each.settled]
    name = keys.effect(call["call_id"], late.key)
    for field in ("asked_at", "deadline"):
        redis.hset(name, field, str(float(redis.hget(name, field) or 0) - 3600))
    stack.start_workers()
    check_call(redis, hooks, call["call_id"], SALON)


@pytest.mark.parametrize(
    ("how", "shop"), [pytest.param("number", GARAGE), pytest.param("address", SALON)]
)
def test_inbound_webhook(stack: RunningStack, how: str, shop: Shop) -> None:
    ringing: dict[str, Any] = {"from_number": "+14155550123", "to_number": "+15550000000"}
    if how == "number":
        ringing["to_number"] = shop.number
    body = {"event": "call_inbound", "call_inbound": ringing}
    with Sender(stack.port) as sender:
        query = f"?agent={shop.agent}" if how == "address" else ""
        answer = sender.post(f"/webhook/retell/inbound{query}", body)
        assert answer.status == 200, answer
        told = answer.body["call_inbound"]
    assert told["metadata"]["agent_ref"]["business"] == shop.id
    variables = told["dynamic_variables"]
    assert (variables["business"], variables["time_zone"]) == (f"The {shop.id}", shop.zone)
    # The token opens no other business's agent, not even at its own address.
    token, call_id = variables["socket_token"], new_id("ring")
    base = stack.socket_url.rpartition("/")[0]
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{base}/{token}/agents/{BAKERY.agent}/{call_id}")
    assert refused.value.response.status_code == 403
    with connect(f"{base}/{token}/agents/{shop.agent}/{call_id}") as ws:
        assert ws.recv(timeout=30)


AUDIO = (
    pytest.param("number", SALON, id="number"),
    pytest.param("address", GARAGE, id="address"),
)


@pytest.mark.parametrize(("how", "shop"), AUDIO)
def test_twilio(
    stack: RunningStack, redis: Redis, hooks: Hooks, model: ModelControl, how: str, shop: Shop
) -> None:
    where = {"to": shop.number} if how == "number" else {"agent": shop.agent}
    call = AudioCall(stack, number="+14155550123", wait=60.0, **where).start()
    call.until_spoken()
    call_id = call.outcome.call_sid
    model.script(uses("check_availability"), "One moment.", "Well.")
    call.say("What is free?")
    slot = offered(redis, call_id)
    check_session(model, shop)
    model.script(uses("book_appointment", **booking(slot)), "Done.", "Well.")
    call.say("The first one, please.")
    check_call(redis, hooks, call_id, shop)
    call.phone.hang_up()
    call.finish()
    story = stack.story(call_id)
    assert (story["agent_ref"]["agent"], story["agent_ref"]["business"]) == (shop.agent, shop.id)


def test_the_browser(stack: RunningStack, redis: Redis, model: ModelControl) -> None:
    """A page's token is for the agent that the page was opened for."""
    headers = {"Authorization": "Bearer admin-secret"}
    asked = f"/console/talk/call?agent={GARAGE.agent}"
    status, raw = stack.records.post(asked, b"{}", headers)
    assert status == 200, raw
    about = orjson.loads(raw)

    def start(agent: str) -> str:
        begin = {
            "event": "start",
            "streamSid": "MZ1",
            "start": {
                "callSid": about["call_id"],
                "streamSid": "MZ1",
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": {"token": about["token"], "agent": agent},
            },
        }
        return orjson.dumps(begin).decode()

    with connect(about["socket"]) as ws:
        ws.send(start(SALON.agent))
        assert [*ws] == []
        assert ws.close_code == 1008
    with connect(about["socket"]) as ws:
        ws.send(start(about["agent"]))
        while orjson.loads(ws.recv(timeout=30))["event"] != "media":
            pass
        check_session(model, GARAGE)
        eventually(lambda: "agent_ref" in stack.story(about["call_id"]), timeout=30)
    story = stack.story(about["call_id"])
    assert (story["agent_ref"]["agent"], story["agent_ref"]["business"]) == (
        GARAGE.agent, GARAGE.id,
    )  # fmt: skip


WEBHOOKS = (
    pytest.param("plain", SALON, id="plain-by-member"),
    pytest.param("address", SALON, id="plain-by-address"),
    pytest.param("details", SALON, id="retell-by-details"),
    pytest.param("number", SALON, id="retell-by-number"),
)


@pytest.mark.parametrize(("how", "shop"), WEBHOOKS)
def test_calls_of_other_models(
    stack: RunningStack, redis: Redis, hooks: Hooks, how: str, shop: Shop
) -> None:
    """What is said in a call that is heard of by webhooks alone is done as the right business."""
    call_id = new_id("hook")
    day = dt.date.today() + dt.timedelta(days=5)
    wish = f"Book me a {shop.service} job on {day:%B %-d} at 1 pm. My name is Dana Reyes."
    query = f"?agent={shop.agent}" if how == "address" else ""
    with Sender(stack.port) as sender:

        def send(body: dict[str, Any]) -> None:
            answer = sender.post(f"/webhook/retell{query}", body)
            assert answer.status == 200, answer

        if how in ("plain", "address"):
            named = {"agent": shop.agent} if how == "plain" else {}
            common = {"sessionId": call_id, **named}
            send({"event": "session_start", **common})
            send({"event": "transcript", "transcript": wish, "isFinal": True, **common})
            send({"event": "session_end", **common})
        else:
            told = {"details": {"agent_id": shop.retell}, "number": {"to_number": shop.number}}
            now_ms = int(time.time() * 1000)
            call = {
                "call_id": call_id, "call_type": "phone_call", "direction": "inbound",
                "from_number": "+14155550123", "start_timestamp": now_ms - 20_000, **told[how],
            }  # fmt: skip
            send({"event": "call_started", "call": {**call, "call_status": "ongoing"}})
            talk = [{"role": "user", "content": wish}]
            ended = {"call_status": "ended", "transcript_object": talk, "end_timestamp": now_ms}
            send({"event": "call_ended", "call": {**call, **ended}})
    eventually(lambda: any(e.tool == "book_appointment" for e in effects(redis, call_id)))
    for effect in settled(redis, call_id, 1):
        whose = (effect.context["agent"], effect.context["business"])
        assert whose == (shop.agent, shop.id)
    check_booking(redis, hooks, effects(redis, call_id)[-1], shop)
    story = stack.story(call_id)
    assert (story["agent_ref"]["agent"], story["agent_ref"]["business"]) == (shop.agent, shop.id)
