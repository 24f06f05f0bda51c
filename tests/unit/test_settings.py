"""Settings: production unless said otherwise, all that is missing or wrong named at once."""

from __future__ import annotations

import pytest

from app.errors import SettingsError
from app.settings import REQUIRED, Settings


def problems(**env: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(env)
    return raised.value.problems


@pytest.mark.parametrize("env", [{}, {"APP_ENV": " "}, {"APP_ENV": "production"}])
def test_production_is_the_default_and_names_all_that_is_missing(env: dict[str, str]) -> None:
    found = problems(**env)
    assert [f"{name} is missing" for name in REQUIRED] == found[: len(REQUIRED)]


def test_development_needs_nothing() -> None:
    assert not Settings.from_env({"APP_ENV": "development"}).production


def test_a_command_at_a_keyboard_needs_nothing_but_on_a_platform_it_does() -> None:
    assert not Settings.of_command({"PORT": "8123"}).production
    with pytest.raises(SettingsError):
        Settings.of_command({"DYNO": "web.1"})


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("LOG_LEVEL", "LOUD", "one of DEBUG, INFO"),
        ("PORT", "http", "a whole number"),
        ("TRUSTED_PROXIES", "everybody", "networks such as"),
        ("APP_ENV", "staging", "development or production"),
        ("REDIS_TLS_VERIFY", "maybe", "1 or 0"),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    name: str, value: str, wanted: str
) -> None:
    (problem,) = problems(**{"APP_ENV": "development", name: value})
    assert problem.startswith(name)
    assert wanted in problem


def test_blank_means_the_default() -> None:
    settings = Settings.from_env({"APP_ENV": "development", "PORT": "", "LOG_LEVEL": " "})
    assert (settings.port, settings.log_level) == (8080, "INFO")
