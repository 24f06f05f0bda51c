"""Names as a check, and ledgers that stay small."""

from __future__ import annotations

import pytest

from app.core.booking.ledger import (
    MAX_BOOKINGS,
    MAX_WISHES,
    Booking,
    Ledger,
    Wish,
    same_person,
)


def booking(number: int, status: str = "confirmed") -> Booking:
    return Booking(
        id=f"bk-{number}",
        event_id=f"ev-{number}",
        uid=f"u{number}",
        service="checkup",
        title="Checkup",
        name="Dana",
        phone="",
        start=f"2027-03-{1 + number % 28:02d}T10:00:00+00:00",
        end=f"2027-03-{1 + number % 28:02d}T10:30:00+00:00",
        time_zone="UTC",
        status=status,  # type: ignore[arg-type]
        asked_at=0.0,
        call_id="c1",
    )


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Anna", "Anna Smith", True),
        ("Anna Smith", "anna smith", True),
        ("Dr. Anna Smith", "Anna Smith", True),
        ("Smith, Anna", "Anna Smith", True),
        ("", "Anna", True),
        ("Anna Smith", "Tom Smith", False),
        ("Hanna Smith", "Anna Smith", False),
        ("Zoë O'Neil", "zoë oneil", True),
    ],
)
def test_same_person(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same
    assert same_person(other, one) is same


def test_wishes_are_bounded_and_pending_ones_kept() -> None:
    ledger = Ledger().with_wish(Wish("first", "book", 0.0))
    for number in range(MAX_WISHES + 20):
        ledger = ledger.with_wish(Wish(f"k{number}", "book", number + 1.0, state="done"))
    assert len(ledger.wishes) == MAX_WISHES
    assert "first" in ledger.wishes
    assert "k0" not in ledger.wishes


def test_bookings_are_bounded_and_cancelled_ones_go_first() -> None:
    ledger = Ledger()
    for number in range(MAX_BOOKINGS):
        ledger = ledger.with_booking(booking(number, "cancelled" if number == 5 else "confirmed"))
    ledger = ledger.with_booking(booking(99))
    assert len(ledger.bookings) == MAX_BOOKINGS
    assert "bk-5" not in ledger.bookings
    assert [item.start for item in ledger.standing()] == sorted(
        item.start for item in ledger.standing()
    )


def test_plain_data_and_back() -> None:
    ledger = Ledger().with_booking(booking(1)).with_wish(Wish("k", "move", 1.5)).stopped(3.0)
    assert Ledger.from_json(ledger.to_json()) == ledger
    assert ledger.stopped(2.0).stop_at == 3.0
    assert not ledger.without_event("ev-1").standing()
