"""The settings of one business: the environment's, and what the business gives instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.adapters.agents.secrets import SECRETS
from app.core.agent.business import Business
from app.core.agent.references import fill_references
from app.errors import SettingsError
from app.settings import Settings

#: Keys of a business that stand for the setting of that name.
_SAME = (
    *("calendar_url", "calendar_token", "openai_api_key", "openai_base_url"),
    *("twilio_account_sid", "twilio_auth_token", "notify_sms_from", "notify_email_from"),
    *("booking_webhook_url", "booking_webhook_secret"),
    *("report_webhook_url", "report_webhook_secret"),
)


def settings_of(
    settings: Settings, business: Business, secrets: Mapping[str, str] = SECRETS
) -> Settings:
    """The settings as this business has them. Raises `SettingsError` for a secret that is gone."""
    changes: dict[str, Any] = {}
    try:
        for name in _SAME:
            given = getattr(business, name)
            if given is not None:
                changes[name] = fill_references(given, secrets)
        if business.retell_api_key is not None:
            found = fill_references(business.retell_api_key, secrets)
            changes["retell_api_keys"] = tuple(each.strip() for each in found.split(","))
    except KeyError as missing:
        told = f"business {business.id}: ${{{missing.args[0]}}} is not set"
        raise SettingsError([told]) from None
    if not changes:
        return settings
    if "twilio_account_sid" in changes:
        # Another account's sender cannot be used with this one.
        changes.setdefault("notify_sms_from", "")
    if "booking_webhook_url" in changes:
        changes.setdefault("message_webhook_url", changes["booking_webhook_url"])
        secret = changes.get("booking_webhook_secret", settings.booking_webhook_secret)
        changes.setdefault("message_webhook_secret", secret)
    return replace(settings, **changes)
