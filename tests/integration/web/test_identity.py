"""Three businesses on one backend: however a call comes in, it is its own business's to the end.

Their agents have one name and the same tools; words, hours, services, zone, language, confirmation
rule, calendar and notifications differ. A call's first tool and its last come in by different web
processes, and are run by workers that were started anew between the two.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from flask.testing import FlaskClient
from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

import workers.runtime
from app.adapters import job_names
from app.adapters.notify.messages import Messages, promised_callback
from app.adapters.redis import keys
from app.adapters.tools.execution import Effect
from app.adapters.tools.replies import Reply
from app.core.agent.reference import AgentRef
from app.settings import Settings
from app.web.application import BLUEPRINTS
from tests.support.shops import BAKERY, CALLER, GARAGE, SALON, SHOPS, Hooks, Shop, in_calendar
from tests.support.web_app import make_app
from workers import calls, effects, notifications
from workers.bookings import booking_tools


class Workers:
    """Replies of tools that workers run as soon as somebody waits for them; none while `away`."""

    process = "test-process"

    def __init__(self) -> None:
        self.away = False

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        if self.away:
            return None
        effects.run(effect.call_id, effect.key)
        found = workers.runtime.runtime().effects.get(effect.call_id, effect.key)
        return Reply.of(found, tool_call_id) if found and found.settled else None


class Backend:
    """Web processes and workers over one Redis."""

    def __init__(self, settings: Settings, hooks: Hooks) -> None:
        self.settings = settings
        self.hooks = hooks
        self.workers = Workers()
        self.start_workers()

    @property
    def redis(self) -> Redis:
        return workers.runtime.runtime().redis

    def start_workers(self) -> None:
        """Workers that know nothing of what those before them did."""
        workers.runtime._runtime = None
        workers.runtime.open_runtime(self.settings, connections=4, tools=booking_tools())

    def web(self) -> FlaskClient:
        """A web process that knows nothing of what others did."""
        return make_app(self.settings, *BLUEPRINTS, replies=self.workers).test_client()

    def effects(self, call_id: str) -> list[Effect]:
        """What was asked of tools in a call, in order."""
        return workers.runtime.runtime().effects.of_call(call_id)

    def tell(self) -> None:
        """Work off what others are to be told of."""
        jobs: dict[str, Callable[..., None]] = {
            job_names.ANNOUNCE: notifications.announce,
            job_names.DELIVER: notifications.deliver,
        }
        for _ in jobs:
            for key in list(self.redis.scan_iter("rq:job:*")):
                job = Job.fetch(
                    key.decode().removeprefix("rq:job:"), self.redis, serializer=JSONSerializer
                )
                if job.func_name in jobs:
                    self.redis.delete(key)
                    jobs[str(job.func_name)](*job.args)

    def check(self, call_id: str, shop: Shop, count: int = 2, *, noted: bool = False) -> None:
        """All that the call left is its business's, and nobody else's."""
        found = self.effects(call_id)
        assert len(found) >= count, found
        for effect in found:
            whose = (effect.context["agent"], effect.context["business"])
            assert whose == (shop.agent, shop.id), (effect.tool, whose)
        last = found[-1]
        assert last.tool == "book_appointment"
        assert last.ok is not shop.confirm, last.result
        made = {each: in_calendar(self.redis, each, call_id) for each in SHOPS}
        assert made == {each: int(each == shop.id and not shop.confirm) for each in SHOPS}
        self.tell()
        told = {(whose, event) for call, whose, event in self.hooks.told if call == call_id}
        events = {"booking.created", *(["booking.noted_done"] if noted else [])}
        assert told == (set() if shop.confirm else {(shop.id, event) for event in events})
        kept: Any = self.redis.hget(keys.summary(call_id), "agent_ref")
        who = orjson.loads(kept)
        assert (who["agent"], who["business"]) == (shop.agent, shop.id)


@pytest.fixture
def backend(tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    hooks = Hooks()
    for shop in SHOPS.values():
        monkeypatch.setenv(f"HOOK_{shop.id.upper()}", shop.secret)
    monkeypatch.setattr(workers.runtime, "_runtime", None)
    file = tmp_path / "agents.yaml"
    businesses = "".join(shop.written(hooks.server.url) for shop in SHOPS.values())
    agents = "".join(shop.staff() for shop in SHOPS.values())
    file.write_text(f"default: {BAKERY.agent}\nbusinesses:\n{businesses}agents:{agents}")
    settings = Settings(redis_url=redis_url, agent_file=str(file), socket_token="static")
    yield Backend(settings, hooks)
    hooks.server.stop()


def told_of(how: str, shop: Shop) -> dict[str, Any]:
    """What a call object tells of whom it is for."""
    known = {"details": {"agent_id": shop.retell}, "number": {"to_number": shop.number}}
    return {"direction": "inbound", "from_number": CALLER, **known.get(how, {})}


WAYS = (
    pytest.param("details", SALON, id="details"),
    pytest.param("details", GARAGE, id="details-of-another"),
    pytest.param("number", GARAGE, id="number"),
    pytest.param("number", SALON, id="number-of-another"),
    pytest.param("address", SALON, id="address"),
    pytest.param("address", GARAGE, id="address-of-another"),
)


def use(web: FlaskClient, tool: str, call: dict[str, Any], agent: str, **args: Any) -> Any:
    query = {"agent": agent} if agent else {}
    body = {"name": tool, "args": args, "call": call}
    answer = web.post(f"/functions/{tool}", json=body, query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize(("how", "shop"), WAYS)
def test_custom_functions(backend: Backend, how: str, shop: Shop) -> None:
    call = {"call_id": "call_f", **told_of(how, shop)}
    agent = shop.agent if how == "address" else ""
    slot = shop.slot_in(use(backend.web(), "check_availability", call, agent), "call_f")
    backend.start_workers()
    use(backend.web(), "book_appointment", call, agent, slot_id=slot, name="Dana Reyes")
    backend.check("call_f", shop)


def test_a_job_that_is_done_an_hour_later(backend: Backend) -> None:
    """The workers are away for an hour: what was asked is put back by hand."""
    call = {"call_id": "call_l", **told_of("details", SALON)}
    slot = SALON.slot_in(use(backend.web(), "check_availability", call, ""), "call_l")
    backend.workers.away = True
    late = use(backend.web(), "book_appointment", call, "", slot_id=slot, name="Dana Reyes")
    assert late["error"] == "pending"
    (effect,) = [each for each in backend.effects("call_l") if not each.settled]
    name = keys.effect("call_l", effect.key)
    for field in ("asked_at", "deadline"):
        then: Any = backend.redis.hget(name, field)
        backend.redis.hset(name, field, f"{float(then) - 3600:.3f}")
    backend.start_workers()
    effects.run("call_l", effect.key)
    backend.check("call_l", SALON, noted=True)


@pytest.mark.parametrize(("how", "shop"), WAYS)
def test_inbound_webhook(backend: Backend, how: str, shop: Shop) -> None:
    ringing = {"from_number": CALLER, "to_number": "+15550000000", **told_of(how, shop)}
    query = {"agent": shop.agent} if how == "address" else {}
    body = {"event": "call_inbound", "call_inbound": ringing}
    web = backend.web()
    answer = web.post("/webhook/retell/inbound", json=body, query_string=query)
    told = answer.json["call_inbound"]  # type: ignore[index]
    who = told["metadata"]["agent_ref"]
    assert (who["agent"], who["business"]) == (shop.agent, shop.id)
    variables = told["dynamic_variables"]
    assert (variables["business"], variables["time_zone"]) == (f"The {shop.id}", shop.zone)
    tokens = backend.web().application.extensions["edge"].socket_tokens
    opened = tokens.accept(variables["socket_token"], "call_i")
    assert [each for each in SHOPS if opened.fits(each)] == [shop.id]


@pytest.mark.parametrize(("how", "shop"), [way for way in WAYS if "details" not in str(way.id)])
def test_twilio(backend: Backend, how: str, shop: Shop) -> None:
    form = {"CallSid": "CA1", "From": CALLER, "To": "+15550000000"}
    if how == "number":
        form["To"] = shop.number
    query = {"agent": shop.agent} if how == "address" else {}
    document = backend.web().post("/twilio/voice", data=form, query_string=query).text
    assert re.findall(r'name="agent" value="([^"]*)"', document) == [shop.agent]
    following = re.search(r'action="([^"]*)"', document)
    assert following is not None
    assert f"agent={shop.agent}" in following[1]


@pytest.mark.parametrize("shop", [SALON, GARAGE])
def test_pages_of_the_console(backend: Backend, shop: Shop) -> None:
    web = backend.web()
    talk = web.post(f"/console/talk/call?agent={shop.agent}").json
    assert talk is not None
    assert talk["agent"] == shop.agent
    media = backend.web().application.extensions["edge"].media_tokens
    assert not media.take(talk["token"], talk["call_id"], BAKERY.agent)
    assert media.take(talk["token"], talk["call_id"], shop.agent)
    attempt = web.post(f"/console/try/call?agent={shop.agent}").json
    assert attempt is not None
    token, _, agent, call_id = attempt["socket"].split("/")[-4:]
    assert agent == shop.agent
    opened = backend.web().application.extensions["edge"].socket_tokens.accept(token, call_id)
    assert [each for each in SHOPS if opened.fits(each)] == [shop.id]


HEARD = (
    pytest.param("member", id="plain-by-member"),
    pytest.param("address", id="plain-by-address"),
    pytest.param("details", id="retell-by-details"),
    pytest.param("number", id="retell-by-number"),
)


@pytest.mark.parametrize("how", HEARD)
def test_calls_of_other_models(backend: Backend, how: str) -> None:
    """What is said in a call that is heard of by webhooks alone is done as the right business."""
    day = dt.datetime.now(ZoneInfo(SALON.zone)).date() + dt.timedelta(days=5)
    wish = f"Book me a haircut job on {day:%B} {day.day} at 1 pm. My name is Dana Reyes."
    query = {"agent": SALON.agent} if how == "address" else {}

    def send(body: dict[str, Any]) -> None:
        answer = backend.web().post("/webhook/retell", json=body, query_string=query)
        assert answer.status_code == 200, answer.text

    if how in ("member", "address"):
        common = {"sessionId": "call_h", **({"agent": SALON.agent} if how == "member" else {})}
        send({"event": "session_start", **common})
        send({"event": "transcript", "transcript": wish, "isFinal": True, **common})
        send({"event": "session_end", **common})
    else:
        began_ms = int(time.time() * 1000) - 60_000
        call = {"call_id": "call_h", "start_timestamp": began_ms, **told_of(how, SALON)}
        send({"event": "call_started", "call": {**call, "call_status": "ongoing"}})
        words = [{"word": wish, "start": 3.0, "end": 9.0}]
        said = [{"role": "user", "content": wish, "words": words}]
        send({"event": "call_ended", "call": {**call, "call_status": "ended",
                                              "transcript_object": said}})  # fmt: skip
    for _ in range(4):
        backend.start_workers()
        calls.work_off("call_h", "job")
        for effect in backend.effects("call_h"):
            if not effect.settled:
                effects.run(effect.call_id, effect.key)
    backend.check("call_h", SALON, 1)


#: Every shape of key there is. What belongs to a business bears its id; a call's keys bear the
#: call's, whose summary names its business; the rest are lists of ids, guards and processes.
OF_A_BUSINESS = re.compile(r"business:(?P<own>[\w-]+):.+|calendar:\{(?P<calendar>[\w-]+)\}:.+")
OF_A_CALL = re.compile(r"call:\{(?P<call>[^}]+)\}:.+")
OF_NOBODY = re.compile(
    r"calls:(live|recent|by:(agent|business|outcome|tool):.+)|records:(open|packed|bytes)"
    r"|reports:due|usage:(days|told:.+)|messages:businesses|effects:(open|dead)|told:.+"
    r"|guard:(seen|rate|tie):.+|replies:.+|workers:.+|metrics:.+|agents:.+|upkeep:.+"
    r"|webhooks:.+|mcp:.+|rq:.+|tokens(:used)?"
)


def test_every_key_that_is_left_is_somebodys(backend: Backend) -> None:
    """After calls of all businesses by all ways: each key has a known shape and a business."""
    redis = backend.redis
    for number, way in enumerate(WAYS):
        how, shop = way.values
        assert isinstance(shop, Shop)
        call = {"call_id": f"call_{number}", **told_of(str(how), shop)}
        agent = shop.agent if how == "address" else ""
        found = use(backend.web(), "check_availability", call, agent)
        slot = shop.slot_in(found, f"call_{number}")
        use(backend.web(), "book_appointment", call, agent, slot_id=slot, name="Dana Reyes")
        backend.web().post("/webhook/retell/inbound", json={"event": "call_inbound",
                           "call_inbound": {**call, "to_number": shop.number}})  # fmt: skip
        who = AgentRef(shop.agent, shop.id)
        promised = promised_callback(who, f"call_{number}", CALLER, time.time(), "busy")
        Messages(redis, 3600).leave(promised)
    backend.tell()
    owner: Any = redis.get(keys.MAIN_CALENDAR_OWNER)
    unknown, left = [], set()
    for key in redis.scan_iter(count=1000):
        name = key.decode()
        if found := OF_A_BUSINESS.fullmatch(name):
            business = found["own"] or found["calendar"]
            business = owner.decode() if business == "main" else business
            assert business in SHOPS, name
        elif found := OF_A_CALL.fullmatch(name):
            left.add(found["call"])
        elif not OF_NOBODY.fullmatch(name):
            unknown.append(name)
    assert unknown == []
    assert left == {f"call_{number}" for number in range(len(WAYS))}
    for call_id in left:
        kept: Any = redis.hget(keys.summary(call_id), "agent_ref")
        assert orjson.loads(kept)["business"] in SHOPS, call_id
    told = {way.values[1].id for way in WAYS if isinstance(way.values[1], Shop)}
    for business in SHOPS:
        messages: Any = redis.hvals(keys.messages(business))
        assert bool(messages) == (business in told)
        assert all(orjson.loads(message)["business"] == business for message in messages)
