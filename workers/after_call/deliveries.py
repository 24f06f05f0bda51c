"""Jobs that tell of a call's report: one for each channel, each with its own retries.

The newest revision is sent, once each. A job of an older one finds that done and ends.
"""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis

from app import logs, metrics
from app.adapters import queue
from app.adapters.calls.reports import KeptReport, ReportStore
from app.adapters.job_names import DELIVER_REPORT
from app.adapters.notify.base import NotTold
from app.adapters.notify.report import ReportChannel, report_channels
from app.adapters.notify.told import Telling
from workers.after_call.story import agent_of
from workers.notifications import RETRY_DELAYS_S
from workers.runtime import Runtime, runtime

log = logs.get(__name__)

TOLD = metrics.counter(
    "report_deliveries_total", "Reports sent, by channel.", ("channel", "outcome")
)


def announce(call_id: str) -> None:
    """Queue the delivery of a call's report on every channel there is for it."""
    at_work = runtime()
    _, channels = _report_and_channels(at_work, call_id)
    with at_work.redis.pipeline(transaction=True) as pipeline:
        for name in channels:
            queue.enqueue(
                pipeline,
                DELIVER_REPORT,
                (call_id, name),
                retry_delays_s=RETRY_DELAYS_S,
                about=f"send a call's report by {name}",
            )
        if channels:
            pipeline.execute()


def deliver(call_id: str, channel_name: str) -> None:
    """Send the newest revision on one channel, unless it was. Raises `NotTold`; then try again."""
    at_work = runtime()
    report, channels = _report_and_channels(at_work, call_id)
    channel = channels.get(channel_name)
    if report is None or channel is None:
        log.warning("a report has nowhere to go", extra={"channel": channel_name})
        return
    mark = f"{report.id}-{report.revision}"
    with logs.bind(call_id=call_id):
        send_once(at_work.redis, mark, channel_name, lambda: channel.send(report.shown()))


def send_once(redis: Redis, mark: str, channel_name: str, send: Callable[[], None]) -> None:
    """Send something on a channel, unless `mark` says that it was. Raises `NotTold`."""
    telling = Telling(redis, mark, channel_name)
    claim = telling.claim()
    if claim == "busy":
        raise NotTold("another delivery of the same is under way")
    if claim == "told":
        return
    about = {"channel": channel_name, "what": mark}
    try:
        send()
    except Exception as error:
        telling.failed()
        TOLD.labels(channel_name, "failed").inc()
        log.warning("report not sent", extra={**about, "why": str(error)})
        raise
    telling.done()
    TOLD.labels(channel_name, "sent").inc()
    log.info("report sent", extra=about)


def _report_and_channels(
    at_work: Runtime, call_id: str
) -> tuple[KeptReport | None, dict[str, ReportChannel]]:
    report = ReportStore(at_work.redis, at_work.settings).get(call_id)
    story = at_work.calls.summary(call_id)
    if report is None or story is None:
        return None, {}
    agent = agent_of(at_work, story)
    return report, report_channels(at_work.settings_of(agent), agent)
