"""The channels that tell of bookings, each against a local server of its kind."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Iterator
from urllib.parse import parse_qs

import orjson
import pytest

from app.adapters.agents import files
from app.adapters.notify import words
from app.adapters.notify.base import Change, NotTold
from app.adapters.notify.channels import can_tell_office, can_text, open_channels
from app.adapters.notify.mail import Mail, recipients
from app.adapters.notify.text_message import CallerText, LoggedMessages, TwilioMessages
from app.adapters.notify.webhook import Webhook
from app.core.agent.definition import Agent
from app.core.agent.messages import MessageSettings
from app.core.booking.rules import Notify
from app.core.language.phone_numbers import number_hash
from app.security import outgoing
from app.settings import Settings
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.smtp_server import SmtpServer

BOOKING = {
    "id": "bk-1",
    "status": "booked",
    "name": "Dana Reyes",
    "service": "cleaning",
    "start": "2027-03-09T14:00:00-08:00",
    "end": "2027-03-09T15:00:00-08:00",
    "time_zone": "America/Los_Angeles",
    "uid": "u1",
    "event_id": "e1",
    "phone": "+14155550123",
}


def change(kind: str = "created", **fields: object) -> Change:
    values: dict[str, object] = {
        "id": "chg-1",
        "kind": kind,
        "call_id": "call_1",
        "booking": BOOKING,
        "caller_number": "+14155550123",
        **fields,
    }
    return Change(**values)  # type: ignore[arg-type]


def agent(**notify: object) -> Agent:
    found = files.load().default
    rules = found.booking.model_copy(update={"notify": Notify(**notify)})  # type: ignore[arg-type]
    return found.model_copy(update={"booking": rules})


@pytest.fixture
def status() -> list[int]:
    return [200]


@pytest.fixture
def server(status: list[int]) -> Iterator[LocalServer]:
    def answer(request: Request) -> Answer:
        return status[0], {}

    server = LocalServer(answer)
    yield server
    server.stop()


def test_the_webhook_is_signed(server: LocalServer) -> None:
    hook = Webhook(f"{server.url}/hook?x=1", "secret", clock=lambda: 1_800_000_000.7)
    hook.send(change(), agent())
    (request,) = server.seen
    body = orjson.loads(request.body)
    assert (body["id"], body["event"]) == ("chg-1", "booking.created")
    assert body["booking"]["start"] == "2027-03-09T14:00:00-08:00"
    message = b"1800000000." + request.body
    digest = hmac.new(b"secret", message, hashlib.sha256).hexdigest()
    assert request.headers["callsmith-signature"] == f"t=1800000000,v1={digest}"
    assert request.query == {"x": "1"}
    assert request.headers["idempotency-key"] == "chg-1"


STAFF = f"text {number_hash('+14155550142')}"
LEFT = {
    "about": "The boiler drips.",
    "name": "Dana Reyes",
    "number": "+14155550199",
    "urgent": True,
    "call_back": {"words": "tomorrow after three PM", "date": "", "from": "15:00", "until": ""},
    "confirmed": False,
}


def test_a_message_goes_where_the_agents_file_says(
    server: LocalServer, status: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_SECRET", "s3cret")
    own = MessageSettings(
        email=("desk@example.com",),
        text=("+14155550142",),
        webhook_url=f"{server.url}/own",
        webhook_secret="${DESK_SECRET}",
    )
    desk = agent(email=["office@example.com"]).model_copy(update={"messages": own})
    left = change("message", booking=None, message=LEFT, id="message-c 1-k")
    settings = Settings(tools_allow_private=True, message_webhook_url=f"{server.url}/default")
    hook, text = open_channels(settings, desk, "message")
    hook.send(left, desk)
    (request,) = server.seen
    assert request.path == "/own"
    assert request.json()["event"] == "message.taken"
    assert request.json()["message"] == LEFT
    assert request.headers["idempotency-key"] == "message-c%201-k"
    header = request.headers["callsmith-signature"]
    at = int(header[2:].partition(",")[0])
    assert outgoing.verify(request.body, header, "s3cret", at)

    refusing = open_channels(Settings(), desk, "message")[0]
    with pytest.raises(NotTold, match="not public"):
        refusing.send(left, desk)
    default = open_channels(settings, agent(), "callback")[0]
    default.send(change("callback", booking=None), agent())
    assert server.seen[-1].path == "/default"

    assert text.name == STAFF
    assert recipients(left, desk) == ("desk@example.com",)
    assert recipients(left, agent(email=["office@example.com"])) == ("office@example.com",)
    assert words.subject(left, desk) == "URGENT: message from Dana Reyes"
    for part in ("The boiler drips.", "+14155550199", "tomorrow after three PM", "before the"):
        assert part in words.mail(left, desk)
        assert part in words.staff_text(left, desk)


@pytest.mark.parametrize("answer", [301, 404, 500])
def test_the_webhook_is_tried_again(server: LocalServer, status: list[int], answer: int) -> None:
    status[0] = answer
    with pytest.raises(NotTold, match=str(answer)):
        Webhook(server.url, "").send(change(), agent())


def test_a_webhook_that_is_away(server: LocalServer) -> None:
    server.stop()
    with pytest.raises(NotTold) as caught:
        Webhook(f"{server.url}/?token=hush", "").send(change(), agent())
    assert "hush" not in str(caught.value)


def test_mail() -> None:
    smtp = SmtpServer()
    try:
        url = f"smtp://desk%40example.com:p%40ss%3Aword@127.0.0.1:{smtp.port}"
        mail = Mail(url, "Harbor Dental <desk@example.com>")
        mail.send(change(), agent(email=["office@example.com", "boss@example.com"]))
        (message,) = smtp.messages
        assert smtp.recipients == ["office@example.com", "boss@example.com"]
        assert message["Subject"] == "Booked: cleaning, Tue 9 Mar 2027, 2:00 PM"
        assert message["Message-ID"] == "<chg-1@callsmith>"
        text = message.get_content()
        assert "Dana Reyes" in text
        assert "+14155550123" in text
        with pytest.raises(NotTold):
            mail.send(change(), agent(email=["x@refused.example"]))
        with pytest.raises(NotTold):
            Mail(url.replace("word", "bad"), "").send(change(), agent(email=["a@b.example"]))
    finally:
        smtp.stop()
    with pytest.raises(NotTold):
        mail.send(change(), agent(email=["office@example.com"]))


def test_text_messages(server: LocalServer, status: list[int]) -> None:
    status[0] = 201
    text = CallerText(TwilioMessages("AC1", "hush", "+14155550100", api=server.url))
    text.send(change("moved"), agent())
    (request,) = server.seen
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert base64.b64decode(request.headers["authorization"].split()[1]) == b"AC1:hush"
    assert parse_qs(request.body.decode()) == {
        "To": ["+14155550123"],
        "From": ["+14155550100"],
        "Body": ["Harbor Dental: your cleaning has been moved to Tue 9 Mar 2027, 2:00 PM."],
    }
    CallerText(TwilioMessages("AC1", "hush", "MG9", api=server.url)).send(change(), agent())
    assert parse_qs(server.seen[-1].body.decode())["MessagingServiceSid"] == ["MG9"]
    status[0] = 400
    text.send(change(), agent())
    status[0] = 503
    with pytest.raises(NotTold):
        text.send(change(), agent())


def test_who_wants_what() -> None:
    text = CallerText(LoggedMessages())
    assert not text.wants(change(), agent())
    assert text.wants(change(), agent(text_caller=True))
    assert text.wants(change("noted_failed", booking=None, wish="a cleaning"), agent())
    assert not text.wants(change("noted_done", booking=None, caller_number=""), agent())
    assert not Mail("smtp://x", "").wants(change(), agent())
    assert Mail("smtp://x", "").wants(change(), agent(email=["a@b.example"]))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("noted_done", "Harbor Dental: done. We had noted a cleaning tomorrow."),
        ("noted_failed", "Harbor Dental: we are sorry, we could not do what we had noted"),
    ],
)
def test_what_was_noted(kind: str, expected: str, caplog: pytest.LogCaptureFixture) -> None:
    noted = change(kind, booking=None, wish="a cleaning tomorrow", reason="slot_taken")
    with caplog.at_level(logging.INFO, logger="app.adapters.notify.text_message"):
        CallerText(LoggedMessages()).send(noted, agent())
    assert expected in str(caplog.records[-1].__dict__["text"])


def test_what_the_settings_switch_on() -> None:
    production = Settings(env="production")
    assert open_channels(production, agent(), "created") == []
    assert not can_text(production)
    assert [channel.name for channel in open_channels(Settings(), agent(), "created")] == ["text"]
    everything = Settings(
        env="production",
        booking_webhook_url="https://x.example",
        smtp_url="smtp://x.example",
        twilio_account_sid="AC1",
        twilio_auth_token="t",
        notify_sms_from="+14155550100",
    )
    opened = open_channels(everything, agent(), "created")
    assert [channel.name for channel in opened] == ["webhook", "mail", "text"]
    own = MessageSettings(text=("+14155550142",))
    desk = agent().model_copy(update={"messages": own})
    opened = open_channels(everything, desk, "message")
    assert [channel.name for channel in opened] == ["webhook", "mail", STAFF]
    assert can_text(everything)
    assert can_tell_office(everything, agent())
    by_mail = Settings(env="production", smtp_url="smtp://x.example")
    assert not can_tell_office(by_mail, agent())
    assert can_tell_office(by_mail, agent(email=["a@b.example"]))
