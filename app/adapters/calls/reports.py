"""Reports in Redis: which are due, each call's own, and what a text model read for it.

A call's end, and whatever changes of it later, makes its report due (`lua/touch_report.lua`), in
the same step as the change itself. Upkeep queues a job for each report that is due; if that job is
lost it is queued again. A report that comes out as before is not a new one; one that differs is the
next revision. Every method raises `Unavailable` where Redis is away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson
from redis import Redis

from app import logs, metrics
from app.adapters import queue
from app.adapters.job_names import ANNOUNCE_REPORT, MAKE_REPORT
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.settings import Settings

log = logs.get(__name__)

#: A job that makes a report may take this long before another is queued.
CLAIM_S = 120.0
MAX_CLAIMS = 4
#: A call whose report changed so often is reported no more.
MAX_REVISIONS = 20
#: Jobs queued at once, and only while fewer jobs than this wait: webhooks share the queue.
AT_ONCE, MAX_WAITING = 4, 4

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as it is kept. `made_at` is in Unix seconds."""

    id: str
    revision: int
    made_at: float
    body: dict[str, Any]

    def shown(self) -> dict[str, Any]:
        """As the API shows it and webhooks carry it."""
        return {**self.body, "id": self.id, "revision": self.revision}


def report_id(call_id: str) -> str:
    """The id of a call's report, whatever its revision."""
    return f"report-{call_id}"


class ReportStore:
    """All reports, as every process sees them."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._keep_s = max(settings.record_retention_s, settings.live_call_ttl_s)
        self._touch = RedisScript(redis, load_script(_HERE, "touch_ended"))
        self._claim = RedisScript(redis, load_script(_HERE, "claim_report"))
        self._finish = RedisScript(redis, load_script(_HERE, "finish_report"))
        self._keep = RedisScript(redis, load_script(_HERE, "keep_report"))

    @guarded
    def touch(self, call_id: str) -> bool:
        """Something of the call has changed: if it has ended its report is due again."""
        return bool(
            self._touch(
                keys={
                    "summary": keys.summary(call_id),
                    "report_work": keys.report_work(call_id),
                    "reports_due": keys.REPORTS_DUE,
                },
                args={"call_id": call_id, "keep_s": self._keep_s},
            )
        )

    @guarded
    def queue_due(self) -> int:
        """Queue the jobs of reports that are due; how many. To be called a few times a second by
        some worker; any number of them may do so at once."""
        seconds, micros = self._redis.time()
        due = cast(
            list[bytes],
            self._redis.zrangebyscore(
                keys.REPORTS_DUE, "-inf", seconds + micros / 1e6, start=0, num=AT_ONCE
            ),
        )
        if not due or queue.depth(self._redis, "background") >= MAX_WAITING:
            return 0
        return sum(self._queue(name.decode()) for name in due)

    def _queue(self, call_id: str) -> int:
        job = queue.prepare(MAKE_REPORT, [call_id], timeout_s=40, about="a call's report")
        answer = self._claim(
            keys={"work": keys.report_work(call_id), "due": keys.REPORTS_DUE, **job.keys},
            args={"call_id": call_id, "lease_s": CLAIM_S, "most": MAX_CLAIMS, **job.args},
        )
        if answer == -1:
            log.error("a report could not be made", extra={"call_id": call_id})
            metrics.ERRORS_TOTAL.labels("report").inc()
        return int(answer == 1)

    @guarded
    def begin(self, call_id: str) -> str:
        """A job begins to make the report; give the mark of what is known by now."""
        mark = cast(bytes | None, self._redis.hget(keys.report_work(call_id), "touched"))
        return (mark or b"").decode()

    @guarded
    def finish(self, call_id: str, mark: str, later_s: float | None = None) -> None:
        """The report was made from what was known at `mark`; what changed since makes it due again.

        later_s: it was not made, and is to be begun again after so many seconds.
        """
        self._finish(
            keys={"work": keys.report_work(call_id), "due": keys.REPORTS_DUE},
            args={
                "call_id": call_id,
                "touched": mark,
                "later_s": "" if later_s is None else later_s,
            },
        )

    @guarded
    def keep(self, call_id: str, body: Mapping[str, Any]) -> int:
        """Keep the report and have it told, if it differs from the one before; its revision, or 0
        where it does not."""
        blob = orjson.dumps(dict(body))
        job = queue.prepare(ANNOUNCE_REPORT, [call_id], about="tell of a call's report")
        revision = int(
            self._keep(
                keys={"report": keys.report(call_id), **job.keys},
                args={
                    "digest": hashlib.sha256(blob).hexdigest(),
                    "body": blob,
                    "most": MAX_REVISIONS,
                    "keep_s": self._keep_s,
                    **job.args,
                },
            )
        )
        if revision < 0:
            log.warning("a report has changed too often", extra={"call_id": call_id})
        return max(0, revision)

    @guarded
    def get(self, call_id: str) -> KeptReport | None:
        """The report of a call; None while there is none."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(keys.report(call_id)))
        if b"body" not in fields:
            return None
        return KeptReport(
            report_id(call_id),
            int(fields[b"revision"]),
            float(fields[b"made_at"]),
            orjson.loads(fields[b"body"]),
        )
