"""Whole calls for tests, written as short lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from app.adapters.agents import files
from app.core.requests import call, transcript
from app.core.requests.evidence import Decision, Known, Utterance

AGENT = files.load().default
ZONE = AGENT.booking.zone
#: A Monday at ten in the morning.
START = dt.datetime(2026, 11, 30, 10, 5, tzinfo=ZONE)
CLEANING = Known("bk-1", "cleaning", dt.datetime(2026, 12, 3, 14, 0), "Dana Reyes")
FILLING = Known("bk-2", "filling", dt.datetime(2026, 12, 8, 9, 0), "Dana Reyes")
GREETING = "A: Thank you for calling Harbor Dental, this is Mia. How can I help you today?"


def said(*lines: str, start: dt.datetime = START) -> list[Utterance]:
    """Utterances of lines "A: ..." (the agent) and "U: ..." or plain ones (the caller)."""
    entries = [
        {
            "role": "agent" if line.startswith("A: ") else "user",
            "content": line.removeprefix("A: ").removeprefix("U: "),
            "end": 3.0 + 6 * place,
        }
        for place, line in enumerate(lines)
    ]
    return transcript.said_in(entries, int(start.timestamp() * 1000), ZONE)


def decided(*lines: str, known: Sequence[Known] = ()) -> list[Decision]:
    """The decisions over a call that is over; the agent's greeting is put before it."""
    return call.decisions(AGENT, said(GREETING, *lines), known)


def effects(*lines: str, known: Sequence[Known] = ()) -> list[str]:
    """What would be done, as "book 2026-12-01T10:00 cleaning Dana Reyes"."""
    out = []
    for decision in decided(*lines, known=known):
        if decision.kind == "act" and decision.start is not None:
            verb = decision.tool.partition("_")[0]
            about = f" {decision.service} {decision.name}" if verb == "book" else ""
            out.append(f"{verb} {decision.start.isoformat(timespec='minutes')}{about}")
    return out
