"""A call's webhooks worked off: its story, its intents, and one action for each request."""

from __future__ import annotations

import datetime as dt
import itertools
import time
from dataclasses import replace

import pytest
from redis import Redis

import workers.runtime
from app.adapters.calls.inbox import NewsStore
from app.adapters.calls.intake import WAKE
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.tools.store import EffectStore
from app.core.agent.directory import Directory
from app.settings import Settings
from tests.support.webhook_desk import WebhookDesk
from workers import calls
from workers.bookings import booking_tools
from workers.runtime import Runtime, open_runtime

BOOK = "I'd like to book a cleaning for {day} at ten in the morning"


def weekday(ahead: int = 7) -> dt.date:
    """A Tuesday at least `ahead` days from now."""
    day = dt.date.today() + dt.timedelta(days=ahead)
    return day + dt.timedelta(days=(1 - day.weekday()) % 7)


def spoken(day: dt.date) -> str:
    return f"{day:%A}, {day:%B} {day.day}"


@pytest.fixture
def at_work(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.setattr(workers.runtime, "_runtime", None)
    return open_runtime(settings, connections=4, tools=booking_tools())


@pytest.fixture
def desk(at_work: Runtime, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> WebhookDesk:
    desk = WebhookDesk(at_work, settings, "s-1")
    monkeypatch.setattr(time, "time", lambda: desk.now_ms / 1000)
    return desk


LIFE = ("call_started", "transcript_updated", "call_ended", "call_analyzed")


@pytest.mark.parametrize("order", list(itertools.permutations(LIFE)))
def test_a_call_ends_the_same_in_every_order(desk: WebhookDesk, order: tuple[str, ...]) -> None:
    for name in order:
        desk.send(name, "call_1")
        if name == order[1]:
            desk.work("call_1")
        desk.send(name, "call_1")
    desk.work("call_1")
    story = desk.story("call_1")
    assert story["status"] == "ended"
    assert story["disconnection_reason"] == "agent_hangup"
    assert story["analysis"]["user_sentiment"] == "Positive"
    assert story["from_number"] == "+14155550142"
    assert [entry["role"] for entry in story["transcript"]][:3] == ["agent", "user", "agent"]
    assert sorted(event["event"] for event in story["events"] if event["kind"] == "webhook") == (
        sorted(LIFE)
    )
    assert desk.redis.zscore(keys.LIVE_CALLS, "call_1") is None


def test_a_call_that_goes_on_is_live(desk: WebhookDesk) -> None:
    desk.send("call_started", "call_1")
    desk.work("call_1")
    assert desk.story("call_1")["status"] == "ongoing"
    assert desk.redis.zscore(keys.LIVE_CALLS, "call_1") is not None


@pytest.mark.parametrize(
    ("events", "state"),
    [
        (["transfer_started"], "started"),
        (["transfer_started", "transfer_bridged"], "bridged"),
        (["transfer_bridged", "transfer_started"], "bridged"),
        (["transfer_started", "transfer_cancelled"], "cancelled"),
        (["transfer_cancelled", "transfer_started"], "cancelled"),
        (["transfer_started", "transfer_bridged", "transfer_ended"], "ended"),
        (["transfer_ended", "transfer_bridged", "transfer_started"], "ended"),
        (["transfer_started", "transfer_cancelled", "again"], "started"),
    ],
)
def test_a_transfer_in_every_order(desk: WebhookDesk, events: list[str], state: str) -> None:
    desk.send("call_started", "call_1")
    for name in events:
        if name == "again":
            desk.send("transfer_started", "call_1", transcript="Agent: Trying once more.\n")
        else:
            desk.send(name, "call_1")
    desk.work("call_1")
    transfer = desk.story("call_1")["transfer"]
    assert transfer["state"] == state
    assert "+14155550177" in transfer["destination"]


def test_a_sure_final_is_booked_once(desk: WebhookDesk) -> None:
    desk.send("session_start")
    desk.say(BOOK.format(day=spoken(weekday())))
    for _ in range(3):
        desk.work()
    desk.send("session_end")
    desk.work()
    story = desk.story()
    assert len(desk.bookings()) == 1
    (tool_call,) = story["tool_calls"]
    assert (tool_call["tool"], tool_call["state"]) == ("book_appointment", "done")
    assert tool_call["result"]["ok"] is True
    assert story["decision"]["acted"] is True
    assert story["last_intent"]["intent"] == "schedule_meeting"
    assert story["last_intent"]["slots"]["time"] == "10:00"
    assert [item["outcome"] for item in story["events"] if item["kind"] == "intent_action"] == [
        "done"
    ]
    assert story["status"] == "ended"


def test_nothing_is_done_before_the_caller_is_quiet(desk: WebhookDesk) -> None:
    desk.say(BOOK.format(day=spoken(weekday())))
    calls.work_off("s-1", "job")
    story = desk.story()
    assert story["tool_calls"] == []
    assert story["decision"]["acted"] is False
    assert "quiet" in story["decision"]["why"]
    assert desk.redis.zscore(WAKE, "s-1") == desk.now_ms + 1500


def test_an_interruption_makes_it_wait_anew(desk: WebhookDesk) -> None:
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.now_ms += 1400
    desk.send("interruption")
    desk.now_ms += 200
    calls.work_off("s-1", "job")
    assert desk.story()["tool_calls"] == []
    assert desk.redis.zscore(WAKE, "s-1") == desk.now_ms - 200 + 1500


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Hello, how are you today?", "nothing was asked for"),
        ("I'd like to book an appointment", "waits for"),
        ("Don't book anything for Tuesday at ten", ""),
        ("Do you have anything free on Tuesday?", ""),
    ],
)
def test_what_leads_to_nothing_says_why(desk: WebhookDesk, text: str, why: str) -> None:
    desk.say(text)
    desk.work()
    story = desk.story()
    assert story["tool_calls"] == []
    assert story["decision"]["acted"] is False
    assert why in story["decision"]["why"]
    assert desk.bookings() == []


@pytest.mark.parametrize(
    ("wish", "service"),
    [
        ("book a cleaning appointment", "cleaning"),
        ("schedule an appointment", "checkup"),
        ("book a teeth cleaning", "cleaning"),
    ],
)
def test_the_service_that_was_named(desk: WebhookDesk, wish: str, service: str) -> None:
    desk.say(f"I'd like to {wish} for {spoken(weekday())} at ten in the morning")
    desk.work()
    (tool_call,) = desk.story()["tool_calls"]
    assert tool_call["arguments"]["service"] == service


def test_a_partial_never_acts(desk: WebhookDesk) -> None:
    desk.say(BOOK.format(day=spoken(weekday())), isFinal=False)
    desk.send("session_end")
    desk.work()
    assert desk.bookings() == []
    assert desk.story().get("decision") is None


def test_a_correction_before_the_booking_counts(desk: WebhookDesk) -> None:
    day = weekday()
    desk.say(BOOK.format(day=spoken(day)))
    desk.now_ms -= 4000
    desk.say("no, at eleven")
    desk.work()
    (busy,) = desk.bookings()
    local = busy.start.astimezone(desk.at_work.agents.default.booking.zone)
    assert (local.date(), local.hour) == (day, 11)


def test_a_correction_after_the_booking_moves_it(desk: WebhookDesk) -> None:
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.work()
    desk.say("no, at eleven")
    desk.work()
    (busy,) = desk.bookings()
    assert busy.start.astimezone(desk.at_work.agents.default.booking.zone).hour == 11
    assert [call["tool"] for call in desk.story()["tool_calls"]] == [
        "book_appointment", "reschedule_appointment",
    ]  # fmt: skip


def test_a_time_that_is_taken_is_not_booked(desk: WebhookDesk) -> None:
    text = BOOK.format(day=spoken(weekday()))
    for call_id in ("s-1", "s-2"):
        desk.say(text, call_id)
        desk.work(call_id)
    assert len(desk.bookings()) == 1
    assert "cannot be had: taken" in desk.story("s-2")["decision"]["why"]
    assert desk.story("s-2")["decision"]["acted"] is False


def test_a_worker_that_died_after_asking_books_once(
    desk: WebhookDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.now_ms += 2000
    with monkeypatch.context() as patch:
        patch.setattr(NewsStore, "acted", lambda *_: (_ for _ in ()).throw(MemoryError))
        with pytest.raises(MemoryError):
            calls.work_off("s-1", "job")
    desk.run_tools("s-1")
    desk.work()
    assert len(desk.bookings()) == 1
    assert len(desk.story()["tool_calls"]) == 1


def test_a_call_on_our_own_socket_is_understood_and_left_alone(
    desk: WebhookDesk, calls_store: CallStore
) -> None:
    calls_store.take("s-1", "process")
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.work()
    story = desk.story()
    assert story["last_intent"]["intent"] == "schedule_meeting"
    assert "on a socket of ours" in story["decision"]["why"]
    assert desk.bookings() == []


def test_a_call_whose_model_uses_the_tools_is_left_alone(desk: WebhookDesk) -> None:
    store: EffectStore = desk.at_work.effects
    store.ask("s-1", "check-1", "check_availability", {}, "tool-1", {})
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.work()
    assert "has used a tool" in desk.story()["decision"]["why"]
    assert desk.bookings() == []


def test_finals_of_retells_transcript_lead_to_the_action(desk: WebhookDesk) -> None:
    day = weekday()
    talk = [
        {"role": "agent", "content": "Hello. "},
        {"role": "user", "content": BOOK.format(day=spoken(day))},
        {"role": "agent", "content": "One moment. "},
    ]
    for count in (1, 2, 3):
        desk.send("transcript_updated", "call_1", transcript_with_tool_calls=talk[:count])
        calls.work_off("call_1", "job")
    desk.send("call_ended", "call_1", transcript_with_tool_calls=talk)
    desk.work("call_1")
    (busy,) = desk.bookings()
    assert busy.start.astimezone(desk.at_work.agents.default.booking.zone).date() == day
    (tool_call,) = desk.story("call_1")["tool_calls"]
    assert tool_call["arguments"]["name"] == "Dana"
    desk.send("call_analyzed", "call_1", transcript_with_tool_calls=talk)
    desk.work("call_1")
    assert len(desk.bookings()) == 1


@pytest.fixture
def calls_store(desk: WebhookDesk) -> CallStore:
    return desk.at_work.calls


def test_the_agents_file_may_forbid_it(desk: WebhookDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = desk.at_work.agents.default
    passive = agent.model_copy(update={"intents": agent.intents.model_copy(update={"act": "off"})})
    directory = Directory([passive], default=passive)
    monkeypatch.setattr(desk, "at_work", replace(desk.at_work, agents=directory))
    monkeypatch.setattr(workers.runtime, "_runtime", desk.at_work)
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.work()
    assert "says not to act" in desk.story()["decision"]["why"]
    assert desk.bookings() == []


def test_keys_have_an_end(desk: WebhookDesk, redis: Redis) -> None:
    desk.say(BOOK.format(day=spoken(weekday())))
    desk.work()
    mine = [key for key in redis.keys("call:*") if redis.ttl(key) == -1]
    assert mine == []
