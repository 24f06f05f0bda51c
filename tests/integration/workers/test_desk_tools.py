"""A message: from a real live worker to a real background worker, and out to a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from redis import Redis

from app.adapters.notify.messages import Messages
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from app.core.tools.declarations import idempotency_key
from app.security import outgoing
from tests.integration.workers.conftest import Start
from tests.support.local_http import Answer, LocalServer, Request
from tests.support.waiting import eventually

AGENT = """\
name: Sam
business: Bright Pipes
instructions: Take messages.
country: US
tools: [take_message]
"""
HEARD = (("agent", "So that is 415 555 0142?"), ("user", "Yes, that is right."))
MESSAGE = {"about": "The boiler drips.", "name": "Dana", "phone": "415 555 0142"}


def ask(effects: EffectStore, tool_call: str, heard: tuple[tuple[str, str], ...]) -> Effect:
    """Ask for the message to be taken, and wait for what comes of it."""
    key = idempotency_key("m-1", "take_message", MESSAGE)
    context: dict[str, Any] = {"caller_number": "anonymous", "heard": heard}
    effects.ask("m-1", key, "take_message", MESSAGE, tool_call, context)

    def found() -> Effect:
        effect = effects.get("m-1", key)
        assert effect is not None
        return effect

    eventually(lambda: found().settled and tool_call in found().tool_call_ids)
    return found()


def test_a_message_is_taken_and_delivered_once(
    redis: Redis, effects: EffectStore, start_worker: Start, tmp_path: Path
) -> None:
    answers = [503]

    def answer(request: Request) -> Answer:
        return (answers.pop() if answers else 200), {}

    house = LocalServer(answer)
    file = tmp_path / "agent.yaml"
    file.write_text(AGENT)
    env = {
        "AGENT_FILE": str(file),
        "MESSAGE_WEBHOOK_URL": f"{house.url}/messages",
        "MESSAGE_WEBHOOK_SECRET": "s3cret",
    }
    start_worker("live", **env)
    start_worker("background", **env)
    try:
        asked = ask(effects, "t1", (("user", "My boiler drips."),))
        assert asked.result is not None
        assert asked.result["output"]["error"] == "confirm_first"
        assert "four one five, five five five, zero one four two" in asked.result["say"]
        done = ask(effects, "t2", HEARD)
        assert done.ok
        assert ask(effects, "t3", HEARD).attempts == done.attempts, "the same message, once"

        (kept,) = Messages(redis, 3600).all()
        eventually(lambda: len(house.seen) == 2, timeout=30)
        first, again = house.seen
        assert first.body == again.body
        for request in house.seen:
            assert request.headers["idempotency-key"] == kept["id"]
            header = request.headers["callsmith-signature"]
            at = int(header[2:].partition(",")[0])
            assert outgoing.verify(request.body, header, "s3cret", at)
        told = again.json()
        assert told["event"] == "message.taken"
        assert told["message"] == {
            "about": "The boiler drips.",
            "name": "Dana",
            "number": "+14155550142",
            "number_as_said": "",
            "urgent": False,
            "call_back": None,
            "confirmed": True,
        }
    finally:
        house.stop()
