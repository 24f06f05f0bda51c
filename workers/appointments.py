"""The caller's appointments as requests in transcripts see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container
from typing import Any

from app.adapters.booking.executor import Performer
from app.adapters.tools.context import ToolContext
from app.core.booking import flow
from app.core.booking.ledger import Booking
from app.core.requests.evidence import Known
from workers import booking_targets


def of_caller(ctx: ToolContext) -> list[Known]:
    """Coming appointments of the caller's number from earlier calls. Raises `CalendarDown`."""
    found = booking_targets.earlier_of(ctx)
    return [_known(ctx, booking) for booking in found if booking.call_id != ctx.call_id]


def of_call(ctx: ToolContext, *, known: Container[str]) -> list[Known]:
    """Those made in this call that stand and are not `known`. Raises `CalendarDown`."""
    ledger, _ = Performer(ctx).run(flow.settle(ctx.now.timestamp(), stop=False))
    return [
        _known(ctx, booking, own=True) for booking in ledger.standing() if booking.id not in known
    ]


def as_json(known: Known) -> dict[str, Any]:
    """An appointment as it is remembered with what was done to it."""
    return {
        "id": known.id,
        "service": known.service,
        "start": known.start.isoformat(),
        "name": known.name,
        "own": known.own,
    }


def from_json(data: dict[str, Any]) -> Known:
    """The inverse of `as_json`."""
    return Known(**{**data, "start": dt.datetime.fromisoformat(data["start"])})


def _known(ctx: ToolContext, booking: Booking, *, own: bool = False) -> Known:
    local = booking.starts.astimezone(ctx.agent.booking.zone).replace(tzinfo=None)
    return Known(booking.id, booking.service, local, booking.name, own=own)
