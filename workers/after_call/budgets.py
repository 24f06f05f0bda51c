"""Counts what calls used and how they went; tells a business of a share and of a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app import logs
from app.adapters import queue
from app.adapters.calls.usage import UsageStore
from app.adapters.job_names import DELIVER_BUDGET
from app.adapters.notify.report import report_channels
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.tools.declarations import TOOLS
from app.core.usage.budget import reached, smallest
from app.core.usage.counts import day_of, used_by
from app.core.usage.figures import figures_of
from workers.after_call.deliveries import send_once
from workers.notifications import RETRY_DELAYS_S
from workers.runtime import Runtime, runtime

log = logs.get(__name__)


def count(
    at_work: Runtime, agent: Agent, body: Mapping[str, Any], story: Mapping[str, Any]
) -> None:
    """Count what a call has used and how it went, by its report and its story, and see to the
    budget of its business. A call that was refused has used nothing."""
    if not body["started_at"] and not body["ended_at"]:
        return
    store = UsageStore(at_work.redis, at_work.settings)
    who = AgentRef.to(agent)
    day = day_of(body, agent.time_zone)
    used = {} if story.get("refused") else used_by(body)
    figures = figures_of(body, story, {*agent.toolset, *TOOLS})
    if not store.count(body["call_id"], who, day, used, figures):
        return
    mates = [one for one in at_work.agents.all if AgentRef.to(one).business == who.business]
    budget = smallest(one.monthly_budget for one in mates)
    if not budget.limits:
        return
    month = f"{day:%Y-%m}"
    found = reached(budget, store.month(who.business, month))
    if found is None:
        return
    notice = {
        "id": f"budget-{who.business}-{month}-{found.level}",
        "business": agent.business,
        "month": month,
        "level": found.level,
        "unit": found.unit,
        "used": found.used,
        "limit": found.limit,
    }
    if store.tell_budget(notice, who):
        log.warning("a business's budget", extra={"business": who.business, **notice})


def announce(notice: dict[str, Any], who: dict[str, str]) -> None:
    """The job: queue the notice on every channel that reports of the agent go to."""
    at_work = runtime()
    agent = at_work.agents.find(AgentRef.from_json(who))
    channels = report_channels(at_work.settings_of(agent), agent)
    with at_work.redis.pipeline(transaction=True) as pipeline:
        for name in channels:
            queue.enqueue(
                pipeline,
                DELIVER_BUDGET,
                (notice, who, name),
                retry_delays_s=RETRY_DELAYS_S,
                about=f"tell of a budget by {name}",
            )
        if channels:
            pipeline.execute()


def deliver(notice: dict[str, Any], who: dict[str, str], channel_name: str) -> None:
    """The job: send it on one channel. Raises `NotTold`, to be tried again."""
    at_work = runtime()
    agent = at_work.agents.find(AgentRef.from_json(who))
    channel = report_channels(at_work.settings_of(agent), agent).get(channel_name)
    if channel is None:
        log.warning("a notice has nowhere to go", extra={"channel": channel_name})
        return
    send_once(at_work.redis, notice["id"], channel_name, lambda: channel.tell_budget(notice))
