"""Plays of scenarios that were started from the console: how far each is, for all processes.

One goes on at a time. Its process renews a lease while it does; a play without one is lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from redis import Redis

from app.adapters.redis import keys
from app.adapters.redis.client import guarded

#: A play whose process has not been heard of for so long is lost.
LEASE_S = 20
#: How many of the last plays are kept, and for how long.
KEPT, KEEP_S = 20, 14 * 24 * 3600
#: The parts of a report that are kept, and the characters of each.
MOST_TEXTS, MOST_CHARACTERS = 20, 500

RUNNING, PASSED, FAILED, STOPPED, LOST = "running", "passed", "failed", "stopped", "lost"


@dataclass(slots=True)
class Made:
    """The scenario played once, by the caller of one seed. `seconds` and `silence` are None until
    they are known."""

    seed: int | None
    state: str = RUNNING
    calls: list[str] = field(default_factory=list)
    seconds: float | None = None
    silence: float | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Play:
    """A scenario that somebody had played, `repeat` times. Times are Unix seconds; `seed` None is
    the file as it is; `speed` is how much faster than people words are spoken, 0 without delay;
    `told` sums it up, or says why it ended early."""

    id: str
    scenario: str
    agent: str
    seed: int | None
    repeat: int
    speed: float
    by: str
    started_at: float
    checks: list[str] = field(default_factory=list)
    ended_at: float | None = None
    state: str = RUNNING
    told: str = ""
    made: list[Made] = field(default_factory=list)

    def take(self, line: dict[str, Any]) -> None:
        """Take in what the caller's process tells; see `app.rehearsal.callers.lines`."""
        what = line.get("what")
        if what == "play":
            self.made.append(Made(line.get("seed")))
        elif what == "call" and self.made:
            self.made[-1].calls = [*self.made[-1].calls, str(line["call_id"])][-MOST_TEXTS:]
        elif what == "result" and self.made:
            made = self.made[-1]
            made.state = str(line["state"])
            made.seconds, made.silence = line["seconds"], line["silence"]
            made.problems, made.notes = _bounded(line["problems"]), _bounded(line["notes"])
        elif what == "end":
            self.state = PASSED if line["passed"] else FAILED
            self.told = "; ".join(_bounded(line["trials"] or [line["summary"]]))

    def end(self, state: str, told: str, at: float) -> None:
        """It is over; what it was in the middle of ends with it."""
        self.state, self.told, self.ended_at = state, told[:MOST_CHARACTERS], at
        for made in self.made:
            if made.state == RUNNING:
                made.state = state


class Plays:
    """The plays in Redis. Methods raise `Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    @guarded
    def begin(self, play: Play) -> bool:
        """Keep a play that begins; False where another goes on."""
        if not self._redis.set(keys.PLAY_LEASE, play.id, nx=True, ex=LEASE_S):
            return False
        self._save(play)
        self._redis.lpush(keys.PLAYS, play.id)
        self._redis.ltrim(keys.PLAYS, 0, KEPT - 1)
        self._redis.expire(keys.PLAYS, KEEP_S)
        return True

    @guarded
    def keep(self, play: Play) -> None:
        """Keep how far a play is, and its lease; the lease is given back with the play's end."""
        self._save(play)
        self._redis.set(keys.PLAY_LEASE, play.id, nx=True, ex=LEASE_S)
        if self._redis.get(keys.PLAY_LEASE) == play.id.encode():
            if play.ended_at is None:
                self._redis.expire(keys.PLAY_LEASE, LEASE_S)
            else:
                self._redis.delete(keys.PLAY_LEASE)

    @guarded
    def find(self, play_id: str) -> Play | None:
        """A play by its id; None where it is not kept."""
        found = self._read([play_id])
        return found[0] if found else None

    @guarded
    def latest(self) -> list[Play]:
        """The last plays, newest first."""
        ids = cast(list[bytes], self._redis.lrange(keys.PLAYS, 0, KEPT - 1))
        return self._read([each.decode() for each in ids])

    @guarded
    def ask_to_stop(self, play_id: str) -> None:
        """Have the process that plays it stop."""
        self._redis.set(keys.play_stop(play_id), 1, ex=KEEP_S // 14)

    @guarded
    def is_to_stop(self, play_id: str) -> bool:
        """Whether somebody asked for that."""
        return bool(self._redis.exists(keys.play_stop(play_id)))

    def _save(self, play: Play) -> None:
        self._redis.set(keys.play(play.id), orjson.dumps(play), ex=KEEP_S)

    def _read(self, ids: list[str]) -> list[Play]:
        if not ids:
            return []
        wanted = [keys.PLAY_LEASE, *(keys.play(each) for each in ids)]
        holder, *raw = cast(list[bytes | None], self._redis.mget(wanted))
        plays = [_read(each) for each in raw if each is not None]
        for play in plays:
            if play.state == RUNNING and holder != play.id.encode():
                play.end(LOST, "the process that played it is gone", play.started_at)
                play.ended_at = None
        return plays


def _read(raw: bytes) -> Play:
    known = orjson.loads(raw)
    return Play(**{**known, "made": [Made(**made) for made in known["made"]]})


def _bounded(texts: list[str]) -> list[str]:
    return [str(text)[:MOST_CHARACTERS] for text in texts[:MOST_TEXTS]]
