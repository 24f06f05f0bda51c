"""The job that makes the report of a call that has ended, or makes it again after a change.

It may run more than once, at once and at any time: it is made from the record alone, and what comes
out as before is not told again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from app import logs, metrics
from app.adapters.calls.intake import WAKE
from app.adapters.calls.report_reader import ReportReader, TryLater
from app.adapters.calls.reports import ReportStore
from app.adapters.notify.messages import Messages
from app.core.report.compose import compose, draft
from workers.after_call import budgets
from workers.after_call.story import agent_of
from workers.runtime import Runtime, runtime

#: What is still under way when a call ends is waited for this long; what comes later corrects the
#: report.
WAIT_S = 45.0
LOOK_AGAIN_S = 2.0
#: Before the text model is asked once more.
ASK_AGAIN_S = 10.0

log = logs.get(__name__)

REPORTS = metrics.counter("reports_total", "Reports of calls that were made.", ("made_by", "kind"))


def make(call_id: str) -> None:
    """The job. Raises where Redis is away; then it runs again."""
    at_work = runtime()
    store = ReportStore(at_work.redis, at_work.settings)
    with logs.bind(call_id=call_id):
        mark = store.begin(call_id)
        store.finish(call_id, mark, _make(at_work, store, call_id))


def _make(at_work: Runtime, store: ReportStore, call_id: str) -> float | None:
    """Make it; where it cannot be made yet, in how many seconds to try again."""
    story = at_work.calls.snapshot(call_id)
    if story is None or not story.get("ended_at"):
        return None
    messages = Messages(at_work.redis, at_work.settings.record_retention_s)
    if _is_unsettled(at_work, story, messages):
        return LOOK_AGAIN_S
    agent = agent_of(at_work, story)
    made = draft(story, agent, messages.of_call(call_id, agent.home.id))
    budgets.count(at_work, agent, made.body, story)
    _describe(at_work, story, made.body)
    try:
        reading = ReportReader(at_work.settings_of(agent), at_work.redis, agent, call_id).read(made)
    except TryLater:
        return ASK_AGAIN_S
    report = compose(made, agent, reading)
    revision = store.keep(call_id, report)
    if revision:
        REPORTS.labels(report["made_by"], "first" if revision == 1 else "corrected").inc()
        log.info("report made", extra={"revision": revision, "made_by": report["made_by"]})
    return None


def _describe(at_work: Runtime, story: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    """Have the call found by what its report says of it."""
    intents = {str(one["intent"]) for one in story["intents"] if one.get("intent")}
    faults = {str(one["kind"]) for one in body["faults"]}
    at_work.calls.index.describe(str(story["call_id"]), intents, faults, story["transcript"])


def _is_unsettled(at_work: Runtime, story: Mapping[str, Any], messages: Messages) -> bool:
    """Whether something that belongs into the report is under way, and soon done."""
    call_id = story["call_id"]
    if time.time() - float(story["ended_at"]) > WAIT_S:
        return False
    if any(call["state"] in ("asked", "running") for call in story["tool_calls"]):
        return True
    return at_work.redis.zscore(WAKE, call_id) is not None or messages.draft(call_id) is not None
