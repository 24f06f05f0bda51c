"""take_message: a message for the business, or a wish to be called back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from app import logs
from app.adapters.notify.messages import Message, Messages
from app.adapters.tools.context import ToolContext
from app.core.language.phone_numbers import read_number
from app.core.messages import sentences
from app.core.messages.draft import Circumstances, Draft, Question, is_same, read_message
from workers.booking.refusals import refuse
from workers.tool_policies import agreed, answered_since

log = logs.get(__name__)


def take_message(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Ask for what is missing, have the number agreed to, then leave the message."""
    rules = ctx.agent.booking
    country = ctx.agent.country_for(ctx.caller_number)
    around = Circumstances(ctx.caller_number, country, ctx.now.astimezone(rules.zone), rules)
    messages = Messages(ctx.redis, ctx.record_ttl_s)
    kept = messages.draft(ctx.call_id)
    read = read_message(args, Draft.from_json(kept.taken) if kept else None, around)
    draft = read.draft
    if _is_left(messages, ctx, draft):
        return _done("known", draft, sentences.known_already(ctx.agent.business))
    messages.keep_draft(message_of(ctx, draft, finished=False))
    question = next((one for one in read.questions if _is_open(ctx, one, country)), None)
    if question is not None:
        return refuse(question.error, question.sentence)
    messages.leave(message_of(ctx, draft), drop_draft=True)
    log.info("message taken", extra={"urgent": draft.urgent, "number": bool(draft.number)})
    return _done("noted", draft, sentences.taken(draft, ctx.agent.business, country))


def message_of(ctx: ToolContext, draft: Draft, *, finished: bool = True) -> Message:
    """The message as the business gets it; the same intention is the same message."""
    return Message(
        id=f"message-{ctx.call_id}-{ctx.key if finished else 'unfinished'}",
        kind="message",
        who=ctx.who,
        call_id=ctx.call_id,
        caller_number=ctx.caller_number,
        at=ctx.now.timestamp(),
        text=draft.about,
        taken={**draft.to_json(), "confirmed": finished},
    )


def _is_left(messages: Messages, ctx: ToolContext, draft: Draft) -> bool:
    """Whether the business has this message already, be it in other words."""
    left = messages.of_call(ctx.call_id, ctx.business)
    return any(is_same(Draft.from_json(one), draft) for one in left if one["kind"] == "message")


def _is_open(ctx: ToolContext, question: Question, country: str) -> bool:
    """Whether the caller has still to answer it."""
    if question.agree and ctx.consent == "stated":
        return False
    answered = answered_since(ctx, f"message:{question.mark}")
    if not question.agree or not ctx.heard:
        return not answered
    number = question.mark.partition(":")[2]
    return not (agreed(ctx.heard) and (answered or _was_named(ctx.heard, number, country)))


def _was_named(heard: Sequence[tuple[str, str]], number: str, country: str) -> bool:
    """Whether the agent's last question named this number, or that it is the one called from."""
    asked = next((words for role, words in reversed(heard) if role == "agent"), "")
    found = read_number(asked, country)
    if found is not None:
        return found.e164 == number
    return bool(re.search(r"\bcalling from\b", asked, re.IGNORECASE))


def _done(status: str, draft: Draft, sentence: str) -> dict[str, Any]:
    output = {"status": status, **draft.to_json(), "message": sentence}
    return {"ok": True, "output": output, "say": sentence}
