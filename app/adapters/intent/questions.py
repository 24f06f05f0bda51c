"""Questions to a text model: how many may be asked, and one with an answer in a given form."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gevent
import orjson
from redis import Redis

from app.adapters.redis import keys

if TYPE_CHECKING:
    # Imported where it is used: the SDK doubles the start-up time of workers that never ask.
    from openai import OpenAI

#: How long the count of a day is kept.
DAY_KEPT_S = 2 * 86_400


class NoAnswer(Exception):
    """The model gave no answer that can be read. `args[0]` says why, in a word."""


class _Late(Exception):
    """The whole answer took too long: the SDK's own limit is one for each read."""


def count_question(
    redis: Redis, name: str, business: str, key: str, keep_s: int, *, per_call: int, per_day: int
) -> bool:
    """Count one more question of `name`; whether it may be asked. `key` is the call's hash of
    answers, kept for `keep_s` seconds; the day's questions are those of a business, by its id."""
    day = keys.model_questions(business, name, time.strftime("%Y-%m-%d", time.gmtime()))
    pipeline = redis.pipeline(transaction=True)
    pipeline.hincrby(key, "asked", 1)
    pipeline.expire(key, keep_s)
    pipeline.incr(day)
    pipeline.expire(day, DAY_KEPT_S)
    found = pipeline.execute()
    return int(found[0]) <= per_call and int(found[2]) <= per_day


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model answered, as JSON (None where it gave nothing), and the tokens it took."""

    value: Any
    input_tokens: int
    output_tokens: int


def ask(
    client: OpenAI,
    model: str,
    instructions: str,
    text: str,
    *,
    name: str,
    schema: dict[str, Any],
    max_tokens: int,
    deadline_s: float,
) -> Answer:
    """The model's answer to `text` as JSON of that schema, None where it gave none, and the tokens.

    Raises `NoAnswer`.
    """
    from openai import OpenAIError

    try:
        with gevent.Timeout(deadline_s, _Late):
            answer = client.chat.completions.create(
                model=model,
                messages=[
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": text},
                ],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": name, "strict": True, "schema": schema},
                },
                max_completion_tokens=max_tokens,
                timeout=deadline_s,
            )
        value = orjson.loads(answer.choices[0].message.content or "null")
        used = answer.usage
        if used is None:
            return Answer(value, 0, 0)
        return Answer(value, int(used.prompt_tokens or 0), int(used.completion_tokens or 0))
    except (OpenAIError, ValueError, _Late) as error:
        raise NoAnswer(type(error).__name__) from error
    except (AttributeError, LookupError, TypeError) as error:
        # The SDK hands on whatever JSON or text a server sends, without a look at its members.
        raise NoAnswer("not an answer of the Chat Completions API") from error
