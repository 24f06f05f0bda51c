"""A text model that reads an ended call for its report.

Asked once for each state of the record; the answer is kept with the call. There is a limit to the
questions of one call and of one day, and to how long one may take. A question that fails is asked
once more a little later; then rules write the report.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, cast

import orjson
from redis import Redis

from app import logs, metrics
from app.adapters.intent.model import DEFAULT_MODEL, client_of
from app.adapters.intent.questions import NoAnswer, ask, count_question
from app.adapters.intent.second_reader import configured
from app.adapters.redis import keys
from app.core.agent.definition import Agent
from app.core.report import reader
from app.core.report.compose import Draft, facts_of
from app.core.report.reader import Reading
from app.settings import Settings

log = logs.get(__name__)

DEADLINE_S = 15.0
TRIES = 2
MAX_PER_CALL = 6
MAX_PER_DAY = 5000
MAX_TOKENS = 2500


class TryLater(Exception):
    """There is no answer yet; the question is worth asking once more."""


@dataclass(frozen=True, slots=True)
class ReportReader:
    """Asks about one call."""

    settings: Settings
    redis: Redis
    agent: Agent
    call_id: str

    def read(self, draft: Draft) -> Reading | None:
        """What the model reads in the call; None where none is configured, the caller said nothing,
        or there is no answer to be had. Raises TryLater."""
        transcript = draft.body["transcript"]
        spoke = any(entry["role"] == "user" for entry in transcript)
        if not spoke or not self.agent.report.ask_model or not configured(self.settings):
            return None
        question = (self._instructions(draft), reader.transcript_text(transcript))
        field = hashlib.sha256("\0".join(question).encode()).hexdigest()[:24]
        key = keys.report_reading(self.call_id)
        known = cast(bytes | None, self.redis.hget(key, field))
        if known is None:
            known = self._ask(key, field, question, draft)
        return reader.read_answer(orjson.loads(known), self.agent.report.fields, transcript)

    def _ask(self, key: str, field: str, question: tuple[str, str], draft: Draft) -> bytes:
        """The answer as JSON; null where there is none to be had."""
        if not self._may_ask(key):
            log.warning("the report's model has been asked too often")
            return b"null"
        fields = self.agent.report.fields
        try:
            answer = self._answer(*question)
            if reader.read_answer(answer, fields, draft.body["transcript"]) is None:
                raise NoAnswer("it has not the form that was asked for")
        except NoAnswer as error:
            metrics.ERRORS_TOTAL.labels("report_model").inc()
            log.warning("no answer from the report's model", extra={"why": str(error)})
            if int(self.redis.hincrby(key, f"failed:{field}", 1)) < TRIES:
                raise TryLater from error
            return b"null"
        blob = orjson.dumps(answer)
        pipeline = self.redis.pipeline(transaction=True)
        pipeline.hset(key, field, blob)
        pipeline.expire(key, self.settings.record_retention_s)
        pipeline.execute()
        return blob

    def _may_ask(self, key: str) -> bool:
        return count_question(
            self.redis,
            "report_reader",
            self.agent.home.id,
            key,
            self.settings.record_retention_s,
            per_call=MAX_PER_CALL,
            per_day=MAX_PER_DAY,
        )

    def _instructions(self, draft: Draft) -> str:
        return reader.instructions(
            self.agent.report.fields,
            business=self.agent.business,
            language=self.agent.language,
            when=str(draft.body["started_at"] or "a day that is not known"),
            facts=facts_of(draft),
        )

    def _answer(self, instructions: str, transcript: str) -> Any:
        return ask(
            client_of(self.settings),
            self.settings.intent_model or DEFAULT_MODEL,
            instructions,
            transcript,
            name="report",
            schema=reader.schema_of(self.agent.report.fields),
            max_tokens=MAX_TOKENS,
            deadline_s=DEADLINE_S,
        ).value
