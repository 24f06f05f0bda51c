"""What the guard of the tools' arguments lets pass and stops, measured on whole calls.

    python -m bench.contradictions [--show passed|stopped]

Each call of the development corpus that ends in one booking, move or cancellation is asked about
its right arguments, which must pass, and about wrong ones (another day, time, name or appointment),
which the caller's words should stop, once they have been said in full.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
from collections.abc import Iterator
from typing import Any

from app.adapters.agents import files
from app.core.agent.definition import Agent
from app.core.booking.contradiction import Contradiction, Conversation
from app.core.booking.said import Heard
from app.core.booking.wanted import spoken_hours
from bench.requests import CORPUS, load

#: What a wrong argument is, from the right one.
OTHER_DAY, OTHER_TIME = dt.timedelta(days=1), dt.timedelta(hours=2, minutes=30)
OTHER_NAME = "Gulnara Petrosyan"


def conversation(call: dict[str, Any], agent: Agent) -> Conversation:
    """What was heard in a call of the corpus."""
    zone = agent.booking.zone
    start = dt.datetime.fromisoformat(call["started_at"]).astimezone(zone)
    heard = [
        Heard(item["role"], item["content"], (start + dt.timedelta(seconds=item.get("at") or 0),))
        for item in call["transcript"]
        if item.get("content")
    ]
    return Conversation(
        heard, prefer=spoken_hours(agent.booking.hours), agent=agent.name, country="US"
    )


def findings(call: dict[str, Any], agent: Agent) -> Iterator[tuple[str, Contradiction | None]]:
    """What is found about each argument of a call's one effect: right ones ("right …") and wrong
    ones ("wrong …")."""
    said = conversation(call, agent)
    effect = call["expect"][0]
    start = dt.datetime.fromisoformat(effect["start"])
    today = dt.datetime.fromisoformat(call["started_at"]).astimezone(agent.booking.zone).date()
    if effect["tool"] == "cancel_appointment":
        yield "right appointment", said.against_target(start, today)
        yield "wrong appointment", said.against_target(start + OTHER_DAY, today)
        return
    old = dt.datetime.fromisoformat(effect["from"]) if effect.get("from") else None
    if old is not None:
        yield "right appointment", said.against_target(old, today)
    yield "right start", said.against_start(start, today, old)
    yield "wrong day", said.against_start(start + OTHER_DAY, today, old)
    yield "wrong time", said.against_start(start + OTHER_TIME, today, old)
    if effect.get("name"):
        yield "right name", said.against_name(effect["name"])
        yield "wrong name", said.against_name(OTHER_NAME)


def measure(agent: Agent, calls: list[dict[str, Any]], show: str = "") -> collections.Counter[str]:
    """Counts of what passed and what was stopped, by argument."""
    counts: collections.Counter[str] = collections.Counter()
    for call in calls:
        if len(call["expect"]) != 1:
            continue
        for what, found in findings(call, agent):
            counts[f"{what}: {'stopped' if found else 'passed'}"] += 1
            wrong = what.startswith("right") == (found is not None)
            if wrong and show == ("stopped" if found else "passed"):
                print(f"\n{call['id']} {what} {call['expect'][0]}\n  {found}")
                for item in call["transcript"]:
                    print(f"    {item['role']:5} {item['content']}")
    return counts


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--show", default="", choices=("", "passed", "stopped"))
    shown = options.parse_args().show
    agent = files.load().default
    calls = [
        call for name in ("calls_dev", "calls_dev2") for call in load(CORPUS / f"{name}.jsonl")
    ]
    for what, count in sorted(measure(agent, calls, shown).items()):
        print(f"{count:5} {what}")


if __name__ == "__main__":
    main()
