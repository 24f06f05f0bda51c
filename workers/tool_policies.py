"""What holds for any tool of the agent's file, whoever runs it: each policy wraps a handler."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.adapters.redis import keys
from app.adapters.tools.context import Handler, ToolContext
from app.adapters.tools.execution import Effect
from app.adapters.tools.http_tool import refusal
from app.core.language import agreement, spoken_digits, text
from app.core.tools.arguments import ArgumentReader
from app.core.tools.declarations import Tool, idempotency_key

CONFIRM_TTL_S = 3600

EffectsOf = Callable[[str], Sequence[Effect]]
"""The effects of a call, by its id."""


@dataclass(frozen=True, slots=True)
class CheckArguments:
    """Runs the tool only with arguments that fit its schema."""

    tool: Tool
    handler: Handler

    def __call__(self, ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
        read = ArgumentReader({self.tool.name: self.tool}).check(self.tool.name, arguments)
        if read.problem:
            return refusal("bad_arguments", read.problem)
        return self.handler(ctx, read.values)


@dataclass(frozen=True, slots=True)
class LimitRuns:
    """Runs the tool at most so many times in one call; repetitions of one intention count once."""

    tool: Tool
    handler: Handler
    effects_of: EffectsOf
    limit: int

    def __call__(self, ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
        done = sum(
            effect.tool == self.tool.name and effect.key != ctx.key and effect.ok
            for effect in self.effects_of(ctx.call_id)
        )
        if done >= self.limit:
            return refusal("too_many", "This cannot be done again in this call. Say so.")
        return self.handler(ctx, arguments)


@dataclass(frozen=True, slots=True)
class Confirm:
    """Runs the tool only after the caller was asked about these very arguments and agreed, or where
    it is known that they asked for just this.

    A question in which all of them were read back counts, whoever thought of asking it; else the
    model is told to ask."""

    tool: Tool
    handler: Handler

    def __call__(self, ctx: ToolContext, arguments: dict[str, Any]) -> dict[str, Any]:
        read_back = is_read_back(ctx.heard, arguments) and agreed(ctx.heard)
        if ctx.consent == "stated" or read_back:
            return self.handler(ctx, arguments)
        intention = idempotency_key(ctx.call_id, self.tool.name, arguments)
        answered = answered_since(ctx, intention)
        if not answered or (ctx.heard and not agreed(ctx.heard)):
            return refusal(
                "confirm_first",
                "Not done yet. Read back to the caller what you are about to do, ask whether that "
                "is right, and call this again with the same arguments after they said yes.",
            )
        return self.handler(ctx, arguments)


def answered_since(ctx: ToolContext, about: str) -> bool:
    """Whether the caller was asked `about` before, and has spoken since as far as is known.

    The same request that is tried again still asks. Only the last utterances are known, so what
    the caller had said when they were asked is compared, not counted.
    """
    said = [_digest(words) for role, words in ctx.heard if role == "user"]
    key = keys.questions(ctx.call_id)
    with ctx.redis.pipeline(transaction=True) as pipeline:
        pipeline.hget(key, about)
        pipeline.hsetnx(key, about, orjson.dumps([ctx.asked_at, said]))
        pipeline.expire(key, CONFIRM_TTL_S)
        before = pipeline.execute()[0]
    if before is None:
        return False
    asked_at, said_then = orjson.loads(before)
    if asked_at == ctx.asked_at:
        return False
    return not ctx.heard or said != said_then[len(said_then) - len(said) :]


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def agreed(heard: Sequence[tuple[str, str]]) -> bool:
    """Whether the caller's last words agree to the agent's last question."""
    answer: list[str] = []
    for role, words in reversed(heard):
        if role == "user":
            answer.insert(0, words)
        elif "?" in words or answer:
            return bool(answer) and agreement.agrees(" ".join(answer))
    return False


def is_read_back(heard: Sequence[tuple[str, str]], arguments: Mapping[str, Any]) -> bool:
    """Whether the agent's last question says every argument: texts by their words, numbers by
    their digits. What has no words of its own (yes, no, an object) is not read back by any."""
    question = next((words for role, words in reversed(heard) if role == "agent"), "")
    if "?" not in question or not arguments:
        return False
    said = f" {' '.join(text.words(text.plain(question)))} "
    numbers = spoken_digits.digit_runs(question)
    for value in arguments.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, bool) or not isinstance(item, (str, int, float)):
                return False
            words = " ".join(text.words(text.plain(str(item).replace("_", " "))))
            if not words or (f" {words} " not in said and str(item) not in numbers):
                return False
    return True


def with_policies(tool: Tool, handler: Handler, effects_of: EffectsOf) -> Handler:
    """The handler with the policies of its tool around it, the outermost first to refuse."""
    if tool.policy.confirm:
        handler = Confirm(tool, handler)
    if tool.policy.runs_per_call is not None:
        handler = LimitRuns(tool, handler, effects_of, tool.policy.runs_per_call)
    return CheckArguments(tool, handler)
