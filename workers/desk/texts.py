"""send_text: one of the texts that the agent's file lists, to the mobile that calls.

The caller is asked first, and what they agreed to is kept in the call's story. The text leaves
while they wait, so that nothing is said to be sent that was not.
"""

from __future__ import annotations

import re
import time
from typing import Any

from app import logs
from app.adapters.notify.base import NotTold
from app.adapters.notify.channels import open_texts
from app.adapters.notify.text_budget import TextBudget, can_be_texted
from app.adapters.notify.told import Telling
from app.adapters.tools.context import ToolContext
from app.errors import Unavailable
from workers.booking.refusals import refuse
from workers.runtime import runtime
from workers.tool_policies import agreed, answered_since

_ABOUT_TEXTING = re.compile(r"\b(?:text|texts|sms|message|send)\b", re.IGNORECASE)

NO_TEXTS = "I am sorry, I cannot send text messages."
NO_MOBILE = "I am sorry, I can only text a mobile that I see calling. Shall I tell you instead?"
TOO_MANY = "I am sorry, I cannot send more text messages to this number today."
REFUSED = "I am sorry, that number does not take text messages."
UNKNOWN = "I cannot tell whether the text message went out."

log = logs.get(__name__)


def send_text(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Ask for consent, then send the text to the number that calls."""
    name = str(args["text"])
    body = ctx.agent.texts[name]
    at_work = runtime()
    texts = open_texts(at_work.settings_of(ctx.agent))
    if texts is None:
        return refuse("no_texts", NO_TEXTS)
    if not can_be_texted(ctx.caller_number):
        return refuse("no_mobile", NO_MOBILE)
    consent = _consent(ctx, name)
    if consent is None:
        return refuse("confirm_first", f"May I send you {_the(name)} by text message?")
    telling = Telling(ctx.redis, f"text-{ctx.key}", "text")
    claim = telling.claim()
    if claim == "told":
        return _sent(name)
    if claim == "busy":
        # The worker before died at it, after the text left or before.
        return refuse("unknown", UNKNOWN)
    try:
        if not TextBudget(ctx.redis).allows(
            ctx.business, ctx.caller_number, ctx.call_id, f"text-{ctx.key}"
        ):
            telling.failed()
            return refuse("too_many", TOO_MANY)
        sent = texts.send(ctx.caller_number, f"{ctx.agent.business}: {body}")
    except NotTold as error:
        telling.failed()
        raise Unavailable(error.message) from error
    if not sent:
        telling.failed()
        return refuse("refused", REFUSED)
    telling.done()
    event = {"at": time.time(), "kind": "text_sent", "text": name, "consent": consent}
    at_work.calls.add_event(ctx.call_id, event)
    log.info("text sent", extra={"text_name": name})
    return _sent(name)


def _consent(ctx: ToolContext, name: str) -> str | None:
    """What the caller agreed to, in words, for the record; None if they have not yet."""
    answered = answered_since(ctx, f"text:{name}")
    if ctx.consent == "stated":
        return "stated"
    if not ctx.heard:
        return "asked" if answered else None
    question = next((words for role, words in reversed(ctx.heard) if role == "agent"), "")
    if not agreed(ctx.heard) or not (answered or _ABOUT_TEXTING.search(question)):
        return None
    said = [words for role, words in ctx.heard if role == "user"][-1]
    return f"{question[-200:]} / {said[:200]}"


def _sent(name: str) -> dict[str, Any]:
    sentence = f"I have sent you {_the(name)} by text message."
    output = {"status": "sent", "text": name, "message": sentence}
    return {"ok": True, "output": output, "say": sentence}


def _the(name: str) -> str:
    return f"the {name.replace('_', ' ').replace('-', ' ')}"
