"""The `messages:` part of an agent's file: who is told of the messages that callers leave."""

from __future__ import annotations

from pydantic import field_validator

from app.core.agent.parts import Part
from app.core.agent.references import Reference
from app.core.booking.rules import EmailAddress
from app.core.language.phone_numbers import identify


class MessageSettings(Part):
    """Where messages go, beside the list of messages. What is left out is the settings' own."""

    email: tuple[EmailAddress, ...] = ()
    """Addresses of the business; needs SMTP_URL. By default those of `booking.notify`."""
    text: tuple[str, ...] = ()
    """Mobiles of the business, E.164; needs Twilio's settings."""
    webhook_url: Reference | None = None
    """By default MESSAGE_WEBHOOK_URL, else BOOKING_WEBHOOK_URL."""
    webhook_secret: Reference | None = None

    @field_validator("text")
    @classmethod
    def _numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number in value:
            found = identify(number)
            if found is None or found.e164 != number:
                raise ValueError(f"{number!r} is no number; write it as +14155550142")
        return value

    def references(self) -> tuple[str, ...]:
        """The texts that may refer to secrets."""
        return tuple(text for text in (self.webhook_url, self.webhook_secret) if text)
