"""A business's settings: its own where it gives them, the environment's where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.agents.tenancy import settings_of
from app.core.agent.business import Business
from app.errors import SettingsError
from app.settings import Settings

SETTINGS = Settings(
    openai_api_key="sk-all",
    retell_api_keys=("key_all",),
    twilio_account_sid="AC1",
    twilio_auth_token="token",
    notify_sms_from="+14155550199",
    booking_webhook_url="https://all.example/",
)


def own(secrets: dict[str, str] | None = None, **given: Any) -> Settings:
    return settings_of(SETTINGS, Business(id="b", name="B", **given), secrets or {})


def test_a_business_that_gives_nothing_has_the_environments() -> None:
    assert own() is SETTINGS


def test_what_a_business_gives_stands_instead() -> None:
    secrets = {"KEY": "sk-b", "RETELL": "key_b, key_c", "PASSWORD": "p"}
    found = own(
        secrets,
        openai_api_key="${KEY}",
        retell_api_key="${RETELL}",
        calendar_url="caldav+https://me:${PASSWORD}@dav.example/",
        booking_webhook_url="https://b.example/",
    )
    assert found.openai_api_key == "sk-b"
    assert found.retell_api_keys == ("key_b", "key_c")
    assert found.calendar_url == "caldav+https://me:p@dav.example/"
    assert found.booking_webhook_url == found.message_webhook_url == "https://b.example/"
    assert found.notify_sms_from == "+14155550199"


def test_anothers_sender_is_not_used_with_its_own_account() -> None:
    found = own({"T": "t"}, twilio_account_sid="AC2", twilio_auth_token="${T}")
    assert (found.twilio_account_sid, found.notify_sms_from) == ("AC2", "")


def test_a_secret_that_is_gone_is_told_by_its_name() -> None:
    with pytest.raises(SettingsError, match=r"business b: \$\{KEY\} is not set"):
        own({}, openai_api_key="${KEY}")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"openai_base_url": "https://x.example/v1"}, "needs an openai_api_key"),
        ({"twilio_account_sid": "AC2"}, "belong together"),
        ({"openai_api_key": "sk-clear"}, "not the secret itself"),
        ({"calendar_url": "calcom:cal_live_1@api.cal.com?event_type=1"}, "password or key"),
        ({"booking_webhook_url": "ftp://x"}, "begins with https://"),
    ],
)
def test_what_would_leak_or_cannot_work_is_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        own({}, **given)
