"""What a calendar cannot keep, by the address that names it."""

from __future__ import annotations

from app.core.booking.rules import BookingRules

CAL_COM = ("calcom:", "calcom+http:")


def cannot_keep(url: str, rules: BookingRules) -> tuple[str, str] | None:
    """The key of `booking:` that the calendar of a URL cannot keep, and what to do about it; None
    where it can keep all of them."""
    if rules.resources and url.startswith(CAL_COM):
        return "resources", (
            "Cal.com decides by itself what is free and knows no resources; leave them out, or use "
            "another CALENDAR_URL"
        )
    return None
