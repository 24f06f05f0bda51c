"""Webhooks of calls taken in and worked off as by a worker, on a clock that the test moves."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import orjson

from app.adapters.calls.inbox import NewsStore
from app.adapters.calls.intake import WAKE, Intake
from app.protocol.retell_webhook import parse
from app.rehearsal.webhook_samples import sample
from app.settings import Settings
from workers import calls, effects
from workers.runtime import Runtime

NUMBER = "+14155550199"
"""Whom `end` says the call came from."""


class WebhookDesk:
    """Takes events in and works them off. Events are those of `call_id` unless another is named."""

    def __init__(self, at_work: Runtime, settings: Settings, call_id: str) -> None:
        self.at_work = at_work
        self.call_id = call_id
        self.redis = at_work.redis
        self.intake = Intake(self.redis, settings)
        self.news = NewsStore(self.redis, settings)
        self.now_ms = self.began_ms = int(time.time() * 1000)

    def take(self, payload: dict[str, Any]) -> str:
        """A webhook's body, as Retell sends it."""
        return self.intake.take(parse(orjson.dumps(payload)), self.now_ms)

    def send(self, name: str, call_id: str = "", **changes: Any) -> str:
        """An event of Retell's own samples, with some members changed."""
        payload = sample(name, call_id or self.call_id, self.began_ms)
        holder = next((payload[key] for key in ("call", "chat") if key in payload), payload)
        holder.update(changes)
        return self.take(payload)

    def say(self, text: str, call_id: str = "", **changes: Any) -> None:
        """The caller has said something, five seconds later."""
        self.now_ms += 5000
        self.send("transcript", call_id, transcript=text, **{"isFinal": True, **changes})

    def end(self, talk: list[dict[str, Any]], call_id: str = "", **facts: Any) -> None:
        """A call has just ended, with its transcript."""
        call = {
            "call_id": call_id or self.call_id,
            "call_status": "ended",
            "direction": "inbound",
            "from_number": NUMBER,
            "start_timestamp": self.now_ms - 60_000,
            "transcript_object": talk,
            **facts,
        }
        self.take({"event": "call_ended", "call": call})

    def work(self, call_id: str = "", times: int = 4) -> None:
        """Run the call's job, and again whenever it wants, and the tools it asks for."""
        call_id = call_id or self.call_id
        for _ in range(times):
            calls.work_off(call_id, "job")
            self.run_tools(call_id)
            due = self.redis.zscore(WAKE, call_id)
            if due is None:
                return
            self.now_ms = max(self.now_ms, int(due))

    def run_tools(self, call_id: str = "") -> None:
        """Run what was asked of tools."""
        for effect in self.at_work.effects.of_call(call_id or self.call_id):
            effects.run(effect.call_id, effect.key)

    def story(self, call_id: str = "") -> dict[str, Any]:
        """What is known of the call."""
        found = self.at_work.calls.snapshot(call_id or self.call_id)
        assert found is not None
        return found

    def bookings(self) -> list[Any]:
        """What stands in the calendar from now on."""
        calendar = self.at_work.calendar(self.at_work.agents.default)
        start = dt.datetime.now(dt.UTC)
        return list(calendar.busy(start, start + dt.timedelta(days=80)))
