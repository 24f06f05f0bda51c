"""One call on a page's microphone: a telephone's frames, and the words as they come."""

from __future__ import annotations

import time
from typing import Any

import gevent
import orjson

from app.adapters.audio.prerecorded import LineStore
from app.bridges.channels.live_call import LiveCall
from app.bridges.channels.note_uses import Use
from app.bridges.channels.twilio import PhoneChannel
from app.core.agent.definition import Agent
from app.core.audio.call import AudioCall
from app.core.audio.transcript import Spoken
from app.core.call import events
from app.core.call.notes import Note
from app.core.call.setup import Call
from app.protocol.twilio import Start

#: The shortest time between two updates of changed words on a page, in seconds.
PAGE_S = 0.1
#: Entries of the transcript that may still change.
PAGE_ENTRIES = 8


class PageChannel(PhoneChannel):
    """A page's stream."""

    name = "browser"

    def __init__(
        self, start: Start, agent: Agent, details: dict[str, Any], lines: LineStore
    ) -> None:
        super().__init__(start, agent, details, lines)
        self._shown: dict[str, tuple[str, bool]] = {}
        self._shown_at = 0.0
        self._show_later: gevent.Greenlet[..., None] | None = None

    def noted(self, live: LiveCall, note: Note, use: Use) -> None:
        """The page is told of what happens."""
        if use.page:
            about = {"event": "note", "kind": note.kind, "about": note.about}
            live.ws.send(orjson.dumps(about).decode())

    def fed(self, live: LiveCall, event: events.Event) -> None:
        """The page is told of changed words."""
        if not isinstance(event, events.FromPhone):
            self._show(live)

    def is_over(self, live: LiveCall, call: Call) -> bool:
        """A page that is closed does not come back."""
        return True

    def _show(self, live: LiveCall) -> None:
        now = time.monotonic()
        if now - self._shown_at < PAGE_S:
            if self._show_later is None:
                self._show_later = gevent.spawn_later(PAGE_S, self._show_rest, live)
            return
        self._shown_at = now
        call = live.call
        entries = call.record.entries if isinstance(call, AudioCall) else []
        first = max(0, len(entries) - PAGE_ENTRIES)
        said = [
            _line(number, entry)
            for number, entry in enumerate(entries[first:], first)
            if self._is_news(entry)
        ]
        if said:
            live.ws.send(orjson.dumps({"event": "said", "entries": said}).decode())

    def _is_news(self, entry: Spoken) -> bool:
        state = (entry.text, entry.cut)
        if self._shown.get(entry.item_id) == state:
            return False
        self._shown[entry.item_id] = state
        return True

    def _show_rest(self, live: LiveCall) -> None:
        self._show_later = None
        if not live.gone:
            self._shown_at = 0.0
            self._show(live)


def _line(number: int, entry: Spoken) -> dict[str, object]:
    return {
        "id": entry.item_id,
        "number": number,
        "role": entry.role,
        "text": entry.text,
        "cut": entry.cut,
    }
