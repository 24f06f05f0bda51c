"""Breaking a call on purpose: one call only, and never in production."""

from __future__ import annotations

import dataclasses

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Lost

from app.adapters.redis.client import connect
from app.adapters.redis.outage import OUTAGES, Outages
from app.bridges import calls_here
from app.settings import Settings
from app.web.console import try_break
from tests.support.web_app import make_app


def post(settings: Settings, call: str, what: str, **headers: str) -> int:
    client = make_app(settings, try_break.bp).test_client()
    path = f"/console/try/break?call={call}&what={what}"
    return client.post(path, headers=headers).status_code


@pytest.mark.parametrize("what", [*try_break.MODEL, "redis"])
def test_in_production_nothing_can_be_broken(
    settings: Settings, redis: Redis, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr(OUTAGES, "begin", lambda call_id, seconds: begun.append(call_id))
    live = dataclasses.replace(settings, env="production", admin_token="secret")
    with calls_here.entered("try_1", lambda: None):
        assert post(live, "try_1", what) == 403
        assert post(live, "try_1", what, Authorization="Bearer secret") == 404
    assert begun == []


def test_connections_of_production_know_no_outage(settings: Settings, redis: Redis) -> None:
    live = connect(dataclasses.replace(settings, env="production"))
    here = connect(settings)
    key = "c:{try_2}:x"
    OUTAGES.begin("try_2", 30.0)
    try:
        assert live.set(key, 1)
        with pytest.raises(Lost, match="switched off"):
            here.get(key)
        assert here.set("c:{try_3}:x", 1), "another call is not concerned"
        pipeline = here.pipeline(transaction=True)
        pipeline.get(key)
        with pytest.raises(Lost, match="switched off"):
            pipeline.execute()
    finally:
        OUTAGES.begin("try_2", 0.0)
    assert here.get(key) == b"1"


def test_only_a_call_of_the_page_that_goes_on_here_can_be_broken(
    settings: Settings, redis: Redis
) -> None:
    assert post(settings, "call_1", "redis") == 404
    assert post(settings, "try_4", "redis") == 409
    with calls_here.entered("try_4", lambda: None):
        assert post(settings, "try_4", "everything") == 400
        assert post(settings, "try_4", "silence") == 400, "the model is not the rehearsal model"


def test_an_outage_ends_by_itself() -> None:
    now = [100.0]
    outages = Outages(lambda: now[0])
    outages.begin("c1", 1000.0)
    with pytest.raises(Lost, match="switched off"):
        outages.check([b"*2", b"$3 k:{c1}"])
    now[0] += 61.0
    outages.check(b"k:{c1}")
