"""The optional model behind the rules, against a local server of the Chat Completions form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from app.adapters.agents import files
from app.adapters.intent import model
from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.language.intent.engine import CANCEL, SCHEDULE, IntentResult
from app.settings import Settings
from tests.support.text_model import TextModel

UNCLEAR = IntentResult(SCHEDULE, 0.6, reason="rules")


SURE = {"intent": CANCEL, "complete": True, "negated": False, "certainty": "certain"}


@pytest.fixture
def server() -> Iterator[TextModel]:
    server = TextModel(dict(SURE))
    yield server
    server.stop()
    model._client.cache_clear()


@pytest.fixture
def settings(redis_url: str, server: TextModel) -> Settings:
    return Settings(
        redis_url=redis_url, openai_api_key="key", openai_base_url=server.url, intent_model="small"
    )


@pytest.fixture
def agent() -> Agent:
    shipped = files.load().default
    asking = shipped.intents.model_copy(update={"ask_model": True})
    return shipped.model_copy(update={"intents": asking})


@pytest.fixture
def ask(settings: Settings, redis: Redis, agent: Agent) -> model.Ask:
    asked = model.for_call(settings, redis, agent, "call_1")
    assert asked is not None
    return asked


def test_it_is_off_unless_turned_on(settings: Settings, redis: Redis, agent: Agent) -> None:
    shipped = files.load().default
    keyless = Settings(redis_url=settings.redis_url)
    assert model.for_call(settings, redis, shipped, "c") is None
    assert model.for_call(keyless, redis, agent, "c") is None


def test_an_unclear_final_is_asked_about(ask: model.Ask, server: TextModel) -> None:
    result = ask("I need that thing on Monday gone", UNCLEAR)
    assert (result.intent, result.confidence) == (CANCEL, 0.85)
    (question,) = server.questions
    assert question["model"] == "small"
    assert question["response_format"]["json_schema"]["strict"] is True
    assert question["messages"][1]["content"] == "I need that thing on Monday gone"


@pytest.mark.parametrize("rules", [
    IntentResult(SCHEDULE, 0.9),
    IntentResult(None, 0.9),
    IntentResult(SCHEDULE, 0.1),
    IntentResult(SCHEDULE, 0.6, negated=True),
])  # fmt: skip
def test_a_clear_final_is_not(ask: model.Ask, server: TextModel, rules: IntentResult) -> None:
    assert ask("anything", rules) is rules
    assert server.questions == []


def test_the_same_text_is_asked_about_once_a_call(
    ask: model.Ask, server: TextModel, settings: Settings, redis: Redis, agent: Agent
) -> None:
    first = ask("the same", UNCLEAR)
    assert ask("the same", UNCLEAR) == first
    again = model.for_call(settings, redis, agent, "call_1")
    assert again is not None
    assert again("the same", UNCLEAR) == first
    assert len(server.questions) == 1


def test_a_call_has_a_budget(ask: model.Ask, server: TextModel) -> None:
    results = [ask(f"text {number}", UNCLEAR) for number in range(8)]
    assert len(server.questions) == model.MAX_PER_CALL
    assert results[-1] is UNCLEAR


def test_a_day_has_a_budget(
    settings: Settings, redis: Redis, agent: Agent, server: TextModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(model, "MAX_PER_DAY", 2)
    for number in range(4):
        asked = model.for_call(settings, redis, agent, f"call_{number}")
        assert asked is not None
        asked("text", UNCLEAR)
    assert len(server.questions) == 2
    other = agent.of(Business(id="another", name=agent.business), "")
    elsewhere = model.for_call(settings, redis, other, "call_9")
    assert elsewhere is not None
    elsewhere("text", UNCLEAR)
    assert len(server.questions) == 3, "another business has its own"


@pytest.mark.parametrize("opinion", [
    "not json", "null", "[]", {"intent": "rob_bank", "complete": True, "negated": False,
    "certainty": "certain"}, {"intent": CANCEL}, {"intent": CANCEL, "complete": "yes",
    "negated": False, "certainty": "certain"},
])  # fmt: skip
def test_an_answer_of_another_form_does_not_count(
    ask: model.Ask, server: TextModel, opinion: Any
) -> None:
    server.opinion = opinion
    assert ask("text", UNCLEAR) is UNCLEAR


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_refusal_leaves_the_rules_answer(ask: model.Ask, server: TextModel, status: int) -> None:
    server.status = status
    assert ask("text", UNCLEAR) is UNCLEAR
    assert ask("text", UNCLEAR) is UNCLEAR
    assert len(server.questions) == 1


def test_a_slow_server_leaves_the_rules_answer(
    settings: Settings, redis: Redis, agent: Agent, server: TextModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(model, "DEADLINE_S", 0.2)
    server.delay_s = 1.0
    asked = model.for_call(settings, redis, agent, "call_1")
    assert asked is not None
    assert asked("text", UNCLEAR) is UNCLEAR


def test_a_reading_has_a_deadline_for_all_questions(
    settings: Settings, redis: Redis, agent: Agent, server: TextModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(model, "READING_S", -1.0)
    asked = model.for_call(settings, redis, agent, "call_1")
    assert asked is not None
    assert asked("text", UNCLEAR) is UNCLEAR
    assert server.questions == []


def test_what_the_rules_found_broken_off_stays_so(ask: model.Ask, server: TextModel) -> None:
    server.opinion = {**server.opinion, "intent": SCHEDULE}
    broken = IntentResult(SCHEDULE, 0.6, complete=False)
    assert ask("I would like to", broken).complete is False
