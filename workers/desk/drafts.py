"""The job that leaves a message which the caller began and did not end."""

from __future__ import annotations

import time

from app import logs
from app.adapters.calls.reports import ReportStore
from app.adapters.notify.messages import Message, Messages
from app.core.messages.draft import Draft, is_same
from workers.runtime import Runtime, runtime

IDLE_S = 120.0
"""A call of which nothing else is known counts as over when its message rests for so long."""
SAME_CALL_S, LOOK_BACK = 900.0, 50
"""How long ago, and how many messages back, the rest of a message is looked for."""
LONGEST_S = 3600.0
"""No message is kept back longer, whatever is known of the call."""

log = logs.get(__name__)


def keep_draft(call_id: str) -> None:
    """The job. Looks again while the caller is there; then leaves what is known."""
    at_work = runtime()
    messages = Messages(at_work.redis, at_work.settings.record_retention_s)
    draft = messages.draft(call_id)
    if draft is None:
        return
    now = time.time()
    if _goes_on(at_work, call_id, now - draft.at):
        with at_work.redis.pipeline(transaction=True) as pipeline:
            messages.watch_draft(pipeline, call_id, now)
            pipeline.execute()
        return
    with logs.bind(call_id=call_id):
        if at_work.calls.summary(call_id) is None and _is_known(messages, draft):
            messages.drop_draft(call_id)
            return
        messages.leave(draft, drop_draft=True)
        ReportStore(at_work.redis, at_work.settings).touch(call_id)
        log.info("a message that was not ended is left as far as it is known")


def _is_known(messages: Messages, draft: Message) -> bool:
    """Whether a message says all this already: one that was left without a call's id, each of whose
    requests is taken for a call of its own."""
    taken = Draft.from_json(draft.taken)
    return any(
        one["kind"] == "message"
        and one["at"] >= draft.at - SAME_CALL_S
        and is_same(Draft.from_json(one), taken)
        for one in messages.all(LOOK_BACK, draft.who.business)
    )


def _goes_on(at_work: Runtime, call_id: str, idle_s: float) -> bool:
    """Whether the caller may still add to it."""
    summary = at_work.calls.summary(call_id) or {}
    if summary.get("ended_at") or idle_s > LONGEST_S:
        return False
    return idle_s < IDLE_S or at_work.calls.is_live(call_id)
