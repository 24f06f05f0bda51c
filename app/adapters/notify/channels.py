"""The channels that the settings switch on."""

from __future__ import annotations

from app.adapters.notify.base import Channel
from app.adapters.notify.mail import Mail
from app.adapters.notify.text_message import LoggedText, TwilioText
from app.adapters.notify.webhook import Webhook
from app.core.agent.definition import Agent
from app.settings import Settings


def open_channels(settings: Settings) -> list[Channel]:
    """All channels that can be used; none by default in production."""
    channels: list[Channel] = []
    if settings.booking_webhook_url:
        channels.append(Webhook(settings.booking_webhook_url, settings.booking_webhook_secret))
    if settings.smtp_url:
        channels.append(Mail(settings.smtp_url, settings.notify_email_from))
    if _twilio(settings):
        channels.append(
            TwilioText(
                settings.twilio_account_sid,
                settings.twilio_auth_token,
                settings.notify_sms_from,
                api=settings.twilio_base_url,
            )
        )
    elif not settings.production:
        channels.append(LoggedText())
    return channels


def can_text(settings: Settings) -> bool:
    """Whether a caller can be promised a text message."""
    return _twilio(settings) or not settings.production


def can_tell_office(settings: Settings, agent: Agent) -> bool:
    """Whether the business itself gets to know of bookings and failures."""
    by_mail = settings.smtp_url and agent.booking.notify.email
    return bool(settings.booking_webhook_url or by_mail)


def _twilio(settings: Settings) -> bool:
    return bool(
        settings.twilio_account_sid and settings.twilio_auth_token and settings.notify_sms_from
    )
