"""Slot ids: short, stable, and no other call's."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking import slot_ids

START = dt.datetime(2027, 3, 9, 17, tzinfo=dt.UTC)

moments = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2080, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=dt.UTC)
)


@given(call=st.text(max_size=40), start=moments, index=st.integers(0, 31))
def test_an_id_says_what_it_names(call: str, start: dt.datetime, index: int) -> None:
    made = slot_ids.make(call, start, index)
    assert made == slot_ids.make(call, start, index)
    assert len(made) == 9
    assert made.isascii()
    assert slot_ids.normal(made) == made
    found = slot_ids.read(call, made)
    assert found == slot_ids.SlotId(start, index, True)


@pytest.mark.parametrize("change", [str.upper, lambda s: s.replace("-", ""), lambda s: f" '{s}' "])
def test_what_models_do_to_ids_is_undone(change: object) -> None:
    made = slot_ids.make("call", START, 3)
    assert slot_ids.normal(change(made)) == made  # type: ignore[operator]


@given(other=st.text(min_size=1, max_size=20).filter(lambda text: text != "call_1"))
def test_ids_of_other_calls_rarely_check_out(other: str) -> None:
    ids = [slot_ids.make(other, START + dt.timedelta(minutes=30 * i), 0) for i in range(40)]
    genuine = [found for made in ids if (found := slot_ids.read("call_1", made)) and found.genuine]
    assert len(genuine) <= 4


@pytest.mark.parametrize("text", ["", "today", "slot_1", "2027-03-09T17:00", "aaaaa-aaaaaa"])
def test_what_has_not_the_shape(text: str) -> None:
    assert slot_ids.read("call", text) is None


@given(text=st.text(max_size=60))
def test_any_text_is_read_without_error(text: str) -> None:
    slot_ids.read("call", text)
