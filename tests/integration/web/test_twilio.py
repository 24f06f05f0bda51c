"""Twilio's webhooks: TwiML with a one-time token, signatures, and what follows a stream."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from app.adapters.agents import files as agent_files
from app.adapters.calls.store import CallStore
from app.adapters.redis.client import connect
from app.adapters.tokens.media import MediaTokens
from app.bridges.drain import Drain
from app.core.agent.directory import Directory
from app.security import twilio_signature
from app.settings import Settings
from app.web import talk, twilio
from app.web.phone.transfers import MAX_RESUMES
from tests.support.web_app import make_app

SID = "CA" + "a" * 32
TOKEN = "5f2c0f9b8d"
BASE = "https://calls.example.com"
FORM = {"CallSid": SID, "From": "+14155550100", "To": "+14155550199", "CallStatus": "ringing"}


def agents(*blocked: str) -> Any:
    default = agent_files.load().default.model_copy(update={"blocked_numbers": blocked})
    other = default.model_copy(update={"id": "otto-söhne", "name": "Otto & Söhne"})
    return Directory([default, other], default=default)


def client_for(url: str, *blocked: str, drain: Drain | None = None, **changes: Any) -> FlaskClient:
    settings = Settings(redis_url=url, **{"public_url": BASE, **changes})
    services = {"agents": agents(*blocked), "drain": drain or Drain()}
    return make_app(settings, twilio.bp, talk.bp, **services).test_client()


def ring(client: FlaskClient, path: str = "/twilio/voice", **form: str) -> ET.Element:
    answer = client.post(path, data={**FORM, **form})
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/xml")
    return ET.fromstring(answer.data)  # noqa: S314 - our own answer


def stream(document: ET.Element) -> tuple[ET.Element, dict[str, str]]:
    noun = document[0][0]
    return noun, {p.get("name", ""): p.get("value", "") for p in noun}


def test_a_ringing_call_is_connected_to_a_stream(redis_url: str) -> None:
    document = ring(client_for(redis_url))
    assert document[0].tag == "Connect"
    assert document[0].get("action") == f"{BASE}/twilio/next?agent=mia&times=0"
    noun, parameters = stream(document)
    assert noun.get("url") == "wss://calls.example.com/media-stream"
    assert parameters["from"] == "+14155550100"
    assert parameters["to"] == "+14155550199"
    assert len(parameters["token"]) > 30


def test_the_token_opens_one_stream_of_one_call_once(redis_url: str) -> None:
    token = stream(ring(client_for(redis_url)))[1]["token"]
    settings = Settings(redis_url=redis_url)
    door = MediaTokens(connect(settings), settings)
    assert not door.take(token, "CA" + "b" * 32)
    assert not door.take(token + "x", SID)
    assert not door.take(None, SID)
    assert door.take(token, SID)
    assert not door.take(token, SID)


def test_a_token_lapses(redis_url: str) -> None:
    now = [1_000_000.0]
    settings = Settings(redis_url=redis_url)
    door = MediaTokens(connect(settings), settings, clock=lambda: now[0])
    token = door.mint(SID)
    now[0] += 601
    assert not door.take(token, SID)


def test_a_token_is_taken_without_redis() -> None:
    settings = Settings(redis_url="redis://127.0.0.1:1/0")
    door = MediaTokens(connect(settings), settings)
    assert door.take(door.mint(SID), SID)
    assert not door.take("forged", SID)


def test_without_a_public_address_the_request_tells_it(redis_url: str) -> None:
    client = client_for(redis_url, public_url="")
    noun, _ = stream(ring(client))
    assert noun.get("url") == "ws://localhost/media-stream"
    answer = client.post("/twilio/voice", data=FORM, headers={"X-Forwarded-Proto": "https"})
    document = ET.fromstring(answer.data)  # noqa: S314
    assert stream(document)[0].get("url") == "wss://localhost/media-stream"


def signed(client: FlaskClient, path: str, *, key: str = TOKEN, **form: str) -> Any:
    fields = {**FORM, **form}
    header = twilio_signature.sign(f"{BASE}{path}", fields, key)
    return client.post(path, data=fields, headers={"X-Twilio-Signature": header})


def test_signatures_are_required_where_a_token_is_configured(redis_url: str) -> None:
    client = client_for(redis_url, twilio_auth_token=TOKEN)
    assert signed(client, "/twilio/voice").status_code == 200
    assert signed(client, "/twilio/voice?agent=Mia").status_code == 200
    assert signed(client, "/twilio/next?times=0", CallStatus="completed").status_code == 200
    for answer in (
        client.post("/twilio/voice", data=FORM),
        signed(client, "/twilio/voice", key="wrong"),
        client.post("/twilio/voice", data=FORM, headers={"X-Twilio-Signature": "AAAA"}),
        client.post("/twilio/next", data=FORM),
    ):
        assert answer.status_code == 401
        assert answer.get_json()["error"]["code"] == "signature"


def test_production_without_a_token_accepts_nothing(redis_url: str) -> None:
    client = client_for(redis_url, env="production", socket_token="s")
    assert client.post("/twilio/voice", data=FORM).status_code == 401


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"CallSid": ""}, 400),
        ({"CallSid": "../../x"}, 400),
        ({"CallSid": "web_0123"}, 400),
        ({"CallSid": SID, "Junk": "x" * 70_000}, 413),
    ],
)
def test_bad_forms_are_refused(redis_url: str, form: dict[str, str], status: int) -> None:
    answer = client_for(redis_url).post(
        "/twilio/voice", data=urlencode(form), content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == status


def test_blocked_callers_and_a_full_house_are_turned_away(redis_url: str) -> None:
    refused = ring(client_for(redis_url, "+1415*"))
    assert (refused[0].tag, refused[0].get("reason")) == ("Reject", "rejected")
    busy = ring(client_for(redis_url, drain=Drain(max_calls=0)))
    assert (busy[0].tag, busy[0].get("reason")) == ("Reject", "busy")


def test_an_agent_is_chosen_by_name(redis_url: str) -> None:
    document = ring(client_for(redis_url), "/twilio/voice?agent=otto+%26+s%C3%B6hne")
    assert stream(document)[1]["agent"] == "otto-söhne"
    assert "agent=otto-s%C3%B6hne" in (document[0].get("action") or "")


# -- after the stream -------------------------------------------------------------------------


def saved(url: str, **state: Any) -> None:
    store = CallStore(connect(Settings(redis_url=url)), Settings(redis_url=url))
    lease = store.take(SID, "web-1")
    assert store.save(SID, {"channel": "audio", "ended": False, **state}, fence=lease.fence)


def tags(document: ET.Element) -> list[tuple[str, str | None]]:
    return [(verb.tag, verb.text) for verb in document]


def test_a_call_that_ended_is_hung_up(redis_url: str) -> None:
    saved(redis_url, ended=True, ending={"kind": "end", "number": "", "say": ""})
    assert tags(ring(client_for(redis_url), "/twilio/next?times=0")) == [("Hangup", None)]


def test_what_was_not_said_is_said_by_twilio(redis_url: str) -> None:
    saved(redis_url, ended=True, ending={"kind": "end", "number": "", "say": "Sorry."})
    document = ring(client_for(redis_url), "/twilio/next?times=0")
    assert tags(document) == [("Say", "Sorry."), ("Hangup", None)]


def test_a_transfer_is_dialled(redis_url: str) -> None:
    saved(redis_url, ended=True, ending={"kind": "transfer", "number": "+1555", "say": ""})
    assert tags(ring(client_for(redis_url), "/twilio/next?times=0")) == [("Dial", "+1555")]


def test_a_broken_stream_is_taken_up_again_a_few_times(redis_url: str) -> None:
    saved(redis_url)
    client = client_for(redis_url)
    document = ring(client, "/twilio/next?times=0")
    for times in range(1, MAX_RESUMES):
        assert document[0].tag == "Connect"
        action = document[0].get("action") or ""
        assert action.endswith(f"times={times}")
        document = ring(client, action.removeprefix(BASE))
    document = ring(client, (document[0].get("action") or "").removeprefix(BASE))
    assert [tag for tag, _ in tags(document)] == ["Say", "Hangup"]


def test_an_unknown_call_is_apologised_to(redis_url: str) -> None:
    document = ring(client_for(redis_url), "/twilio/next?times=x")
    assert [tag for tag, _ in tags(document)] == ["Say", "Hangup"]


def test_a_caller_who_hung_up_is_left_alone(redis_url: str) -> None:
    saved(redis_url)
    document = ring(client_for(redis_url), "/twilio/next?times=0", CallStatus="completed")
    assert tags(document) == [("Hangup", None)]


def test_without_redis_the_caller_still_hears_something() -> None:
    document = ring(client_for("redis://127.0.0.1:1/0"), "/twilio/next?times=0")
    assert [tag for tag, _ in tags(document)] == ["Say", "Hangup"]


# -- the page ---------------------------------------------------------------------------------


def test_the_page_runs_only_its_own_files(redis_url: str) -> None:
    answer = client_for(redis_url).get("/console/talk")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "wss://calls.example.com" in answer.headers["Content-Security-Policy"]
    assert "microphone=(self)" in answer.headers["Permissions-Policy"]
    assert "Harbor Dental" in answer.text
    assert "Otto &amp; Söhne" in answer.text
    for name in ("talk.js", "talk-audio.js", "talk.css"):
        with client_for(redis_url).get(f"/console/static/{name}") as file:
            assert file.status_code == 200


def test_the_pages_token_opens_its_own_call(redis_url: str) -> None:
    client = client_for(redis_url)
    first, second = (client.post("/console/talk/call").get_json() for _ in range(2))
    assert first["call_id"].startswith("web_")
    assert first["call_id"] != second["call_id"]
    settings = Settings(redis_url=redis_url)
    door = MediaTokens(connect(settings), settings)
    assert first["agent"]
    assert not door.take(first["token"], second["call_id"], first["agent"])
    assert not door.take(first["token"], first["call_id"], "another")
    assert not door.take(first["token"], first["call_id"])
    assert door.take(first["token"], first["call_id"], first["agent"])


def test_the_page_is_the_administrators_outside_development(redis_url: str) -> None:
    client = client_for(redis_url, env="production", admin_token="adm", socket_token="s")
    assert client.get("/console/talk").status_code == 403
    assert client.post("/console/talk/call").status_code == 403
    assert client.get("/console/talk?token=adm").status_code == 200
    assert client.post("/console/talk/call?token=adm").status_code == 200


def test_no_call_begins_while_the_process_leaves(redis_url: str) -> None:
    drain = Drain()
    drain.draining = True
    assert client_for(redis_url, drain=drain).post("/console/talk/call").status_code == 503


def test_a_number_that_calls_too_often_is_turned_away(redis_url: str) -> None:
    client = client_for(redis_url, calls_per_caller=1)
    assert ring(client)[0].tag == "Connect"
    assert ring(client)[0].tag == "Connect", "the same call"
    assert ring(client, CallSid="CA" + "b" * 32)[0].tag == "Reject"


@pytest.mark.parametrize("path", ["/twilio/voice?agent=Nobody", "/twilio/next?agent=Nobody"])
def test_an_agent_that_there_is_none_of_is_refused(redis_url: str, path: str) -> None:
    answer = client_for(redis_url).post(path, data=FORM)
    assert answer.status_code == 404
    assert answer.get_json()["error"]["code"] == "unknown_agent"
