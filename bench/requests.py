"""Requests found in transcripts, measured on whole calls: done right, done wrong, missed.

    python -m bench.requests [--heldout] [--generated N] [--show wrong|missed] [--kind KIND]

Each call of the corpus goes through the function the worker uses, by rules alone, with the caller's
appointments from the call's `before`. A call is right if exactly what is expected would be done.
Of the held-out half only counts are shown.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from app.adapters.agents import files
from app.core.agent.definition import Agent
from app.core.booking.appointment import Busy
from app.core.booking.slots import local_instant, refusal
from app.core.requests import call as requests_call
from app.core.requests import transcript
from app.core.requests.evidence import Decision, Known
from bench.tables import Table

CORPUS = Path(__file__).parents[1] / "tests" / "corpus"
RIGHT, WRONG, MISSED = "right", "wrong", "missed"
GENERATED = 10_000


def load(path: Path) -> Iterator[dict[str, Any]]:
    """The calls of a corpus file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


@cache
def _of_business(name: str) -> Agent:
    """The agent of one of the corpus's businesses."""
    return files.load(CORPUS / "businesses" / f"{name}.yaml").default


def effects(call: dict[str, Any], agent: Agent) -> tuple[list[dict[str, Any]], list[Decision]]:
    """What would be done about a call of the corpus, in the corpus's form. `agent` is the one of
    calls that name no `business`."""
    agent = _of_business(call["business"]) if "business" in call else agent
    zone = agent.booking.zone
    start = dt.datetime.fromisoformat(call["started_at"]).astimezone(zone)
    entries = [
        {"role": item["role"], "content": item.get("content"), "end": item.get("at")}
        for item in call["transcript"]
    ]
    said = transcript.said_in(entries, int(start.timestamp() * 1000), zone)
    end = max((item.at for item in said if item.at is not None), default=start)
    mine = [item for item in call["before"] if item["number"] == call["from_number"]]
    known = [
        Known(f"{place}", item["service"], dt.datetime.fromisoformat(item["start"]), item["name"])
        for place, item in enumerate(mine)
    ]
    decisions = requests_call.decisions(agent, said, known)
    busy = [_busy(item, agent) for item in call["before"]]
    done: list[dict[str, Any]] = []
    for decision in decisions:
        if decision.kind != "act":
            continue
        effect = _effect(decision, agent, busy, end)
        if effect is not None and effect not in done:
            done.append(effect)
    return done, decisions


def _busy(item: dict[str, Any], agent: Agent) -> Busy:
    service = next(s for s in agent.booking.services if s.id == item["service"])
    start = dt.datetime.fromisoformat(item["start"]).replace(tzinfo=agent.booking.zone)
    return Busy(start, start + dt.timedelta(minutes=service.minutes), event_id=item["start"])


def _effect(
    decision: Decision, agent: Agent, busy: list[Busy], now: dt.datetime
) -> dict[str, Any] | None:
    at = decision.start.isoformat(timespec="minutes") if decision.start else None
    if decision.tool == "cancel_appointment":
        return {"tool": decision.tool, "start": at}
    assert decision.start is not None
    service = next(s for s in agent.booking.services if s.id == decision.service)
    old = decision.target.start.isoformat(timespec="minutes") if decision.target else None
    others = [item for item in busy if item.event_id != (old or "-")]
    instant = local_instant(decision.start.date(), decision.start.time(), agent.booking.zone)
    why = refusal(agent.booking, service, instant, others, now)
    if why is not None:
        return None
    if decision.tool == "reschedule_appointment":
        return {"tool": decision.tool, "from": old, "start": at}
    return {"tool": decision.tool, "service": service.id, "start": at, "name": decision.name}


def verdict(expected: list[dict[str, Any]], done: list[dict[str, Any]]) -> str:
    """RIGHT, WRONG (something else was done) or MISSED (something was not done)."""
    left = list(expected)
    for effect in done:
        fitting = next((item for item in left if _equal(item, effect)), None)
        if fitting is None:
            return WRONG
        left.remove(fitting)
    return MISSED if left else RIGHT


def _equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(
        value is None
        or (_name(value) == _name(other[key]) if key == "name" else value == other[key])
        for key, value in one.items()
    )


def _name(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).casefold().replace("junior", "jr")
    return re.sub(r"[^\w]", "", plain)


def measure(
    calls: Iterable[dict[str, Any]], agent: Agent, show: str = "", kinds: Iterable[str] = ()
) -> dict[str, collections.Counter[str]]:
    """Counts by kind. `show`: print the calls that came out so (never for held-out ones)."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for call in calls:
        if kinds and call["kind"] not in kinds:
            continue
        done, decisions = effects(call, agent)
        outcome = verdict(call["expect"], done)
        counts[call["kind"]][outcome] += 1
        counts[call["kind"]]["clear"] += bool(call["expect"])
        if show and outcome in show.split(","):
            _print(call, done, decisions, outcome)
    return counts


def _print(call: dict[str, Any], done: Any, decisions: list[Decision], outcome: str) -> None:
    print(f"## {outcome} {call['id']} {call['started_at'][:16]} {call['before']}")
    for item in call["transcript"]:
        print(f"   {item.get('role', '?')[0].upper()}: {item.get('content')}")
    print("   expected", json.dumps(call["expect"], ensure_ascii=False))
    print("   done    ", json.dumps(done, ensure_ascii=False))
    for decision in decisions:
        print("   ", decision.kind, decision.why, decision.claim)


def table(counts: dict[str, collections.Counter[str]]) -> str:
    """The counts as a table."""
    total: collections.Counter[str] = collections.Counter()
    rows = [f"{'kind':28} {'right':>6} {'wrong':>6} {'missed':>6}"]
    for kind in sorted(counts):
        total.update(counts[kind])
        rows.append(
            f"{kind:28} " + " ".join(f"{counts[kind][name]:6}" for name in (RIGHT, WRONG, MISSED))
        )
    rows.append(f"{'all':28} " + " ".join(f"{total[name]:6}" for name in (RIGHT, WRONG, MISSED)))
    share = 100 * total[MISSED] / max(total["clear"], 1)
    rows.append(f"clear {total['clear']}, missed {total[MISSED]} = {share:.1f} %")
    return "\n".join(rows)


def tables(generated: int = GENERATED) -> list[Table]:
    """The counts by kind: of the development calls, of the held-out half, of generated calls."""
    from tests.corpus import generate

    agent = files.load().default
    sources: dict[str, Iterable[dict[str, Any]]] = {
        half: (call for path in sorted(CORPUS.glob(f"calls_{half}*.jsonl")) for call in load(path))
        for half in ("dev", "heldout")
    }
    sources["generated"] = generate.calls(1, generated)
    found: list[Table] = []
    for name, calls in sources.items():
        shown = Table(f"Requests in transcripts, {name}", ("kind", RIGHT, WRONG, MISSED, "clear"))
        counts = measure(calls, agent)
        counts["all"] = sum(counts.values(), collections.Counter())
        for kind, count in counts.items():
            shown.add(kind, *(count[name] for name in (RIGHT, WRONG, MISSED, "clear")))
        found.append(shown)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heldout", action="store_true")
    parser.add_argument("--generated", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--show", default="")
    parser.add_argument("--kind", nargs="*", default=())
    options = parser.parse_args()
    agent = files.load().default
    half = "heldout" if options.heldout else "dev"
    found = sorted(options.corpus.glob(f"calls_{half}*.jsonl"))
    calls: Iterable[dict[str, Any]] = (call for path in found for call in load(path))
    if options.generated:
        from tests.corpus import generate

        calls = generate.calls(options.seed, options.generated)
    show = "" if options.heldout else options.show
    print(table(measure(calls, agent, show, options.kind)))


if __name__ == "__main__":
    main()
