"""A text model that reads a whole call, as the second reader of the requests in it.

Asked once for each state of a transcript; the answer is kept with the call. There is a limit to the
questions of one call and of one day, and to how long one may take. An answer that is late, away or
without form is none: what needs it is not done, with the reason, and asked again while the call's
job may come again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis import Redis

from app import logs, metrics
from app.adapters.intent.model import DEFAULT_MODEL, client_of
from app.adapters.intent.questions import NoAnswer, ask, count_question
from app.adapters.redis import keys
from app.core.agent.definition import Agent
from app.core.requests import second
from app.core.requests.evidence import Utterance
from app.core.requests.second import Finding
from app.settings import Settings

log = logs.get(__name__)

DEADLINE_S = 12.0
MAX_PER_CALL = 6
MAX_PER_DAY = 2000
MAX_TOKENS = 1500


class NoOpinion(Exception):
    """There is no answer. `again`: one may come later; `args[0]` says why, in words."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again


def configured(settings: Settings) -> bool:
    """Whether a text model is there to ask: `INTENT_MODEL` and `OPENAI_API_KEY` are set."""
    return bool(settings.intent_model and settings.openai_api_key)


@dataclass(frozen=True, slots=True)
class SecondReader:
    """Asks about one call."""

    settings: Settings
    redis: Redis
    agent: Agent
    call_id: str

    def read(self, said: Sequence[Utterance]) -> list[Finding]:
        """What the model finds. Raises `NoOpinion`."""
        text = second.transcript_of(said)
        key = keys.call(self.call_id, "second_reader")
        field = hashlib.sha256(text.encode()).hexdigest()[:24]
        known = cast(bytes | None, self.redis.hget(key, field))
        answer = orjson.loads(known) if known is not None else self._ask(key, field, text, said)
        found = second.findings(answer, said)
        if found is None:
            raise NoOpinion("the second reader's answer has no form", again=False)
        return found

    def _ask(self, key: str, field: str, text: str, said: Sequence[Utterance]) -> Any:
        if not self._may_ask(key):
            raise NoOpinion("the second reader has been asked too often", again=False)
        try:
            answer = self._answer(text, said)
        except NoAnswer as error:
            log.warning("no answer from the second reader", extra={"why": str(error)})
            metrics.ERRORS_TOTAL.labels("second_reader").inc()
            raise NoOpinion("the second reader gave no answer", again=True) from error
        if second.findings(answer, said) is not None:
            pipeline = self.redis.pipeline(transaction=True)
            pipeline.hset(key, field, orjson.dumps(answer))
            pipeline.expire(key, self.settings.record_retention_s)
            pipeline.execute()
            return answer
        metrics.ERRORS_TOTAL.labels("second_reader").inc()
        raise NoOpinion("the second reader's answer has no form", again=True)

    def _may_ask(self, key: str) -> bool:
        return count_question(
            self.redis,
            "second_reader",
            self.agent.home.id,
            key,
            self.settings.record_retention_s,
            per_call=MAX_PER_CALL,
            per_day=MAX_PER_DAY,
        )

    def _answer(self, text: str, said: Sequence[Utterance]) -> Any:
        began = next((item.at for item in said if item.at is not None), None)
        services = ", ".join(service.name for service in self.agent.booking.services)
        instructions = second.INSTRUCTIONS.format(
            business=self.agent.business,
            services=services,
            when=f"{began:%A, %Y-%m-%d at %H:%M}" if began else "a day that is not known",
        )
        return ask(
            client_of(self.settings),
            self.settings.intent_model or DEFAULT_MODEL,
            instructions,
            text,
            name="requests",
            schema=second.SCHEMA,
            max_tokens=MAX_TOKENS,
            deadline_s=DEADLINE_S,
        ).value
