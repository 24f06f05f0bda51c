"""What each note leads to: every kind of note has its place, and what the docs promise is kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY

from app.adapters.calls.store import CallStore
from app.bridges.channels.note_uses import USES
from app.bridges.persistence.call_record import CallRecord
from app.core.call import notes
from app.core.call.notes import Note
from app.core.call.step_in import SteppedIn

AUDIO_DOC = Path(__file__).parents[4] / "docs" / "audio.md"


def test_every_note_has_a_use() -> None:
    # A class with slots is made twice: the names are what counts.
    made = {one for one in Note.__subclasses__() if one.__module__.startswith("app.core.")}
    assert {one.__qualname__ for one in USES} == {one.__qualname__ for one in made}
    assert {notes.Heard, SteppedIn} <= set(USES)


class Kept:
    """A store that keeps the events it is given."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def add_event(self, call_id: str, *events: dict[str, Any]) -> None:
        self.events += events


def counted(name: str) -> float:
    """The value of a counter."""
    return REGISTRY.get_sample_value(name) or 0.0


@pytest.mark.parametrize(
    ("note", "counter"),
    [
        (notes.MarksMissing(), "marks_missing_total"),
        (notes.NoisyLine(2), "noisy_lines_total"),
    ],
)
def test_what_the_line_did_is_counted_and_in_the_calls_events(note: Note, counter: str) -> None:
    use, record, store = USES[type(note)], CallRecord("CA1"), Kept()
    before = counted(counter)
    assert use.keep is not None
    assert use.count is not None
    use.keep(record, note, 12.5)
    use.count(note, "twilio")
    record.write(cast(CallStore, store))
    assert store.events == [{"at": 12.5, "kind": note.kind, **note.about}]
    assert counted(counter) == before + 1


def test_events_that_the_docs_name_are_in_the_calls_events() -> None:
    named = re.findall(r"`(\w+)` in the call's events", AUDIO_DOC.read_text(encoding="utf-8"))
    kept = {kind.kind for kind, use in USES.items() if use.keep is CallRecord.add_event}
    assert len(named) >= 2
    assert set(named) <= kept
