"""GET /api/calls/<id>/recording.wav and the picture of it: for those who may, in parts."""

from __future__ import annotations

import io
import wave
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.calls.sound import SoundStore
from app.adapters.calls.store import CallStore
from app.core.record.sound import SoundChunk
from app.settings import Settings
from app.web.calls import sound
from app.web.console import auth, call, calls, record, start
from tests.integration.web.test_console import ADMIN, PRODUCTION, sign_in
from tests.support.web_app import make_app
from tests.unit.core.record.test_speech import AT, frames

BLUEPRINTS = (auth.bp, start.bp, calls.bp, call.bp, record.bp, sound.bp)
PATH = "/api/calls/c1/recording"
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def store(redis: Redis, settings: Settings) -> SoundStore:
    """Recorded: three seconds of the caller's, the agent in the third, and a gap of one."""
    store = SoundStore(redis, settings)
    store.keep("c1", SoundChunk(16_000, 16_000, b"\x90" * 16_000, b""), 600)
    store.keep("c1", SoundChunk(32_000, 8000, b"\xff" * 8000, b"\x10" * 8000), 600)
    CallStore(redis, settings).end(
        "c1", fields={"channel": "twilio", "started_at": AT, "agent": "Mia"}
    )
    return store


@pytest.fixture
def client(store: SoundStore, settings: Settings) -> FlaskClient:
    client = make_app(settings, *BLUEPRINTS).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def test_both_sides_are_a_wav_file(client: FlaskClient) -> None:
    answer = client.get(f"{PATH}.wav")
    assert answer.mimetype == "audio/wav"
    with wave.open(io.BytesIO(answer.data)) as read:
        assert (read.getnchannels(), read.getframerate(), read.getnframes()) == (2, 8000, 32_000)
        samples = memoryview(read.readframes(32_000)).cast("h")
    left, right = list(samples[0::2]), list(samples[1::2])
    assert set(left[:16_000]) == {left[0]} != {0}
    assert set(right[:24_000]) == {0}
    assert set(left[16_000:]) == {0}, "what was not kept is silence"
    assert set(right[24_000:]) == {right[-1]} != {0}


@pytest.mark.parametrize(
    "wanted",
    ["0-", "0-0", "10-80", "44-47", "45-50", "63000-70000", "128043-", "-7", "95999-96100"],
)
def test_a_part_is_a_part_of_the_whole(client: FlaskClient, wanted: str) -> None:
    whole = client.get(f"{PATH}.wav").data
    first, _, last = wanted.partition("-")
    expected = (
        whole[-int(last) :] if not first else whole[int(first) : int(last) + 1 if last else None]
    )
    answer = client.get(f"{PATH}.wav", headers={"Range": f"bytes={wanted}"})
    assert answer.status_code == 206
    assert answer.data == expected
    assert answer.content_length == len(expected)
    assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


def test_the_picture_shows_where_each_side_is_loud(client: FlaskClient) -> None:
    seen: Any = client.get(PATH).get_json()
    assert seen["seconds"] == 4.0
    assert len(seen["caller"]) == len(seen["agent"]) == 80
    assert seen["step"] == 0.05
    assert min(seen["caller"][:40]) > 0
    assert not any(seen["caller"][40:])
    assert not any(seen["agent"][:60])
    assert min(seen["agent"][60:]) > 50


def test_the_page_plays_it_and_removes_it(client: FlaskClient) -> None:
    page = client.get("/console/calls/c1").text
    assert f'src="{PATH}.wav"' in page
    assert "media-src 'self'" in client.get("/console/calls/c1").headers["Content-Security-Policy"]
    gone = client.post("/console/calls/c1/recording", data={"form_token": ""}, headers=HERE)
    assert (gone.status_code, gone.headers["Location"]) == (303, "/console/calls/c1")
    page = client.get("/console/calls/c1").text
    assert "is not kept any more" in page
    assert "<audio" not in page
    assert client.get(f"{PATH}.wav").status_code == 404
    assert client.get(PATH).status_code == 404


def test_a_call_that_was_not_recorded_shows_who_spoke_when(
    client: FlaskClient, redis: Redis, settings: Settings
) -> None:
    import orjson

    calls = CallStore(redis, settings)
    calls.record("c2", [orjson.dumps(entry) for entry in frames([(1000, 3000)])])
    calls.end("c2", fields={"channel": "browser", "started_at": AT})
    page = client.get("/console/calls/c2").text
    assert "This call was not recorded." in page
    assert "the caller spoke for 2 s" in page
    assert '<rect class="caller"' in page
    calls.end("c3", fields={"channel": "retell", "started_at": AT})
    assert 'id="heard"' not in client.get("/console/calls/c3").text


def test_it_is_removed_by_program(client: FlaskClient) -> None:
    assert client.delete(PATH).status_code == 204
    assert client.delete(PATH).status_code == 404


def test_strangers_hear_nothing(store: SoundStore, redis_url: str) -> None:
    client = make_app(Settings(redis_url=redis_url, **PRODUCTION), *BLUEPRINTS).test_client()
    for path in (PATH, f"{PATH}.wav"):
        assert client.get(path).status_code == 403
    assert client.delete(PATH).status_code == 403
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    sign_in(client, ADMIN)
    assert client.get(f"{PATH}.wav").status_code == 200
    other_site = {"Sec-Fetch-Site": "cross-site"}
    assert client.delete(PATH, headers=other_site).status_code == 403
    fields = {"form_token": "wrong"}
    answer = client.post("/console/calls/c1/recording", data=fields, headers=other_site)
    assert answer.status_code == 403
    assert store.length("c1") > 0
