"""Live calls over server-sent events, and stepping into one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import orjson
import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.tools.replies import Replies
from app.bridges.drain import Drain
from app.core.call.events import FromRetell, StepIn
from app.core.record.entries import encode
from app.errors import TooMany
from app.security.scope import EVERYTHING, Scope
from app.settings import Settings
from app.web.calls import live
from app.web.calls import streams as streams_module
from app.web.calls.streams import SHARE, LiveCalls, News, Streams
from tests.support.web_app import make_app


@pytest.fixture
def store(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


@pytest.fixture
def client(store: CallStore, settings: Settings) -> FlaskClient:
    store.take("c1", "process-1")
    store.merge("c1", {"agent": "Mia", "from_number": "+14155550100", "turns_count": 2}, live=True)
    return make_app(settings, live.bp, drain=Drain()).test_client()


def events_of(answer: Any) -> Iterator[tuple[str, Any]]:
    """The events of a stream, as they come."""
    name = ""
    for chunk in answer.response:
        for line in chunk.decode().splitlines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                yield name, orjson.loads(line[6:])


def test_live_calls_are_told_with_masked_numbers(client: FlaskClient) -> None:
    answer = client.get("/api/events/stream")
    assert answer.content_type.startswith("text/event-stream")
    name, told = next(events_of(answer))
    assert (name, told["live"]) == ("calls", 1)
    assert told["calls"][0]["call_id"] == "c1"
    assert told["calls"][0]["from_number"] == "+1…0100"
    answer.close()


def test_one_call_is_told_as_it_is_spoken_until_it_is_over(
    client: FlaskClient, store: CallStore
) -> None:
    answer = client.get("/api/events/stream?call=c1")
    told = events_of(answer)
    hear(store, "Hello", "Hi")
    name, words = next(told)
    assert (name, [line["text"] for line in words["lines"]]) == ("words", ["Hello", "Hi"])
    hear(store, "Hello", "Hi there")
    name, words = next(told)
    assert (words["from"], words["lines"][0]["text"]) == (1, "Hi there")
    store.end("c1")
    assert next(told)[0] == "over"
    assert list(told) == []


def hear(store: CallStore, agent: str, caller: str) -> None:
    transcript = [{"role": "agent", "content": agent}, {"role": "user", "content": caller}]
    frame = {"interaction_type": "update_only", "transcript": transcript}
    store.record("c1", [encode(1.0, 1, FromRetell(orjson.dumps(frame)))])


@pytest.mark.parametrize(
    ("what", "body", "wanted"),
    [
        ("say", {"text": "One moment."}, StepIn("say", "One moment.", by="an admin")),
        ("instruct", {"text": "Be brief."}, StepIn("instruct", "Be brief.", by="an admin")),
        ("end", {}, StepIn("end", by="an admin")),
        ("mute", {"tool": "book"}, StepIn("mute", "book", by="an admin")),
        (
            "transfer",
            {"number": "(415) 555-0188"},
            StepIn("transfer", "", "+14155550188", by="an admin"),
        ),
        ("transfer", {}, StepIn("transfer", "", "+14155550142", by="an admin")),
    ],
)
def test_stepping_in_reaches_the_holder(
    client: FlaskClient, what: str, body: dict[str, str], wanted: StepIn
) -> None:
    services = client.application.extensions["services"]
    came: list[StepIn] = []
    answer = client.post(f"/api/calls/c1/{what}", json=body)
    assert (answer.status_code, answer.get_json()) == (202, {"accepted": True})
    ((_, fields),) = cast(list[Any], services.redis.xrange(keys.replies("process-1")))
    # This test process is not patched for gevent: the reader's greenlet cannot run.
    replies = Replies(services.settings, "process-1", services.effects)
    replies.start = lambda: None  # type: ignore[method-assign]
    replies.subscribe("c1", lambda reply: None, on_step_in=came.append)
    replies._take(fields)
    assert came == [wanted]


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("c1/say", {}, 400, "say needs a text"),
        ("c1/say", {"text": 5}, 400, "text must be a text"),
        ("c1/instruct", {"text": "x" * 1001}, 400, "text exceeds 1000 characters"),
        ("c1/mute", {"text": "x"}, 400, "mute needs a tool"),
        ("c1/transfer", {"number": "12"}, 400, "none that can be called"),
        ("c1/sing", {"text": "x"}, 404, "what can be done in a call: say, instruct"),
        ("nobody/say", {"text": "Hello"}, 404, "the call is not going on"),
    ],
)
def test_what_cannot_be_done_is_told(
    client: FlaskClient, path: str, body: dict[str, Any], status: int, message: str
) -> None:
    answer = client.post(f"/api/calls/{path}", json=body)
    assert answer.status_code == status
    assert message in answer.get_json()["error"]["message"]


def test_nobody_else_may_listen_or_step_in(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, env="production", admin_token="a", socket_token="s")
    client = make_app(settings, live.bp, drain=Drain()).test_client()
    assert client.get("/api/events/stream").status_code == 403
    assert client.get("/api/events/stream?call=c1").status_code == 403
    assert client.post("/api/calls/c1/say", json={"text": "Hello"}).status_code == 403


def test_an_unknown_call_has_no_stream(client: FlaskClient) -> None:
    assert client.get("/api/events/stream?call=nobody").status_code == 404


def test_streams_are_counted() -> None:
    streams = Streams()
    first = streams.limited(iter([b"a", b"b"]), 1, EVERYTHING)
    with pytest.raises(TooMany):
        streams.limited(iter([b"c"]), 1, EVERYTHING)
    assert list(first) == [b"a", b"b"]
    assert list(streams.limited(iter([b"c"]), 1, EVERYTHING)) == [b"c"]


def test_a_business_takes_its_share_of_the_streams() -> None:
    streams, bakery = Streams(), Scope("bakery")
    held = [streams.limited(iter([b"a"]), 4 * SHARE, bakery) for _ in range(4)]
    with pytest.raises(TooMany):
        streams.limited(iter([b"b"]), 4 * SHARE, bakery)
    for scope in (Scope("salon"), EVERYTHING):
        assert list(streams.limited(iter([b"c"]), 4 * SHARE, scope)) == [b"c"]
    assert list(held[0]) == [b"a"]
    assert list(streams.limited(iter([b"d"]), 4 * SHARE, bakery)) == [b"d"]


def test_a_businesss_calls_are_listed_beside_many_of_anothers(
    redis: Redis, store: CallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "READ", 3)

    def begin(business: str, number: int) -> str:
        call_id = f"call-{business}-{number}"
        lease = store.take(call_id, "web-1")
        who = {"agent_ref": {"agent": "ada", "business": business}, "started_at": float(number)}
        store.save(call_id, {}, fence=lease.fence, fields={"agent": "Ada", **who})
        return call_id

    mine = [begin("bakery", number) for number in range(2)]
    for number in range(6):
        begin("salon", number)
    live = LiveCalls(redis, store)
    found = live.rows(Scope("bakery"))
    assert found["live"] == 2
    assert [row["call_id"] for row in found["calls"]] == mine[::-1]
    assert (live.count(Scope("salon")), len(live.rows(Scope("salon"))["calls"])) == (6, 3)
    assert live.rows(Scope("garage")) == {"live": 0, "calls": []}
    assert live.rows()["live"] == 8
    store.end(mine[0])
    assert LiveCalls(redis, store).count(Scope("bakery")) == 1


def test_the_list_is_read_once_for_all_pages(redis: Redis, store: CallStore) -> None:
    now = [0.0]
    lives = LiveCalls(redis, store, lambda: now[0])
    store.merge("c1", {"agent": "Mia"}, live=True)
    assert [row["agent"] for row in lives.rows()["calls"]] == ["Mia"]
    store.merge("c1", {"agent": "Ben"}, live=True)
    assert [row["agent"] for row in lives.rows()["calls"]] == ["Mia"]
    now[0] = 1.0
    assert [row["agent"] for row in lives.rows()["calls"]] == ["Ben"]
    redis.hdel(keys.summary("c1"), "started_at")
    now[0] = 2.0
    assert lives.rows()["live"] == 1


def test_a_page_is_told_what_changed_and_nothing_else(redis: Redis, store: CallStore) -> None:
    news, clock = News(), iter(float(n) for n in range(100))
    live = LiveCalls(redis, store, lambda: next(clock))
    leases = {name: store.take(name, "web-1") for name in ("c1", "c2", "c3")}
    for name, lease in leases.items():
        store.save(name, {}, fence=lease.fence, fields={"agent": "Ada", "turns_count": 1})
    first = news.of(live.rows())
    assert first is not None
    assert (first[0], len(first[1]["calls"])) == ("calls", 3)
    assert news.of(live.rows()) is None
    store.merge("c2", {"turns_count": 2})
    store.end("c3")
    name, told = news.of(live.rows()) or ("", {})
    assert (name, told["live"], told["gone"]) == ("changed", 2, ["c3"])
    assert [(call["call_id"], call["turns_count"]) for call in told["changed"]] == [("c2", 2)]
    store.take("c4", "web-1")
    name, told = news.of(live.rows()) or ("", {})
    assert [call["call_id"] for call in told["changed"]] == ["c4"]
    news.forget()
    assert (news.of(live.rows()) or ("", {}))[0] == "calls"
