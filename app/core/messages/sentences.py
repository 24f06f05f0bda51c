"""What the caller is told of a message. Nothing is promised that the business has not agreed to."""

from __future__ import annotations

from app.core.messages.draft import Draft
from app.core.messages.numbers import say_phone_number


def taken(draft: Draft, business: str, country: str) -> str:
    """The message is noted."""
    said = f"I have noted your message for {business}"
    if draft.urgent:
        said += ", marked as urgent"
    if not draft.number:
        return f"{said}, without a number to call back."
    number = say_phone_number(draft.number, country)
    if draft.call_back is not None:
        return f"{said}. You would like a call back {draft.call_back.words}, on {number}."
    return f"{said}, with the number {number}."


def known_already(business: str) -> str:
    """The same message once more."""
    return f"I have that message for {business} already."
