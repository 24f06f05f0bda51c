"""What callers are promised, and whom texts go to."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from redis import Redis

from app.adapters.agents import files
from app.adapters.notify import messages as messages_module
from app.adapters.notify import text_message, words
from app.adapters.notify.base import Change, NotTold
from app.adapters.notify.messages import Message, Messages, promised_callback
from app.adapters.notify.text_budget import PER_CALL, PER_NUMBER, TextBudget
from app.adapters.notify.webhook import Webhook
from app.adapters.redis.client import connect
from app.adapters.tools.store import EffectStore
from app.core.agent.reference import AgentRef
from app.settings import Settings
from workers import notifications, runtime
from workers.bookings import booking_tools

WHO = AgentRef("Mia", "harbor-dental")
CALLER = "+14155550123"


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return connect(Settings(redis_url=redis_url))


def callback(call_id: str = "c1") -> Message:
    return promised_callback(WHO, call_id, CALLER, time.time(), "the model is away")


def jobs(redis: Redis) -> int:
    return int(redis.llen("rq:queue:background"))


def test_a_call_back_is_in_the_list_and_told_once(redis: Redis) -> None:
    messages = Messages(redis, 3600)
    assert messages.leave(callback())
    assert not messages.leave(callback())
    assert jobs(redis) == 1
    messages.leave(callback("c2"))
    (second, first) = messages.all()
    assert (first["call_id"], second["call_id"]) == ("c1", "c2")
    assert first["caller_number"] == CALLER
    assert messages.all(business="another") == []
    assert len(messages.all(1)) == 1


def left(messages: Messages, business: str, number: int, at: float) -> None:
    who = AgentRef("Mia", business)
    made = promised_callback(who, f"{business}-{number}", CALLER, at, "busy")
    messages.leave(made, announce=False)


def test_a_busy_business_pushes_out_its_own_messages_only(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages_module, "MAX_MESSAGES", 3)
    messages, now = Messages(redis, 3600), time.time()
    left(messages, "salon", 0, now - 9)
    for number in range(5):
        left(messages, "bakery", number, now - 5 + number)
    busy = [one["call_id"] for one in messages.all(business="bakery")]
    assert busy == ["bakery-4", "bakery-3", "bakery-2"]
    assert [one["call_id"] for one in messages.all(business="salon")] == ["salon-0"]
    assert [one["call_id"] for one in messages.all()] == [*busy, "salon-0"]
    assert [one["call_id"] for one in messages.all(2)] == busy[:2]
    assert [one["call_id"] for one in messages.of_call("salon-0", "salon")] == ["salon-0"]
    assert messages.of_call("salon-0", "bakery") == []
    lasting = [name for name in redis.scan_iter("*") if redis.ttl(name) < 0]
    assert lasting == []


def test_what_an_older_release_left_is_still_there(redis: Redis) -> None:
    """It had one hash for all businesses, and one sorted set."""
    messages, now = Messages(redis, 3600), time.time()
    for business, call_id in (("bakery", "old-1"), ("salon", "old-2")):
        old = promised_callback(AgentRef("Mia", business), call_id, CALLER, now - 60, "busy")
        redis.hset("messages", old.id, orjson.dumps(old.to_json()))
        redis.zadd("messages:time", {old.id: old.at})
        redis.sadd(f"call:{{{call_id}}}:messages", old.id)
    left(messages, "bakery", 1, now)
    assert [one["call_id"] for one in messages.all(business="bakery")] == ["bakery-1", "old-1"]
    assert [one["call_id"] for one in messages.all(business="salon")] == ["old-2"]
    assert {one["call_id"] for one in messages.all()} == {"bakery-1", "old-1", "old-2"}
    assert [one["call_id"] for one in messages.of_call("old-1", "bakery")] == ["old-1"]
    again = promised_callback(AgentRef("Mia", "bakery"), "old-1", CALLER, now, "busy")
    assert not messages.leave(again, announce=False), "a job that is done again leaves no second"
    assert len(messages.all(business="bakery")) == 2


def change(kind: str, **about: Any) -> Change:
    booking = {
        "service": "checkup",
        "start": "2027-03-09T10:00:00+00:00",
        "phone": "+19005550100",
        "name": "Dana Reyes",
        "time_zone": "UTC",
    }
    fields: dict[str, Any] = {"id": "x", "kind": kind, "call_id": "c1", "booking": booking}
    return Change(**{**fields, **about})


def agent(text_caller: bool) -> Any:
    mia = files.load().default
    notify = mia.booking.notify.model_copy(update={"text_caller": text_caller})
    rules = mia.booking.model_copy(update={"notify": notify})
    return mia.model_copy(update={"booking": rules})


@pytest.mark.parametrize(
    ("number", "texted"),
    [
        (CALLER, True),
        ("", False),
        ("anonymous", False),
        ("+19005550100", False),
        ("+493023125000", False),
        ("+4915123456789", True),
    ],
)
def test_only_the_number_that_calls_is_texted(
    monkeypatch: pytest.MonkeyPatch, number: str, texted: bool
) -> None:
    sent: list[str] = []

    def post(method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        sent.append(parse_qs(body.decode())["To"][0])
        return 201, b"{}"

    monkeypatch.setattr(text_message, "request", post)
    channel = text_message.CallerText(text_message.TwilioMessages("AC1", "secret", "+14155550100"))
    created = change("created", caller_number=number)
    assert channel.wants(created, agent(True)) is texted
    assert not channel.wants(created, agent(False))
    if texted:
        channel.send(created, agent(True))
        assert sent == [number], "never the number of the booking, which was spoken"


def test_texts_are_counted_by_call_and_by_number(redis: Redis) -> None:
    budget = TextBudget(redis)
    assert all(budget.allows("b", CALLER, "c1", f"m{n}") for n in range(PER_CALL))
    assert not budget.allows("b", CALLER, "c1", "one more")
    assert budget.allows("b", CALLER, "c1", "m0"), "what was counted counts once"
    allowed = [budget.allows("b", CALLER, f"d{n}", f"n{n}") for n in range(PER_NUMBER)]
    assert 0 < sum(allowed) <= PER_NUMBER
    assert not budget.allows("b", CALLER, "another call", "p")
    assert budget.allows("b", "+14155550199", "another call", "n")
    assert budget.allows("another business", CALLER, "its call", "q")


def test_a_call_back_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    owed = change("callback", booking=None, caller_number=CALLER, reason="the model is away")
    assert words.subject(owed, agent(False)) == f"Please call back: {CALLER}"
    assert CALLER in words.mail(owed, agent(False))
    assert not text_message.wants_text(owed, agent(True))
    bodies: list[bytes] = []

    def post(
        method: str, url: str, body: bytes, headers: dict[str, str], **_: Any
    ) -> tuple[int, bytes]:
        bodies.append(body)
        return 200, b""

    monkeypatch.setattr("app.adapters.notify.signed_post.request", post)
    Webhook("https://example.com/hook", "").send(owed, agent(False))
    assert b'"event":"message.callback"' in bodies[0]


TWO = """\
agents:
  - name: Mia
    business: Harbor Dental
    instructions: x
  - name: Ben
    business: Corner Bakery
    instructions: y
    country: GB
    booking: {hours: {monday: "10:00-11:00"}, time_zone: Europe/London}
"""


@pytest.fixture
def at_work(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> runtime.Runtime:
    file = tmp_path / "agents.yaml"
    file.write_text(TWO)
    settings = Settings(redis_url=redis_url, agent_file=str(file))
    monkeypatch.setattr(runtime, "_runtime", None)
    return runtime.open_runtime(settings, connections=2, tools=booking_tools())


def test_a_worker_uses_the_agent_of_the_call(at_work: runtime.Runtime) -> None:
    """Calls of Twilio and of pages have no Retell agent id, only the agent's name."""
    from workers.effects import context_of

    store: EffectStore = at_work.effects
    told = {"agent": "Ben", "agent_id": "", "caller_number": "07700 900123"}
    ctx = context_of(at_work, store.ask("c1", "k1", "book_appointment", {}, "t1", told))
    assert (ctx.agent.name, ctx.business) == ("Ben", "corner-bakery")
    assert ctx.caller_number == "+447700900123"
    assert str(ctx.agent.booking.zone) == "Europe/London"
    assert not ctx.only_business
    hidden = store.ask("c2", "k2", "book_appointment", {}, "t2", {**told, "caller_number": "x"})
    assert context_of(at_work, hidden).caller_number == ""


def test_a_noted_wish_that_nobody_can_be_told_of_is_in_the_list(at_work: runtime.Runtime) -> None:
    told = {
        "id": "noted_failed-k1",
        "kind": "noted_failed",
        "booking": None,
        "wish": "that you want to cancel",
        "call_id": "c1",
        "caller_number": "",
        **AgentRef("Ben", "corner-bakery").to_json(),
    }
    notifications.announce(told)
    (kept,) = Messages(at_work.redis, 3600).all(business="corner-bakery")
    assert (kept["kind"], kept["text"]) == ("noted_failed", "that you want to cancel")


def test_each_channel_tells_once_and_one_worker_at_a_time(
    at_work: runtime.Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    class Channel:
        name = "webhook"
        away = False

        def send(self, change: Change, agent: Any) -> None:
            if self.away:
                raise NotTold("away")
            with pytest.raises(NotTold, match="another worker"):
                notifications.deliver(told, "webhook")
            sent.append(change.id)

    channel = Channel()
    monkeypatch.setattr(notifications, "open_channels", lambda *_: [channel])
    told = {"id": "m1", "kind": "message", "message": {"about": "x"}, **WHO.to_json()}
    channel.away = True
    with pytest.raises(NotTold, match="away"):
        notifications.deliver(told, "webhook")
    channel.away = False
    for _ in range(2):
        notifications.deliver(told, "webhook")
    assert sent == ["m1"]
