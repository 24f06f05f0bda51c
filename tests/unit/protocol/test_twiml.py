"""TwiML documents, parsed as Twilio would."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from app.protocol import twiml


def xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own document


def test_connect_twiml() -> None:
    text = twiml.connect_twiml(
        "wss://x.example/media-stream",
        {"token": 'a"<&>', "from": "+14155550100"},
        action_url="https://x.example/twilio/next?a=1&b=2",
    )
    connect = xml(text)[0]
    assert connect.tag == "Connect"
    assert connect.get("action") == "https://x.example/twilio/next?a=1&b=2"
    stream = connect[0]
    assert stream.get("url") == "wss://x.example/media-stream"
    assert {p.get("name"): p.get("value") for p in stream} == {
        "token": 'a"<&>',
        "from": "+14155550100",
    }
    with pytest.raises(ValueError, match="token"):
        twiml.connect_twiml("wss://x.example", {"token": "x" * 500})


def test_closing_twiml() -> None:
    bye = xml(twiml.hangup_twiml("Sorry & goodbye"))
    assert [(e.tag, e.text) for e in bye] == [("Say", "Sorry & goodbye"), ("Hangup", None)]
    dial = xml(twiml.dial_twiml("+14155550199"))
    assert [(e.tag, e.text) for e in dial] == [("Dial", "+14155550199")]
    assert dial[0].attrib == {"timeout": "25"}
    url = "https://x.example/twilio/dialed?times=0&target=Al"
    dial = xml(twiml.dial_twiml("+14155550199", say="One moment", ring_s=9, action_url=url))
    assert [e.tag for e in dial] == ["Say", "Dial"]
    assert dial[1].attrib == {"timeout": "9", "action": url}
    refused = xml(twiml.reject_twiml())
    assert refused[0].tag == "Reject"
    assert refused[0].get("reason") == "busy"


def test_a_caller_waits_in_a_conference_that_a_colleague_joins() -> None:
    wait = xml(twiml.wait_twiml("r1", wait_url="https://x/h?a=1&b=2", action_url="https://x/d"))
    room = wait[0][0]
    assert (wait[0].tag, room.tag, room.text) == ("Dial", "Conference", "r1")
    assert room.get("startConferenceOnEnter") == "false"
    assert room.get("endConferenceOnExit") == "true"
    assert room.get("waitUrl") == "https://x/h?a=1&b=2"
    join = xml(twiml.join_twiml("r1", "Connecting"))
    assert join[1][0].get("startConferenceOnEnter") == "true"
    assert join[1][0].text == "r1"
    assert [e.tag for e in xml(twiml.hold_twiml("One moment"))] == ["Say", "Pause"]


def test_a_colleague_is_asked() -> None:
    asked = xml(twiml.ask_twiml('They said: "<b>"', action_url="https://x/a?b=1&c=2"))
    assert [e.tag for e in asked] == ["Gather", "Hangup"]
    assert asked[0][0].text == 'They said: "<b>"'
    assert asked[0].get("action") == "https://x/a?b=1&c=2"
    again = xml(twiml.ask_twiml("Hi", action_url="https://x/a", otherwise_url="https://x/o?p&q"))
    assert (again[1].tag, again[1].text) == ("Redirect", "https://x/o?p&q")
    assert xml(twiml.redirect_twiml("https://x/?a&b"))[0].text == "https://x/?a&b"
