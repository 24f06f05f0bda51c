"""Messages on a real Redis: asked, agreed to, left once, and kept where the caller hangs up."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis import Redis

from app.adapters import queue
from app.adapters.job_names import KEEP_DRAFT
from app.adapters.notify.messages import Messages
from app.settings import Settings
from tests.support.desk import Call, Desk
from workers import runtime
from workers.bookings import booking_tools
from workers.desk import drafts
from workers.own_tools import find_handler

AGENT = """\
name: Sam
business: Bright Pipes
instructions: Take messages.
country: US
tools: [take_message]
booking: {time_zone: America/Los_Angeles, hours: {monday: "08:00-17:00"}}
"""
ABOUT = "The boiler drips."
YES = (("agent", "Is that right?"), ("user", "Yes, that is right."))


@pytest.fixture
def at_work(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> runtime.Runtime:
    file = tmp_path / "agents.yaml"
    file.write_text(AGENT)
    monkeypatch.setattr(runtime, "_runtime", None)
    settings = Settings(redis_url=redis_url, agent_file=str(file))
    return runtime.open_runtime(settings, connections=2, tools=booking_tools())


@pytest.fixture
def desk(at_work: runtime.Runtime, redis_url: str) -> Desk:
    desk = Desk(redis_url)
    desk.agent = at_work.agents.default
    return desk


def take(call: Call, *, heard: Any = (), key: str = "", **arguments: Any) -> dict[str, Any]:
    ctx = call.context(key or f"k{next(call.used)}", heard=tuple(heard))
    handler = find_handler(Settings(), lambda _: [], ctx, "take_message")
    assert handler is not None
    return handler(ctx, {"about": ABOUT, **arguments})


def left(desk: Desk) -> list[dict[str, Any]]:
    return Messages(desk.redis, 3600).all()


def told(redis: Redis) -> int:
    return int(redis.llen(queue.queue_key("background")))


def test_a_message_is_left_once_its_number_is_agreed_to(desk: Desk) -> None:
    call = desk.call("c1")
    first = take(call, name="Dana", urgency="urgent")
    assert first["output"]["error"] == "confirm_first"
    assert "four one five, five five five" in first["say"]
    assert left(desk) == []
    not_yet = (("user", "It drips"), ("agent", "Is that right?"), ("user", "No, wait."))
    assert take(call, name="Dana", heard=not_yet)["output"]["error"] == "confirm_first"
    done = take(call, name="Dana", heard=(("user", "It drips"), *YES))
    assert done["ok"]
    (message,) = left(desk)
    assert message["name"] == "Dana"
    assert message["number"] == message["caller_number"] == "+14155550123"
    assert message["urgent"]
    assert message["confirmed"]
    assert (message["text"], message["business"]) == (ABOUT, "bright-pipes")
    assert told(desk.redis) == 1
    assert Messages(desk.redis, 3600).draft("c1") is None

    again = take(call, name="Dana", about="the boiler drips", heard=YES)
    assert again["output"]["status"] == "known"
    assert len(left(desk)) == 1
    more = take(call, name="Dana", about="And bring a ladder", heard=YES)
    assert more["ok"]
    assert len(left(desk)) == 2


def test_a_number_the_agent_has_read_back_is_not_asked_again(desk: Desk) -> None:
    heard = (("agent", "So that is 415 555 0142?"), ("user", "Yes."))
    assert take(desk.call("c2"), name="Dana", phone="4155550142", heard=heard)["ok"]
    other = (("agent", "So that is 415 555 0199?"), ("user", "Yes."))
    refused = take(desk.call("c3"), name="Dana", phone="4155550142", heard=other)
    assert refused["output"]["error"] == "confirm_first"


def test_a_worker_that_died_leaves_no_second_message(desk: Desk) -> None:
    heard = (("agent", "So that is 415 555 0142?"), ("user", "Yes."))
    call = desk.call("c4")
    ctx = call.context("k1", heard=heard)
    handler = find_handler(Settings(), lambda _: [], ctx, "take_message")
    assert handler is not None
    for _ in range(2):
        assert handler(ctx, {"about": ABOUT, "name": "Dana", "phone": "4155550142"})["ok"]
    assert len(left(desk)) == 1
    assert told(desk.redis) == 1


def test_where_the_caller_asked_for_just_this_nobody_is_asked(desk: Desk) -> None:
    ctx = desk.call("c10").context("k1", consent="stated")
    handler = find_handler(Settings(), lambda _: [], ctx, "take_message")
    assert handler is not None
    assert handler(ctx, {"about": ABOUT, "name": "Dana"})["ok"]


def test_a_first_request_that_is_tried_again_still_asks(desk: Desk) -> None:
    call = desk.call("c5")
    ctx = call.context("k1")
    handler = find_handler(Settings(), lambda _: [], ctx, "take_message")
    assert handler is not None
    for _ in range(2):
        result = handler(ctx, {"about": ABOUT, "name": "Dana"})
        assert result["output"]["error"] == "confirm_first"


def test_a_withheld_caller_may_leave_a_message_without_a_number(desk: Desk) -> None:
    call = desk.call("c6", "anonymous")
    heard: list[tuple[str, str]] = [("user", "It drips")]
    assert take(call, heard=heard)["output"]["error"] == "name_needed"
    assert take(call, heard=heard)["output"]["error"] == "name_needed", "nobody has answered yet"
    heard += [("agent", "Your name?"), ("user", "I would rather not say")]
    assert take(call, heard=heard)["output"]["error"] == "phone_needed"
    heard += [("agent", "A number?"), ("user", "No, thanks")]
    done = take(call, heard=heard)
    assert done["ok"]
    assert "without a number" in done["say"]
    (message,) = left(desk)
    assert (message["name"], message["number"], message["caller_number"]) == ("", "", "")


def test_a_long_call_can_still_agree(desk: Desk) -> None:
    """Only the last utterances are known, so the caller's turns cannot be counted."""
    call = desk.call("c7")
    heard = [("agent", "And?"), ("user", "Yes.")] * 5
    assert take(call, name="Dana", heard=heard)["output"]["error"] == "confirm_first"
    heard = [*heard[2:], ("agent", "Can we call the number you are calling from?"), ("user", "Yes")]
    assert take(call, name="Dana", heard=heard)["ok"]


def test_what_is_known_is_kept_where_the_caller_hangs_up(
    desk: Desk, at_work: runtime.Runtime
) -> None:
    take(desk.call("c8"), name="Dana", call_back_date="tomorrow")
    scheduled: Any = desk.redis.zrange(queue.scheduled_key("background"), 0, -1)
    (job,) = (queue.read_job(desk.redis, job_id.decode()) for job_id in scheduled)
    assert job == queue.JobCall(KEEP_DRAFT, ("c8",))

    at_work.calls.merge("c8", {"status": "ongoing"}, live=True)
    drafts.keep_draft("c8")
    assert left(desk) == [], "the caller is there"
    assert desk.redis.zcard(queue.scheduled_key("background")) == 2

    at_work.calls.end("c8", status="ended", fields={"ended_at": time.time()})
    drafts.keep_draft("c8")
    drafts.keep_draft("c8")
    (message,) = left(desk)
    assert not message["confirmed"]
    assert message["name"] == "Dana"
    assert message["call_back"]["words"].startswith("tomorrow")
    assert (message["agent"], message["caller_number"]) == ("sam", "+14155550123")
    assert told(desk.redis) == 1


def test_a_call_of_which_nothing_is_known_is_over_after_a_while(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(desk.call("c9"), name="Dana")
    drafts.keep_draft("c9")
    assert left(desk) == []
    monkeypatch.setattr(drafts, "IDLE_S", -1.0)
    drafts.keep_draft("c9")
    assert [message["confirmed"] for message in left(desk)] == [False]


def test_what_was_left_under_another_call_id_is_not_left_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that do not say their call are a call each."""
    take(desk.call("function-a"))
    heard = (("agent", "So that is 415 555 0142?"), ("user", "Yes."))
    assert take(desk.call("function-b"), name="Dana", phone="4155550142", heard=heard)["ok"]
    monkeypatch.setattr(drafts, "IDLE_S", -1.0)
    draft = Messages(desk.redis, 3600).draft("function-a")
    assert draft is not None
    drafts.keep_draft("function-a")
    number = {message["number"] for message in left(desk)}
    assert number == {"+14155550142", "+14155550123"}, "another number is another message"
    take(desk.call("function-c", "anonymous"))
    drafts.keep_draft("function-c")
    assert len(left(desk)) == 2
    assert Messages(desk.redis, 3600).draft("function-c") is None
