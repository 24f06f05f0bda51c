"""The job behind webhooks: work off a call's news.

Whatever events came, in whatever order and however often, the call ends up the same: its facts by
how final they are, its newest transcript, its intents, and at most one action for each request.
"""

from __future__ import annotations

import time
from typing import Any

from app import logs
from app.adapters.calls.inbox import News, NewsStore
from app.adapters.calls.store import CallStore
from workers import intents
from workers.runtime import runtime

log = logs.get(__name__)

#: Facts that keep their names in the call's summary.
_SAME = (
    "agent_id", "agent_version", "agent_name", "agent_tag", "call_type", "chat_type", "direction",
    "from_number", "to_number", "disconnection_reason", "duration_ms", "start_timestamp",
    "end_timestamp", "recording_url", "public_log_url", "metadata", "collected_dynamic_variables",
    "latency",
)  # fmt: skip
_RENAMED = {
    "retell_llm_dynamic_variables": "dynamic_variables",
    "call_analysis": "analysis",
    "chat_analysis": "analysis",
    "call_cost": "retell_cost",
    "chat_cost": "retell_cost",
}


def work_off(call_id: str, job_id: str) -> None:
    """The job. Raises where Redis is away; then it runs again."""
    at_work = runtime()
    store = NewsStore(at_work.redis, at_work.settings)
    now_ms = int(time.time() * 1000)
    with logs.bind(call_id=call_id):
        news = store.begin(call_id, job_id, now_ms)
        due_ms = intents.follow(at_work, store, news, now_ms)
        file(at_work.calls, news)
        store.finish(call_id, job_id, due_ms)


def file(calls: CallStore, news: News) -> None:
    """Write what the webhooks say into the call's story."""
    fields = summary_of(news)
    if news.over:
        calls.end(news.call_id, status=str(news.facts.get("status", "ended")), fields=fields)
    elif news.rank:
        calls.merge(news.call_id, fields, live=True)
    if news.entries and (news.over or not news.held):
        calls.set_transcript(news.call_id, news.entries)
    elif news.heard and not news.entries:
        said = [
            {"role": "user", "content": item.text, "at_ms": item.at_ms}
            for item in news.heard
            if not item.interruption
        ]
        calls.set_transcript(news.call_id, said)


def summary_of(news: News) -> dict[str, Any]:
    """The fields of the call's summary that its webhooks tell."""
    fields = {name: news.facts[name] for name in _SAME if name in news.facts}
    for name, ours in _RENAMED.items():
        if name in news.facts:
            fields[ours] = news.facts[name]
    transfer = transfer_of(news)
    if transfer:
        fields["transfer"] = transfer
    if "interruption" in news.counts and not news.held:
        fields["interruptions"] = news.counts["interruption"]
    return fields


def transfer_of(news: News) -> dict[str, Any] | None:
    """How far a transfer got, from how often each of its events came: their order is not told.

    An attempt that was cancelled may be followed by another to the same number.
    """
    counts = {
        name.removeprefix("transfer_"): count
        for name, count in news.counts.items()
        if name.startswith("transfer_")
    }
    if not counts:
        return None
    if "ended" in counts:
        state = "ended"
    elif "bridged" in counts:
        state = "bridged"
    elif counts.get("started", 0) > counts.get("cancelled", 0) and not news.over:
        state = "started"
    else:
        state = "cancelled" if "cancelled" in counts else "ended"
    told: dict[str, Any] = {"state": state, "attempts": max(counts.get("started", 0), 1)}
    if "transfer_destination" in news.facts:
        told["destination"] = news.facts["transfer_destination"]
    if "transfer_type" in news.facts:
        told["type"] = news.facts["transfer_type"]
    if "transfer_end_timestamp" in news.facts:
        told["ended_ms"] = news.facts["transfer_end_timestamp"]
    return told
