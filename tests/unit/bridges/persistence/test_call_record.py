"""The record of a call that is made of its notes, and what becomes of it when Redis is away."""

from __future__ import annotations

from typing import cast

import pytest

from app.adapters.calls.store import CallStore
from app.bridges.channels.note_uses import USES
from app.bridges.persistence.call_record import CallRecord
from app.core.call import notes
from app.core.call.notes import Note
from app.errors import Unavailable
from tests.support.bridge_desk import Store


def kinds() -> list[type[Note]]:
    found = [kind for kind in vars(notes).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, Note) and kind is not Note]


def test_every_kind_has_a_name_of_its_own() -> None:
    names = [kind.kind for kind in kinds()]
    assert all(names)
    assert len(names) == len(set(names))


def test_the_kind_of_an_event_is_the_notes_own() -> None:
    record, store = CallRecord("call_1"), Store()
    note = notes.ActionTakenBack("transfer")
    use = USES[type(note)]
    assert use.keep is not None
    use.keep(record, note, 5.0)
    record.write(cast(CallStore, store))
    assert store.events == [{"at": 5.0, "kind": "action_taken_back", "action": "transfer"}]


def test_a_give_up_is_logged_as_a_warning() -> None:
    log = USES[notes.GaveUp].log
    assert log is not None
    assert log[0] >= 30


def test_members_that_do_not_apply_are_left_out() -> None:
    assert notes.BargeIn(response_id=3).about == {"response_id": 3}
    assert notes.BargeIn(None, "words", 200).about == {"why": "words", "left_ms": 200}
    turn = notes.TurnEnded(1, "answered", 5.0, None, 12.5, "Hi.", [])
    assert turn.about["first_ms"] is None
    assert "lost" not in turn.about


def test_what_cannot_be_written_is_written_the_next_time() -> None:
    record, store = CallRecord("call_1"), Store()
    record.add_turn(notes.TurnEnded(1, "answered", 5.0, 1.0, 12.5, "Hi.", []), 6.0)
    record.add_event(notes.DigitPressed(), 6.0)
    record.set_transcript(notes.Heard([["user", "Hello"]]), 6.0)
    store.away = True
    with pytest.raises(Unavailable):
        record.write(cast(CallStore, store))
    record.add_event(notes.CallResumed(), 7.0)
    store.away = False
    record.write(cast(CallStore, store))
    assert [turn["response_id"] for turn in store.turns] == [1]
    assert [event["kind"] for event in store.events] == ["digit", "resumed"]
    assert store.transcript == [{"role": "user", "content": "Hello"}]
    record.write(cast(CallStore, store))
    assert len(store.events) == 2, "nothing is written twice"


def test_usage_adds_up_and_cost_is_the_newest() -> None:
    record = CallRecord("call_1")
    for tokens in (10, 5):
        record.add_usage(notes.Usage({"input_tokens": tokens, "output_tokens": None}), 1.0)
    cost = {"usd": 0.5, "tokens": {"text": {"input": 15, "output": 0}}}
    record.set_cost(notes.Cost(cost), 1.0)
    assert record.fields() == {"input_tokens": 15, "output_tokens": 0, "cost": cost}
