"""A message taken by Retell's own model, over its custom functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from app.adapters import queue
from app.adapters.notify.messages import Messages
from app.adapters.redis.client import connect
from app.adapters.tools.execution import Effect
from app.adapters.tools.replies import Reply
from app.security import signatures
from app.settings import Settings
from app.web import functions
from tests.support.web_app import make_app
from workers import effects, runtime

KEY = "key_3b81d2"
AGENT = """\
name: Sam
business: Bright Pipes
instructions: Take messages.
country: US
tools: [take_message]
"""


class Replies:
    """Looks for the result until it is there: this test process is not patched for gevent."""

    process = "test-process"

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = runtime.runtime().effects.get(effect.call_id, effect.key)
            if found is not None and found.settled:
                return Reply.of(found, tool_call_id)
            time.sleep(0.01)
        return None


@pytest.fixture
def at_work(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> runtime.Runtime:
    file = tmp_path / "agents.yaml"
    file.write_text(AGENT)
    monkeypatch.setattr(runtime, "_runtime", None)
    settings = Settings(redis_url=redis_url, agent_file=str(file), retell_api_keys=(KEY,))
    return runtime.open_runtime(settings, connections=4)


@pytest.fixture
def client(at_work: runtime.Runtime) -> Iterator[FlaskClient]:
    ended = threading.Event()

    def work() -> None:
        store = connect(at_work.settings)
        while not ended.is_set():
            job_id = store.lpop(queue.queue_key("live"))
            if not isinstance(job_id, bytes):
                time.sleep(0.01)
                continue
            job = queue.read_job(store, job_id.decode())
            assert job is not None
            effects.run(*job.args)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    app = make_app(
        at_work.settings,
        functions.bp,
        agents=at_work.agents,
        replies=Replies(),
        calls=at_work.calls,
    )
    yield app.test_client()
    ended.set()
    worker.join()


def use(client: FlaskClient, heard: list[tuple[str, str]], **args: str) -> dict[str, Any]:
    said = [{"role": role, "content": words} for role, words in heard]
    call = {"call_id": "c1", "from_number": "+14155550123", "transcript_object": said}
    raw = orjson.dumps({"name": "take_message", "args": args, "call": call})
    signature = signatures.sign(raw, KEY, int(time.time() * 1000))
    answer = client.post(
        "/functions/take_message",
        data=raw,
        content_type="application/json",
        headers={signatures.HEADER: signature},
    )
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert isinstance(found, dict)
    return found


def test_a_message_over_custom_functions(client: FlaskClient, at_work: runtime.Runtime) -> None:
    heard = [("agent", "Hello?"), ("user", "My boiler drips. I am Dana.")]
    args = {"about": "The boiler drips.", "name": "Dana", "call_back_date": "tomorrow"}
    asked = use(client, heard, **args)
    assert asked["error"] == "confirm_first"
    assert asked["say"].startswith("Can we call you back on the number you are calling from")
    heard += [("agent", asked["say"]), ("user", "Yes, that is fine.")]
    done = use(client, heard, **args)
    assert done["ok"]
    assert "You would like a call back tomorrow" in done["say"]
    (kept,) = Messages(at_work.redis, 3600).all()
    assert kept["number"] == "+14155550123"
    assert kept["call_back"]["words"].startswith("tomorrow")
    heard += [("agent", done["say"]), ("user", "Thanks.")]
    assert use(client, heard, **args)["ok"]
    assert len(Messages(at_work.redis, 3600).all()) == 1
