"""The text model that plays callers: what is made of an answer, and of none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.cli.caller_model import CallerModel, is_there
from app.local.stack import REHEARSAL_KEY
from app.rehearsal.callers.persona import SCHEMA, Answered, NotPlayed
from app.rehearsal.retell_caller.outcome import Outcome
from app.settings import Settings
from tests.support.text_model import TextModel

GOOD = {"say": "Hello.", "hang_up": False}


@pytest.fixture
def server() -> Iterator[TextModel]:
    running = TextModel(GOOD)
    yield running
    running.stop()


def ask(url: str, **options: Any) -> Answered:
    settings = Settings(openai_api_key="key", openai_base_url=url, scenario_model="m")
    return CallerModel(settings, **options)("You are Ann.", "Agent: Hi", name="x", schema=SCHEMA)


def test_an_answer_comes_with_its_tokens(server: TextModel) -> None:
    assert ask(server.url) == Answered(GOOD, 100, 10)
    assert server.questions[0]["model"] == "m"


@pytest.mark.parametrize(
    ("opinion", "status", "told"),
    [
        ("I would say hello", 200, "m gave an answer that has no form"),
        (GOOD, 500, "m answered HTTP 500"),
        (GOOD, 401, "m answered HTTP 401"),
    ],
)
def test_no_answer_is_told_with_its_reason(
    server: TextModel, opinion: Any, status: int, told: str
) -> None:
    server.opinion, server.status = opinion, status
    with pytest.raises(NotPlayed, match=told):
        ask(server.url)


def test_who_is_late_or_away_is_not_waited_for(server: TextModel) -> None:
    server.delay_s = 2.0
    with pytest.raises(NotPlayed, match=r"did not answer within 0\.3 s"):
        ask(server.url, deadline_s=0.3)
    with pytest.raises(NotPlayed, match="cannot be asked: APIConnectionError"):
        ask("http://127.0.0.1:9/v1")


def test_the_rehearsal_model_is_no_text_model() -> None:
    assert not is_there(Settings(openai_api_key=REHEARSAL_KEY))
    assert not is_there(Settings())
    assert is_there(Settings(openai_api_key="key"))


def test_a_price_is_told_where_it_is_known() -> None:
    outcome = Outcome("call_1")
    outcome.model.count(1_000_000, 1_000_000)
    known = CallerModel(Settings(scenario_model="gpt-realtime-2.1-mini"))
    assert known.price(outcome) == "$3.0000"
    assert "not known" in CallerModel(Settings(scenario_model="m")).price(outcome)
