"""GET /console/calls/<call_id>/record: a call step by step, with the decisions beside it.

A record is played through the core as it is now. It may be long, and others are on the telephone
meanwhile: after every few entries the process turns to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import orjson
from flask import Blueprint, Response, request, url_for

from app.bridges.services import services
from app.core.audio.frames import Codec
from app.core.record.replay import Playback, Step, play
from app.errors import BadRequest, NotFound, Unavailable
from app.logs import redact_value
from app.web.calls.records import redacted
from app.web.console.pages import page
from app.web.guard import access

SHOWN = 100
#: So many entries are played before others get their turn.
AT_ONCE = 10
_LONGEST = 4000

bp = Blueprint("console_record", __name__)


@bp.get("/console/calls/<call_id>/record")
@access.scoped
def record(call_id: str) -> Response:
    """One page of the steps."""
    first = max(0, request.args.get("first", 0, type=int))
    steps: list[Step] = []
    seen = 0

    def watch(step: Step) -> None:
        nonlocal seen
        if first <= seen < first + SHOWN:
            steps.append(step)
        seen += 1

    problem, playback = "", None
    try:
        playback = play(entries_of(call_id, redacted), redact_value, codec=codec, watch=watch)
    except BadRequest as error:
        problem = f"The record cannot be played: {error.message}."
    except Unavailable:
        problem = "Redis is away: the record cannot be read."
    if playback is not None and not playback.entries:
        raise NotFound("no record of this call")
    began = playback.entries[0]["t"] if playback else 0.0
    wrong = playback.difference.line if playback and playback.difference else None
    return page(
        "record.html",
        here="Calls",
        id=call_id,
        first=first + 1,
        problem=problem,
        verdict=_verdict(playback),
        same=wrong is None,
        steps=[_shown(step, began, differs=step.line == wrong) for step in steps],
        before=_link(call_id, first - SHOWN) if first else "",
        after=_link(call_id, first + SHOWN) if seen > first + SHOWN else "",
    )


def entries_of(
    call_id: str, read: Callable[[bytes], dict[str, Any]] = orjson.loads
) -> Iterator[dict[str, Any]]:
    """The entries of a call's record, read as they are. Raises `Unavailable`."""
    for number, line in enumerate(services().calls.read_record(call_id)):
        if number % AT_ONCE == AT_ONCE - 1:
            gevent.sleep(0)
        yield read(line)


def codec() -> Codec:
    """A converter for calls whose audio was converted."""
    from app.adapters.audio.resample import PcmCodec

    return PcmCodec()


def _verdict(playback: Playback | None) -> str:
    if playback is None:
        return ""
    difference = playback.difference
    if difference is None:
        return (
            f"{playback.events} events played; all {playback.decisions} decisions are the same as "
            "in the call."
        )
    recorded = "; ".join(_text(one) for one in difference.recorded) or "nothing"
    return (
        f"After line {difference.line} the decisions differ from those of the call, which were: "
        f"{recorded[:_LONGEST]}"
    )


def _shown(step: Step, began: float, *, differs: bool) -> dict[str, Any]:
    event = {name: value for name, value in step.event.items() if name not in ("t", "s")}
    return {
        "time": f"{step.event['t'] - began:.3f} s",
        "source": str(event.get("in") or "begin"),
        "what": _what(event),
        "led_to": ", ".join(_what(one) for one in step.decided[:3])
        + (f" and {len(step.decided) - 3} more" if len(step.decided) > 3 else ""),
        "event": _text(event, indent=True),
        "decided": [_text(one, indent=True) for one in step.decided],
        "notes": [
            {"kind": note.kind.replace("_", " "), "about": _text(note.about)[:_LONGEST]}
            for note in step.notes
        ],
        "differs": differs,
    }


def _what(entry: dict[str, Any]) -> str:
    """An event or an action in a few words."""
    name = entry.get("in") or entry.get("out")
    frame = entry.get("frame")
    if isinstance(frame, dict):
        for member in ("type", "interaction_type", "response_type", "event"):
            if isinstance(frame.get(member), str):
                said = frame.get("content") or frame.get("delta")
                tail = f" “{said[:40]}”" if isinstance(said, str) and said.strip() else ""
                return f"{frame[member]}{tail}"
    if "begin" in entry:
        return "the socket opens"
    detail = entry.get("name") or entry.get("mark") or ""
    return f"{name} {detail}".strip()


def _text(value: Any, *, indent: bool = False) -> str:
    option = orjson.OPT_INDENT_2 if indent else 0
    return orjson.dumps(redact_value(value), option=option, default=str).decode()[:_LONGEST]


def _link(call_id: str, first: int) -> str:
    return url_for("console_record.record", call_id=call_id, first=max(0, first))
