"""GET /console/calls/<call_id>: one call, what was said and why, and how long the caller waited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.bridges.services import services
from app.core.record.timeline import Entry, Waiting, timeline, waits
from app.core.report.problems import problems
from app.errors import NotFound, Unavailable
from app.logs import redact_value
from app.web.calls.masked import masked
from app.web.calls.sound import store
from app.web.console import calls
from app.web.console.pages import page
from app.web.console.sound import sound_of
from app.web.edge import edge
from app.web.guard import access

#: The course of a turn is drawn in a space of this width.
WIDTH = 1000
_LANE = 11
_LONGEST_DETAIL = 300

bp = Blueprint("console_call", __name__)
log = logs.get(__name__)


@bp.get("/console/calls/<call_id>")
@access.scoped
def call(call_id: str) -> Response:
    """The page."""
    try:
        story = services().calls.snapshot(call_id)
    except Unavailable:
        return page("problem.html", 503, here="Calls", problem="Redis is away: try again soon.")
    if story is None:
        raise NotFound("no such call")
    began = story.get("started_at") or story.get("first_at")
    spent = waits(story)
    return page(
        "call.html",
        here="Calls",
        call=calls.row(story),
        ongoing=story.get("status") == "ongoing",
        facts=_facts(story),
        problems=problems(story),
        bookings=[_booking(one) for one in story.get("bookings") or ()],
        report=_report(call_id),
        sound=sound_of(call_id, story),
        entries=[_entry(one, began) for one in timeline(story)],
        widest=_ms(_widest(spent)),
        waits=[_course(number, one, spent) for number, one in spent],
    )


@bp.post("/console/calls/<call_id>/recording")
@access.scoped
def remove_recording(call_id: str) -> BaseResponse:
    """Remove the recording for good."""
    if store().forget(call_id):
        log.info("a recording was removed", extra={"call_id": call_id, "by": access.who()})
    return redirect(url_for("console_call.call", call_id=call_id), 303)


def _report(call_id: str) -> dict[str, Any] | None:
    found = edge().reports.get(call_id)
    return None if found is None else found.shown()


def _facts(story: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = calls.row(story)
    facts = {
        "Agent": shown["agent"],
        "Business": str(story.get("business") or ""),
        "Caller": masked(story.get("from_number")),
        "Dialled": masked(story.get("to_number")),
        "Channel": shown["channel"],
        "Direction": str(story.get("direction") or ""),
        "Length": shown["length"],
        "Turns": shown["turns"],
        "Interruptions": str(story.get("interruptions") or 0),
        "Model": str((story.get("cost") or {}).get("model") or ""),
        "Cost": shown["cost"],
        "Ended by": str(story.get("disconnection_reason") or story.get("pending_action") or ""),
        "Held by": str(story.get("holder") or ""),
        "Call": shown["id"],
    }
    return [(name, value) for name, value in facts.items() if value]


def _booking(one: Mapping[str, Any]) -> dict[str, str]:
    return {
        "id": str(one.get("id") or ""),
        "status": str(one.get("status") or ""),
        "service": str(one.get("service") or "appointment"),
        "name": str(one.get("name") or ""),
        "when": str(one.get("start") or "")[:16].replace("T", " at "),
    }


def _entry(one: Entry, began: Any) -> dict[str, Any]:
    """An entry as the page shows it; people's numbers and addresses are left out of details."""
    at = one.at - began if one.at is not None and isinstance(began, int | float) else None
    shown: dict[str, Any] = {
        "kind": one.kind,
        "at": None if at is None else round(max(0.0, at), 2),
        "time": "" if at is None else _clock(max(0.0, at)),
        "text": one.text,
        "unheard": one.unheard,
        "about": one.about,
        "turn": one.turn,
        "ended": one.about.get("ended"),
        "waited": _ms(one.waiting.first_ms) if one.waiting and one.waiting.first_ms else "",
    }
    if one.kind == "tool":
        shown["arguments"] = _json(one.about["arguments"])
        shown["output"] = _json(one.about["output"])
        shown["result"] = _result(one.about)
    elif one.kind not in ("caller", "agent"):
        shown["detail"] = _detail(one.about)
    return shown


def _result(about: Mapping[str, Any]) -> str:
    seconds = "" if about["seconds"] is None else f" after {_ms(about['seconds'] * 1000)}"
    if about["state"] == "failed":
        return f"was given up{seconds}"
    if about["state"] != "done":
        return str(about["state"])
    told = about["say"] or about["output"].get("message") or about["output"].get("status") or ""
    return f"{'done' if about['ok'] else 'refused'}{seconds}: {told}".rstrip(": ")


def _detail(about: Mapping[str, Any]) -> str:
    parts = [f"{name.replace('_', ' ')} {_flat(value)}" for name, value in about.items()]
    return ", ".join(parts)[:_LONGEST_DETAIL]


def _flat(value: Any) -> str:
    clean = redact_value(value)
    return clean if isinstance(clean, str) else orjson.dumps(clean, default=str).decode()


def _json(value: Any) -> str:
    return orjson.dumps(redact_value(value), option=orjson.OPT_INDENT_2, default=str).decode()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}"


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


def _before(spent: Sequence[tuple[int, Waiting]]) -> float:
    """The longest pause between a caller's last word and the request."""
    return max((one.pause_ms or 0.0 for _, one in spent), default=0.0)


def _widest(spent: Sequence[tuple[int, Waiting]]) -> float:
    ends = [end for _, one in spent for end in (one.total_ms, *(tool[2] for tool in one.tools))]
    return _before(spent) + max(ends, default=0.0)


def _course(number: int, one: Waiting, all_turns: Sequence[tuple[int, Waiting]]) -> dict[str, Any]:
    """A turn's bars: pause, waiting and answer in the first lane, each tool in one of its own.
    All requests stand under one another."""
    widest, zero = _widest(all_turns), _before(all_turns)
    scale = WIDTH / widest if widest else 0.0
    first = one.total_ms if one.first_ms is None else one.first_ms
    sentence = first if one.sentence_ms is None else min(one.sentence_ms, one.total_ms)
    spans = [
        ("pause", 0, -(one.pause_ms or 0.0), 0.0, "from the caller's last word to the request"),
        ("waiting", 0, 0.0, first, "until the first word"),
        ("sentence", 0, first, sentence, "until the first sentence is complete"),
        ("answer", 0, sentence, one.total_ms, "the rest of the answer"),
        *(("tool", lane, begin, end, name) for lane, (name, begin, end) in enumerate(one.tools, 1)),
    ]
    bars = [
        {
            "kind": kind,
            "x": round((zero + begin) * scale, 1),
            "y": lane * _LANE + 1,
            "width": max(2.0, round((end - begin) * scale, 1)),
            "title": f"{title}: {_ms(end - begin)}",
        }
        for kind, lane, begin, end, title in spans
        if end > begin or kind in ("waiting", "tool")
    ]
    return {
        "turn": number,
        "pause": _or_blank(one.pause_ms),
        "first": "nothing said" if one.first_ms is None else _ms(one.first_ms),
        "sentence": _or_blank(one.sentence_ms),
        "total": _ms(one.total_ms),
        "model": _or_blank(one.model_ms),
        "tools": ", ".join(f"{name} {_ms(end - begin)}" for name, begin, end in one.tools),
        "bars": bars,
        "height": (len(one.tools) + 1) * _LANE,
        "label": ", ".join(str(bar["title"]) for bar in bars),
    }


def _or_blank(ms: float | None) -> str:
    return "" if ms is None else _ms(ms)
