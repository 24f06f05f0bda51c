"""A business's token opens what is its own, and what is another's looks as if it were missing."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from app.adapters.agents import files
from app.adapters.calls.store import CallStore
from app.adapters.calls.usage import UsageStore
from app.adapters.notify.messages import Messages, promised_callback
from app.adapters.tokens.business import BusinessTokens
from app.core.agent.reference import AgentRef
from app.security.scope import Scope
from app.settings import Settings
from app.web.application import BLUEPRINTS
from app.web.guard import access, attempts
from tests.support.web_app import make_app

ADMIN = "admin-secret"
BUSINESSES = ("bakery", "salon", "garage")
#: All three have one name, and so have their agents: only ids tell them apart.
AGENTS = files.parse(
    "default: ada-garage\nbusinesses:\n"
    + "".join(f"  {each}: {{name: Corner}}\n" for each in BUSINESSES)
    + "agents:\n"
    + "".join(
        f"  - {{id: ada-{each}, name: Ada, business: {each}, instructions: x,"
        f" tools: [check_availability]}}\n"
        for each in BUSINESSES
    ),
    "agents.yaml",
)


class Desk:
    """The web side of a backend for three businesses, each with a token."""

    def __init__(self, url: str) -> None:
        self.settings = Settings(
            redis_url=url, env="production", admin_token=ADMIN, socket_token="s"
        )
        self.app = make_app(self.settings, *BLUEPRINTS, agents=AGENTS)
        services = self.app.extensions["services"]
        self.redis: Redis = services.redis
        self.calls: CallStore = services.calls
        self.tokens = BusinessTokens(self.redis)
        self.given = {each: self.tokens.create(each, by="a test")[1] for each in BUSINESSES}

    def client(self, token: str = "") -> FlaskClient:
        client = self.app.test_client()
        if token:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def of(self, business: str) -> FlaskClient:
        return self.client(self.given[business])

    def call(self, business: str, number: int, *, over: bool = False) -> str:
        """A call of the business's, with all that calls leave; its id."""
        call_id = f"call_{business}_{number}"
        who = AgentRef(f"ada-{business}", business)
        fields = {
            "agent": "Ada", "business": "Corner", "agent_ref": who.to_json(),
            "from_number": "+14155550123", "started_at": 1_795_300_000.0 + number,
        }  # fmt: skip
        lease = self.calls.take(call_id, "elsewhere")
        self.calls.save(call_id, {}, fence=lease.fence, fields=fields)
        self.calls.set_transcript(call_id, [{"role": "user", "content": f"for {business}"}])
        self.calls.record(call_id, [orjson.dumps({"t": 1.0, "in": "x", "of": business})])
        keep_s = self.settings.record_retention_s
        message = promised_callback(who, call_id, "+14155550123", 1_795_300_000.0, business)
        Messages(self.redis, keep_s).leave(message, announce=False)
        day = dt.datetime.now(dt.UTC).date()
        UsageStore(self.redis, self.settings).count(call_id, who, day, {"calls": 1})
        if over:
            self.calls.end(call_id)
        return call_id


@pytest.fixture
def desk(redis: Redis, redis_url: str) -> Desk:
    redis.flushall()
    return Desk(redis_url)


def form_of(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, token: str) -> Any:
    page = client.get("/console/sign-in").text
    return client.post("/console/sign-in", data={"token": token, "form_token": form_of(page)})


#: Every address with a call in it.
OF_A_CALL = (
    ("GET", "/api/calls/{}"),
    ("GET", "/api/calls/{}/report"),
    ("GET", "/api/calls/{}/record"),
    ("GET", "/api/events/stream?call={}"),
    ("POST", "/api/calls/{}/say"),
    ("POST", "/api/calls/{}/instruct"),
    ("POST", "/api/calls/{}/transfer"),
    ("POST", "/api/calls/{}/mute"),
    ("POST", "/api/calls/{}/end"),
    ("GET", "/console/live/{}"),
    ("GET", "/console/calls/{}"),
    ("GET", "/console/calls/{}/record"),
    ("GET", "/api/calls/{}/recording"),
    ("GET", "/api/calls/{}/recording.wav"),
    ("DELETE", "/api/calls/{}/recording"),
    ("GET", "/api/calls/{}/scenario"),
    ("GET", "/console/calls/{}/turns/1"),
    ("POST", "/console/calls/{}/turns/1"),
    ("POST", "/console/calls/{}/recording"),
)


@pytest.mark.parametrize(("method", "path"), OF_A_CALL)
def test_a_foreign_call_is_a_missing_one(desk: Desk, method: str, path: str) -> None:
    foreign = desk.call("salon", 1)
    body: dict[str, Any] = {"json": {"text": "x", "tool": "x"}} if method == "POST" else {}
    bakery = desk.of("bakery")
    answers = [bakery.open(path.format(id_), method=method, **body) for id_ in (foreign, "gone")]
    assert [(each.status_code, each.text) for each in answers] == [
        (404, answers[1].text),
        (404, answers[0].text),
    ]
    own = desk.of("salon").open(path.format(foreign), method=method, **body)
    parts = ("no_report", "no_recording", "no_turn")
    missing_part = own.status_code == 404 and own.get_json()["error"]["code"] in parts
    assert own.status_code in (200, 202, 302, 303, 400, 415) or missing_part, own.text
    own.close()


def test_what_concerns_all_is_for_admins(desk: Desk) -> None:
    for path in ("/api/events", "/api/tokens", "/console/jobs"):
        assert desk.of("bakery").get(path).status_code == 403, path
        assert desk.client(ADMIN).get(path).status_code == 200, path
    assert desk.of("bakery").delete("/api/tokens/x").status_code == 403
    assert "Jobs" not in desk.of("bakery").get("/console").text
    assert "Jobs" in desk.client(ADMIN).get("/console").text


def test_tools_run_for_its_own_agents_and_calls(desk: Desk) -> None:
    foreign = desk.call("salon", 1)
    bakery = desk.of("bakery")
    assert bakery.get("/api/tools").get_json()["agent"] == "Ada"
    for agent, status in (("ada-bakery", 200), ("Ada", 200), ("ada-salon", 404), ("gone", 404)):
        assert bakery.get(f"/api/tools?agent={agent}").status_code == status, agent
    for call_id in (foreign, "gone"):
        answer = bakery.post(
            "/api/tools/check_availability/run", json={"call_id": call_id, "arguments": {}}
        )
        assert (answer.status_code, answer.get_json()["error"]["message"]) == (404, "no such call")
    run = "/api/tools/check_availability/run"
    assert bakery.post(run, json={"agent": "ada-salon", "arguments": {}}).status_code == 404


def test_pages_to_be_a_caller_know_its_own_agents(desk: Desk) -> None:
    bakery = desk.of("bakery")
    for path in ("/console/try/call", "/console/talk/call"):
        assert bakery.post(f"{path}?agent=ada-salon").status_code == 404, path
        assert bakery.post(path).status_code == 200, path
    assert bakery.post("/console/talk/call").get_json()["agent"] == "ada-bakery"
    assert "/agents/ada-bakery/" in bakery.post("/console/try/call").get_json()["socket"]
    for path in ("/console/try", "/console/talk", "/console", "/console/calls"):
        assert "salon" not in bakery.get(path).text, path


def test_a_text_is_read_by_its_own_agent(desk: Desk) -> None:
    body = {"transcript": "I need an appointment"}
    bakery = desk.of("bakery")
    assert bakery.post("/webhook/realtime", json=body).get_json()["received"]
    assert bakery.post("/webhook/realtime", json={**body, "agent": "ada-bakery"}).status_code == 200
    foreign = bakery.post("/webhook/realtime", json={**body, "agent": "ada-salon"})
    missing = bakery.post("/webhook/realtime", json={**body, "agent": "gone"})
    assert (foreign.status_code, foreign.text) == (400, missing.text)
    wrong = desk.client("cs_0123456789ab_" + "x" * 43).post("/webhook/realtime", json=body)
    assert wrong.status_code == 403


def test_tokens_over_the_api(desk: Desk) -> None:
    admin = desk.client(ADMIN)
    made = admin.post("/api/tokens", json={"business": "bakery", "note": "till"})
    assert made.status_code == 201
    told = made.get_json()
    assert (told["business"], told["note"], told["created_by"]) == ("bakery", "till", "an admin")
    fresh = desk.client(told["token"])
    assert fresh.get("/api/calls").status_code == 200
    assert desk.of("bakery").get("/api/calls").status_code == 200
    listed = admin.get("/api/tokens?business=bakery").get_json()["tokens"]
    assert [each["business"] for each in listed] == ["bakery", "bakery"]
    assert listed[1]["used_at"]
    assert not {"digest", "token"} & listed[0].keys()
    assert len(admin.get("/api/tokens").get_json()["tokens"]) == 4
    assert admin.delete(f"/api/tokens/{told['id']}").status_code == 200
    assert fresh.get("/api/calls").status_code == 403
    assert admin.delete(f"/api/tokens/{told['id']}").status_code == 404
    assert admin.post("/api/tokens", json={"business": "gone"}).status_code == 404
    assert admin.post("/api/tokens", json={"business": 1}).status_code == 400


def test_a_businesss_session_ends_with_its_token(desk: Desk) -> None:
    mine, foreign = desk.call("bakery", 1), desk.call("salon", 1)
    client = desk.client()
    entered = sign_in(client, desk.given["bakery"])
    (cookie,) = [
        line for line in entered.headers.getlist("Set-Cookie") if line.startswith(access.COOKIE)
    ]
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert desk.given["bakery"].rpartition("_")[2] not in cookie
    listed = client.get("/console/calls").text
    assert mine in listed
    assert foreign not in listed
    assert client.get(f"/console/calls/{foreign}").status_code == 404
    say = f"/api/calls/{mine}/say"
    assert client.post(say, json={"text": "x"}).status_code == 403
    token = form_of(client.get("/console").text)
    headers = {access.FORM_HEADER: token}
    assert client.post(say, json={"text": "x"}, headers=headers).status_code == 202
    desk.tokens.revoke(desk.given["bakery"].split("_")[1])
    assert client.get("/api/calls").status_code == 403
    assert client.get("/console", headers={"Accept": "text/html"}).status_code == 303
    assert sign_in(client, desk.given["bakery"]).status_code == 403


def test_wrong_tokens_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "TRIES", 3)
    guesser = desk.client("guess")
    assert [guesser.get("/api/calls").status_code for _ in range(5)] == [403] * 3 + [429] * 2
    late = desk.client(ADMIN).get("/api/calls")
    assert late.status_code == 429
    assert int(late.headers["Retry-After"]) > 0
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert desk.client(ADMIN).get("/api/calls", environ_base=elsewhere).status_code == 200
    assert desk.of("bakery").get("/api/calls").status_code == 200, "nobody guesses 256 bits"
    revoked = desk.client("cs_0123456789ab_" + "x" * 43)
    assert [revoked.get("/api/calls").status_code for _ in range(5)] == [403] * 3 + [429] * 2
    assert desk.of("bakery").get("/api/calls").status_code == 200


def test_without_redis_a_businesss_token_opens_nothing(free_port: int, desk: Desk) -> None:
    away = make_app(
        Settings(
            redis_url=f"redis://127.0.0.1:{free_port}/0", env="production", admin_token=ADMIN,
            socket_token="s",
        ),
        *BLUEPRINTS,
        agents=AGENTS,
    ).test_client()  # fmt: skip
    bearer = {"Authorization": f"Bearer {desk.given['bakery']}"}
    assert away.get("/console", headers=bearer).status_code == 503
    page = away.get("/console/sign-in").text
    data = {"token": desk.given["bakery"], "form_token": form_of(page)}
    assert away.post("/console/sign-in", data=data).status_code == 503
    assert away.get("/console", headers={"Authorization": f"Bearer {ADMIN}"}).status_code == 200


def test_no_token_is_in_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    sign_in(desk.client(), desk.given["bakery"])
    made = desk.client(ADMIN).post("/api/tokens", json={"business": "salon"}).get_json()
    desk.client(made["token"]).get("/api/calls")
    desk.client(f"{made['token'][:-1]}x").get("/api/calls")
    told = "\n".join(str(record.__dict__) for record in caplog.records)
    assert "made a token" in told
    for text in (desk.given["bakery"], made["token"], made["token"][:-1]):
        assert text not in told
        assert text.rpartition("_")[2] not in told


LISTS = (
    "/api/calls",
    "/api/calls?format=csv",
    "/api/calls?business=salon",
    "/api/calls?business=Corner&agent=Ada",
    "/api/calls?agent=ada-salon",
    "/api/calls?q=for",
    "/api/calls?min_seconds=0&max_usd=5",
    "/api/figures",
    "/api/figures?business=salon",
    "/api/messages",
    "/api/messages?business=salon",
    "/api/usage",
    "/api/usage?business=salon",
    "/api/usage?format=csv&agent=ada-salon",
    "/console",
    "/console/calls",
    "/console/calls?business=salon",
    "/console/calls?q=for",
    "/console/figures",
    "/console/live",
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    begun=st.lists(st.tuples(st.sampled_from(BUSINESSES), st.booleans()), min_size=1, max_size=8),
    looks=st.lists(st.sampled_from(LISTS), min_size=2, max_size=6, unique=True),
)
def test_no_list_shows_anothers(
    redis: Redis, redis_url: str, begun: list[tuple[str, bool]], looks: list[str]
) -> None:
    redis.flushall()
    desk = Desk(redis_url)
    ids = [
        (business, desk.call(business, number, over=over))
        for number, (business, over) in enumerate(begun)
    ]
    for business in BUSINESSES:
        own = desk.of(business)
        foreign = [*(each for each in BUSINESSES if each != business)]
        for path in looks:
            # What is asked for may be told back; what was found may not.
            text = own.get(path).text.replace(path.split("?")[-1], "")
            text = re.sub(r'(csv|next)[^"]*"', "", text) if "console" in path else text
            for other, call_id in ids:
                assert other == business or call_id not in text, (business, path)
            if "/console" not in path:
                assert not any(f'"{each}"' in text or f"ada-{each}" in text for each in foreign)
        mine = [call_id for whose, call_id in ids if whose == business]
        found = own.get("/api/calls").get_json()
        assert sorted(call["call_id"] for call in found["calls"]) == sorted(mine)
        live = [id_ for (whose, id_), (_, over) in zip(ids, begun, strict=True)
                if whose == business and not over]  # fmt: skip
        assert found["active"] == len(live)
        rows = desk.app.extensions["edge"].live_calls.rows(Scope(business))
        assert sorted(row["call_id"] for row in rows["calls"]) == sorted(live)
        assert len(own.get("/api/messages").get_json()["messages"]) == len(mine)
    everything = desk.client(ADMIN).get("/api/calls").get_json()["calls"]
    assert len(everything) == len(ids)
