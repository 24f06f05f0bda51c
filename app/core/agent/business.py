"""A business as the agents' file describes it: the tenant that agents answer for.

What it leaves out is the environment's setting. Secrets are references (``${NAME}``), so that the
API, versions and logs never show a value.
"""

from __future__ import annotations

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from app.core.agent.checks import Country, Language, TimeZone, check_number
from app.core.agent.parts import Part
from app.core.agent.references import find_references

#: The keys that hold a secret and nothing else.
SECRETS = (
    *("calendar_token", "retell_api_key", "openai_api_key", "twilio_auth_token"),
    *("booking_webhook_secret", "report_webhook_secret"),
)
_PASSWORD = re.compile(r"//[^/@:]*:(?P<password>[^/@]+)@")
_KEY = re.compile(r"calcom(?:\+http)?:(?P<password>[^@?]+)")


def _check_address(value: str) -> str:
    parts = urlsplit(value)
    if not find_references(value) and (parts.scheme not in ("http", "https") or not parts.netloc):
        raise ValueError("an address begins with https://")
    return value


Address = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_check_address)]
Mail = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
Id = Annotated[str, Field(pattern=r"^\w[\w-]{0,63}$")]


class Business(Part):
    """One business. `id` is its key under `businesses:`, under which its data lie."""

    id: Id
    name: str = Field(min_length=1, max_length=2000)
    time_zone: TimeZone | None = None
    language: Language | None = None
    country: Country | None = None
    numbers: tuple[str, ...] = ()
    """Dialled numbers that lead to this business."""
    answers: str | None = None
    """The id of the agent that answers `numbers`; the business's first by default."""
    calendar_url: str | None = Field(default=None, max_length=2000)
    calendar_token: str | None = None
    retell_api_key: str | None = None
    openai_api_key: str | None = None
    openai_base_url: Address | None = None
    twilio_account_sid: str | None = None
    twilio_auth_token: str | None = None
    notify_sms_from: str | None = None
    notify_email_from: str | None = None
    notify_email: tuple[Mail, ...] = ()
    """Whom to tell about bookings; agents may name others (`booking.notify.email`)."""
    booking_webhook_url: Address | None = None
    booking_webhook_secret: str | None = None
    report_webhook_url: Address | None = None
    report_webhook_secret: str | None = None
    secrets: tuple[str, ...] = ()
    """The names that agents changed with the business's own token may refer to."""

    @field_validator("numbers")
    @classmethod
    def _in_full(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_number(number) for number in value)

    @field_validator(*SECRETS)
    @classmethod
    def _only_references(cls, value: str | None) -> str | None:
        if value is not None and not find_references(value):
            raise ValueError(
                "write the name of an environment variable, ${NAME}, or ${file:/path}, not the "
                "secret itself"
            )
        return value

    @field_validator("calendar_url")
    @classmethod
    def _no_password(cls, value: str | None) -> str | None:
        found = _PASSWORD.search(value or "") or _KEY.match(value or "")
        if found and not find_references(found["password"]):
            raise ValueError("write its password or key as ${NAME}, from the environment")
        return value

    @model_validator(mode="after")
    def _whole_accounts(self) -> Self:
        if (self.twilio_account_sid is None) != (self.twilio_auth_token is None):
            raise ValueError("twilio_account_sid and twilio_auth_token belong together")
        if self.openai_base_url is not None and self.openai_api_key is None:
            raise ValueError("openai_base_url needs an openai_api_key of its own")
        return self

    def references(self) -> dict[str, str]:
        """Its texts that refer to secrets, by key."""
        texts = {name: value for name, value in self if isinstance(value, str)}
        return {name: text for name, text in texts.items() if find_references(text)}


def slug(name: str) -> str:
    """A name as an id: small letters and digits, everything else as "-"."""
    return re.sub(r"[^\w]+", "-", name.casefold()).strip("-")[:64] or "unnamed"
