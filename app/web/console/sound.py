"""The sound of a call as its page shows it: what was recorded, else when each side spoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.record.speech import Span, Speech, speech
from app.errors import BadRequest, Unavailable
from app.web.calls.sound import store
from app.web.console.record import entries_of

#: Channels whose sound comes through here; of Retell's calls Retell has it.
SPOKEN = frozenset({"twilio", "browser"})
#: Spans are drawn in a space of this width.
WIDTH = 1000


def sound_of(call_id: str, story: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the page shows; None of a call whose sound does not come through here."""
    if story.get("channel") not in SPOKEN:
        return None
    try:
        found = speech(entries_of(call_id))
        recorded = bool(store().length(call_id))
    except (BadRequest, Unavailable):
        found, recorded = Speech(0.0, (), ()), False
    return {
        "recorded": recorded,
        "was_recorded": bool(story.get("recorded")),
        "words": _words(found),
        "rows": [
            {"kind": kind, "y": 2 + 20 * row, "bars": _bars(spans, found.length)}
            for row, (kind, spans) in enumerate((("caller", found.caller), ("agent", found.agent)))
        ]
        if found.length
        else [],
    }


def _bars(spans: Sequence[Span], length: float) -> list[dict[str, float]]:
    scale = WIDTH / length
    return [
        {"x": round(begin * scale, 1), "width": max(1.0, round((end - begin) * scale, 1))}
        for begin, end in spans
    ]


def _words(found: Speech) -> str:
    """The picture in words, for those who do not see it."""
    if not found.length:
        return ""
    sides = ((name, spans) for name, spans in (("caller", found.caller), ("agent", found.agent)))
    told = [
        f"the {name} spoke for {sum(end - begin for begin, end in spans):.0f} s"
        for name, spans in sides
    ]
    return f"Of {found.length:.0f} s {told[0]}, {told[1]}."
