"""Transfers on Twilio: dialled, unanswered, passed on, brought back; and with a colleague asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters.calls.store import CallStore
from app.adapters.redis.client import connect
from app.adapters.twilio.tickets import Tickets
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.settings import Settings
from app.web import twilio
from app.web.phone import routes
from tests.support.twilio_account import ACCOUNT, TOKEN, Line, TwilioAccount
from tests.support.web_app import make_app

BASE = "https://calls.example.com"
CALLER, BUSINESS = "+14155550100", "+14155550199"
TODAY = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CLOSED = dict.fromkeys(TODAY, "closed")
TARGETS: list[dict[str, Any]] = [
    {"name": "front office", "number": "+14155550142", "otherwise": "on call"},
    {"name": "on call", "number": "+14155550143", "before": "I try the one on call.", "ring_s": 9},
    {"name": "night desk", "number": "+14155550144", "hours": CLOSED},
    {"name": "boss", "number": "+14155550145", "otherwise": "end"},
    {"name": "plumber", "number": "+14155550146", "warm": True, "ring_s": 20},
    {"name": "crew", "number": "+14155550147", "warm": True, "otherwise": "front office"},
]


class House:
    """Our server and Twilio's account."""

    def __init__(self, url: str, **changes: Any) -> None:
        sam = Agent.model_validate(
            {
                "name": "Sam",
                "business": "Bright Pipes",
                "instructions": "Help.",
                "country": "US",
                "transfer_targets": TARGETS,
                "tools": ["transfer_call", "take_message"],
            }
        )
        # The account's address is known once it serves; the app needs it before.
        self.settings = Settings(
            redis_url=url,
            public_url=BASE,
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            **changes,
        )
        self.redis = connect(self.settings)
        self.calls = CallStore(self.redis, self.settings)
        account = TwilioAccount(None, BASE)  # type: ignore[arg-type]
        object.__setattr__(self.settings, "twilio_base_url", account.server.url)
        agents = Directory([sam], default=sam)
        app = make_app(self.settings, twilio.bp, routes.bp, agents=agents, calls=self.calls)
        account._client = app.test_client()
        self.twilio = account

    def caller(self, target: str, number: str = "", **state: Any) -> Line:
        """A caller whom the agent has just put through to `target`; their stream has ended."""
        line = self.twilio.ring(CALLER, BUSINESS)
        found = next((one for one in TARGETS if one["name"] == target), {"number": number})
        ending = {"kind": "transfer", "number": found["number"], "say": "", "target": target}
        said = [
            {"item_id": "i1", "role": "agent", "at": 1.0, "text": "How can I help?"},
            {"item_id": "i2", "role": "user", "at": 2.0, "text": "There is water in my cellar."},
        ]
        lease = self.calls.take(line.sid, "web-1")
        saved = {"channel": "audio", "ended": True, "ending": ending, "record": said, **state}
        assert self.calls.save(line.sid, saved, fence=lease.fence, fields={"agent": "Sam"})
        self.calls.release(lease)
        self.twilio.ask(line, line.verb("Connect").get("action"))
        return line

    def story(self, line: Line) -> list[tuple[str, str, str | None]]:
        found = self.calls.snapshot(line.sid)
        assert found is not None
        return [(e["kind"], e["target"], e.get("why")) for e in found["events"]]


@pytest.fixture
def house(redis_url: str) -> Iterator[House]:
    house = House(redis_url)
    yield house
    house.twilio.server.stop()


def parameters(line: Line) -> dict[str, str]:
    stream = line.verb("Connect")[0]
    return {p.get("name", ""): p.get("value", "") for p in stream}


def dialled(line: Line) -> tuple[str | None, str | None]:
    dial = line.verb("Dial")
    return dial.text, dial.get("timeout")


def redial(house: House, line: Line, status: str) -> None:
    house.twilio.ask(line, line.verb("Dial").get("action"), DialCallStatus=status)


def test_an_answered_transfer_ends_the_call(house: House) -> None:
    line = house.caller("front office")
    assert dialled(line) == ("+14155550142", "25")
    redial(house, line, "completed")
    assert line.verb("Hangup") is not None
    summary = house.calls.summary(line.sid)
    assert summary is not None
    assert summary["ended_at"]
    assert summary["disconnection_reason"] == "call_transfer"
    assert summary["transfer"] == {"state": "ended", "target": "front office", "attempts": 1}


def test_who_does_not_answer_is_followed_by_the_next_and_then_the_agent(house: House) -> None:
    line = house.caller("front office")
    redial(house, line, "no-answer")
    assert dialled(line) == ("+14155550143", "9")
    assert line.said == "I try the one on call."
    redial(house, line, "busy")
    told = parameters(line)
    assert (told["back_from"], told["back_why"]) == ("on call", "busy")
    assert told["token"]
    assert house.story(line) == [
        ("transfer_failed", "front office", "no-answer"),
        ("transfer_failed", "on call", "busy"),
    ]
    summary = house.calls.summary(line.sid)
    assert summary is not None
    assert "ended_at" not in summary, "the caller talks to the agent again"


def test_a_target_may_be_the_last_word(house: House) -> None:
    line = house.caller("boss")
    redial(house, line, "failed")
    assert line.said == "I am sorry, nobody is answering right now. Goodbye."
    summary = house.calls.summary(line.sid)
    assert summary is not None
    assert summary["ended_at"]


def test_the_old_single_number_comes_back_too(house: House) -> None:
    line = house.caller("", "+14155550190")
    assert dialled(line) == ("+14155550190", "25")
    redial(house, line, "canceled")
    assert parameters(line)["back_why"] == "failed"


def test_a_caller_who_hangs_up_while_it_rings_is_not_called_back_to_the_agent(
    house: House,
) -> None:
    line = house.caller("front office")
    line.status = "completed"
    redial(house, line, "canceled")
    assert line.verb("Hangup") is not None
    assert house.story(line) == [("transfer_failed", "front office", "caller_left")]


def test_a_caller_does_not_go_round_in_circles(house: House) -> None:
    line = house.caller("on call")
    for _ in range(5):
        redial(house, line, "no-answer")
        house.twilio.ask(line, line.verb("Connect").get("action"))
    redial(house, line, "no-answer")
    assert line.said == "I am sorry, nobody is answering right now. Goodbye."


def colleague(house: House) -> Line:
    """The colleague's leg; they have answered."""
    (leg,) = [one for one in house.twilio.outgoing() if one.status == "ringing"]
    leg.status = "in-progress"
    house.twilio.ask(leg, leg.form["Url"])
    return leg


def test_a_colleague_hears_what_it_is_about_and_takes_the_call(house: House) -> None:
    line = house.caller("plumber")
    room = line.verb("Dial")[0]
    assert (room.tag, room.get("startConferenceOnEnter")) == ("Conference", "false")
    (rings,) = house.twilio.outgoing()
    assert (rings.form["To"], rings.form["From"]) == ("+14155550146", BUSINESS)
    assert rings.form["Timeout"] == "20"
    house.twilio.play_wait(line)
    assert line.told == ["One moment, I am asking my colleague."]

    leg = colleague(house)
    assert "This is Sam of Bright Pipes" in leg.said
    assert "four one five, five five five, zero one zero zero" in leg.said
    assert 'They said: "There is water in my cellar"' in leg.said
    house.twilio.ask(leg, leg.verb("Gather").get("action"), Digits="1")
    joined = leg.verb("Dial")[0]
    assert (joined.text, joined.get("startConferenceOnEnter")) == (room.text, "true")

    house.twilio.tell_end(leg, "completed")
    redial(house, line, "answered")
    assert line.verb("Hangup") is not None
    assert house.story(line) == [
        ("transfer_accepted", "plumber", None),
        ("transfer_ended", "plumber", None),
    ]


@pytest.mark.parametrize("words", ["Yes, put them through", "yeah sure"])
def test_a_colleague_may_say_yes(house: House, words: str) -> None:
    house.caller("plumber")
    leg = colleague(house)
    house.twilio.ask(leg, leg.verb("Gather").get("action"), SpeechResult=words)
    assert leg.verb("Dial")[0].tag == "Conference"


@pytest.mark.parametrize("answer", [{"Digits": "2"}, {"SpeechResult": "No, not now."}])
def test_a_colleague_who_declines_sends_the_caller_back(
    house: House, answer: dict[str, str]
) -> None:
    line = house.caller("plumber")
    leg = colleague(house)
    house.twilio.ask(leg, leg.verb("Gather").get("action"), **answer)
    assert leg.verb("Hangup") is not None
    told = parameters(line)
    assert (told["back_from"], told["back_why"]) == ("plumber", "declined")
    house.twilio.tell_end(leg, "completed")
    assert house.story(line) == [("transfer_failed", "plumber", "declined")], "once"


def test_a_colleague_who_says_nothing_clear_is_asked_once_more(house: House) -> None:
    line = house.caller("plumber")
    leg = colleague(house)
    house.twilio.ask(leg, leg.verb("Gather").get("action"), SpeechResult="Who is it?")
    house.twilio.ask(leg, leg.verb("Redirect").text)
    assert leg.document is not None
    assert [verb.tag for verb in leg.document] == ["Gather", "Hangup"]
    house.twilio.ask(leg, leg.verb("Gather").get("action"), SpeechResult="Hm?")
    assert leg.verb("Hangup") is not None
    assert parameters(line)["back_why"] == "declined"


@pytest.mark.parametrize(
    ("status", "why"), [("busy", "busy"), ("no-answer", "no-answer"), ("completed", "no-answer")]
)
def test_a_colleague_who_is_not_reached(house: House, status: str, why: str) -> None:
    """ "completed" is voicemail: it answered, and pressed no key."""
    line = house.caller("plumber")
    (leg,) = house.twilio.outgoing()
    house.twilio.tell_end(leg, status)
    assert parameters(line)["back_why"] == why
    late = colleague_answers_late(house, leg)
    assert late.said == routes.GONE


def colleague_answers_late(house: House, leg: Line) -> Line:
    leg.status = "in-progress"
    house.twilio.ask(leg, leg.form["Url"])
    return leg


def test_after_a_colleague_the_next_target_is_dialled(house: House) -> None:
    line = house.caller("crew")
    (leg,) = house.twilio.outgoing()
    house.twilio.tell_end(leg, "no-answer")
    assert dialled(line)[0] == "+14155550142"


def test_a_caller_who_hangs_up_on_hold_frees_the_colleague(house: House) -> None:
    line = house.caller("plumber")
    leg = colleague(house)
    line.status = "completed"
    redial(house, line, "completed")
    assert leg.status == "completed", "hung up by us"
    leg.status = "in-progress"
    house.twilio.ask(leg, leg.verb("Gather").get("action"), Digits="1")
    assert leg.said == routes.GONE


def test_where_a_colleague_cannot_be_asked_the_caller_is_put_through_at_once(
    house: House,
) -> None:
    house.twilio.refuse = 500
    line = house.caller("plumber")
    assert dialled(line) == ("+14155550146", "20")
    redial(house, line, "busy")
    assert parameters(line)["back_why"] == "busy"


def test_a_fetch_that_twilio_did_not_take_is_tried_again_while_the_caller_waits(
    house: House,
) -> None:
    line = house.caller("plumber")
    leg = colleague(house)
    house.twilio.refuse = 503
    house.twilio.ask(leg, leg.verb("Gather").get("action"), Digits="2")
    assert line.verb("Dial")[0].tag == "Conference", "still waits"
    house.twilio.refuse = 0
    house.twilio.play_wait(line)
    assert parameters(line)["back_why"] == "declined"


def test_a_caller_of_whom_nobody_tells_anything_is_fetched_back(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = house.caller("plumber")
    monkeypatch.setattr(routes, "LISTEN_S", -1000.0)
    house.twilio.play_wait(line)
    assert parameters(line)["back_why"] == "no-answer"
    (leg,) = house.twilio.outgoing()
    assert leg.status == "completed"


def test_strangers_cannot_touch_a_transfer(house: House) -> None:
    line = house.caller("plumber")
    client = house.twilio._client
    for path in ("dialed", "hold", "colleague", "colleague/answer", "colleague/ended"):
        answer = client.post(f"/twilio/{path}?call={line.sid}&ticket=x", data={"CallSid": line.sid})
        assert answer.status_code == 401
    ticket = Tickets(house.redis).get(line.sid)
    assert ticket is not None
    assert ticket.state == "ringing"
    assert dt.datetime.now(dt.UTC).timestamp() - ticket.at < 60
