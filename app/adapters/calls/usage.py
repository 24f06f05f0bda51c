"""Usage in Redis: by business, agent and day, and by business and month; each call counted once.
Beside what was used, the days hold how the calls went (`app.core.usage.figures`).

A call is counted by the difference to what was counted of it before (`lua/count_usage.lua`), so a
job that runs twice, a call that is ended twice and a result that comes late change nothing or just
what they should. Every method raises `Unavailable` where Redis is away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters import queue
from app.adapters.job_names import TELL_BUDGET
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.core.agent.reference import AgentRef
from app.core.usage.counts import Counts
from app.settings import Settings

MONTH_S = 32 * 86_400
EMPTY: Mapping[str, int] = MappingProxyType({})
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class DayUsed:
    """What the calls of one agent used on one day, and how they went."""

    day: dt.date
    business: str
    agent: str
    counts: Counts


class UsageStore:
    """All usage, as every process sees it."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._keep_s = settings.usage_retention_s
        self._call_keep_s = max(settings.record_retention_s, settings.live_call_ttl_s)
        self._count = RedisScript(redis, load_script(_HERE, "count_usage"))
        self._tell = RedisScript(redis, load_script(_HERE, "tell_once"))

    @guarded
    def count(
        self,
        call_id: str,
        who: AgentRef,
        day: dt.date,
        counts: Mapping[str, int],
        figures: Mapping[str, int] = EMPTY,
    ) -> bool:
        """Count what a call has used and how it went; False where nothing more was used than was
        counted already."""
        midnight = dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()
        return bool(
            self._count(
                keys={
                    "mine": keys.call_usage(call_id),
                    "day": keys.day_usage(who.business, who.agent, day.isoformat()),
                    "month": keys.month_usage(who.business, f"{day:%Y-%m}"),
                    "days": keys.USAGE_DAYS,
                },
                args={
                    "counts": orjson.dumps(dict(counts)),
                    "figures": orjson.dumps(dict(figures), option=orjson.OPT_SORT_KEYS),
                    "member": orjson.dumps([day.isoformat(), who.business, who.agent]),
                    "at": int(midnight),
                    "keep_s": self._keep_s,
                    "mine_s": self._call_keep_s,
                },
            )
        )

    @guarded
    def month(self, business: str, month: str) -> Counts:
        """What a business has used in a month (YYYY-MM)."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(keys.month_usage(business, month)))
        return _counts(fields)

    @guarded
    def days(
        self, since: dt.date, until: dt.date, business: str = "", agent: str = ""
    ) -> list[DayUsed]:
        """The days from `since` to `until`, both included, the oldest first."""
        low, high = (
            int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) for day in (since, until)
        )
        members = cast(list[bytes], self._redis.zrangebyscore(keys.USAGE_DAYS, low, high))
        wanted = [
            (dt.date.fromisoformat(day), whose, name)
            for day, whose, name in map(orjson.loads, members)
            if business in ("", whose) and agent in ("", name)
        ]
        pipeline = self._redis.pipeline(transaction=False)
        for day, whose, name in wanted:
            pipeline.hgetall(keys.day_usage(whose, name, day.isoformat()))
        found = [
            DayUsed(day, whose, name, _counts(fields))
            for (day, whose, name), fields in zip(wanted, pipeline.execute(), strict=True)
            if fields
        ]
        return sorted(found, key=lambda used: (used.day, used.business, used.agent))

    @guarded
    def tell_budget(self, notice: Mapping[str, Any], who: AgentRef) -> bool:
        """Have a notice about a budget told, once for its id; False where it was."""
        job = queue.prepare(TELL_BUDGET, [dict(notice), who.to_json()], about="tell of a budget")
        return bool(
            self._tell(
                keys={"mark": keys.budget_notice(str(notice["id"])), **job.keys},
                args={"keep_s": MONTH_S, **job.args},
            )
        )


def _counts(fields: Mapping[bytes, bytes]) -> Counts:
    return {name.decode(): int(value) for name, value in fields.items()}
