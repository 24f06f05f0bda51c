"""The channels that the settings and the agent's file switch on."""

from __future__ import annotations

from app.adapters.agents.secrets import SECRETS
from app.adapters.notify.base import MESSAGE_KINDS, Channel
from app.adapters.notify.mail import Mail
from app.adapters.notify.text_message import (
    CallerText,
    LoggedMessages,
    StaffText,
    Texts,
    TwilioMessages,
)
from app.adapters.notify.webhook import Webhook
from app.core.agent.definition import Agent
from app.core.agent.references import fill_references
from app.settings import Settings


def open_channels(settings: Settings, agent: Agent, kind: str) -> list[Channel]:
    """All channels that can be used for a kind of change; none by default in production."""
    channels: list[Channel] = []
    for_business = kind in MESSAGE_KINDS
    webhook = _message_webhook(settings, agent) if for_business else _booking_webhook(settings)
    if webhook is not None:
        channels.append(webhook)
    if settings.smtp_url:
        channels.append(Mail(settings.smtp_url, settings.notify_email_from))
    texts = open_texts(settings)
    if texts is None:
        return channels
    if for_business:
        return [*channels, *(StaffText(texts, number) for number in agent.messages.text)]
    return [*channels, CallerText(texts)]


def open_texts(settings: Settings) -> Texts | None:
    """What sends text messages; None if nothing can. In development they go to the log."""
    if _twilio(settings):
        return TwilioMessages(
            settings.twilio_account_sid,
            settings.twilio_auth_token,
            settings.notify_sms_from,
            api=settings.twilio_base_url,
        )
    return None if settings.production else LoggedMessages()


def can_text(settings: Settings) -> bool:
    """Whether a caller can be promised a text message."""
    return _twilio(settings) or not settings.production


def can_tell_office(settings: Settings, agent: Agent) -> bool:
    """Whether the business itself gets to know of bookings and failures."""
    by_mail = settings.smtp_url and agent.booking.notify.email
    return bool(settings.booking_webhook_url or by_mail)


def _booking_webhook(settings: Settings) -> Webhook | None:
    if not settings.booking_webhook_url:
        return None
    return Webhook(settings.booking_webhook_url, settings.booking_webhook_secret)


def _message_webhook(settings: Settings, agent: Agent) -> Webhook | None:
    """The agent's own; else the setting for messages; else the one for bookings."""
    own = agent.messages
    if own.webhook_url:
        url = fill_references(own.webhook_url, SECRETS)
        secret = settings.message_webhook_secret
        if own.webhook_secret:
            secret = fill_references(own.webhook_secret, SECRETS)
        return Webhook(url, secret, public_only=not settings.tools_allow_private)
    if settings.message_webhook_url:
        return Webhook(settings.message_webhook_url, settings.message_webhook_secret)
    return _booking_webhook(settings)


def _twilio(settings: Settings) -> bool:
    return bool(
        settings.twilio_account_sid and settings.twilio_auth_token and settings.notify_sms_from
    )
