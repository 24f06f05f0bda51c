"""The text model that plays callers and judges tones, where a key for one is set."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any

from app.adapters.agents import prices
from app.adapters.intent.model import DEFAULT_MODEL, client_of
from app.adapters.intent.questions import NoAnswer, ask
from app.core.call.cost import NANO, named
from app.local.stack import REHEARSAL_KEY
from app.rehearsal.callers.persona import Answered, NotPlayed, factory, judge_tone
from app.rehearsal.retell_caller.outcome import Outcome
from app.rehearsal.retell_caller.play import Stage
from app.settings import Settings

#: How long one remark may take: a caller who is silent for longer is taken for gone.
DEADLINE_S = 9.0
MAX_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class CallerModel:
    """Asks the model that the settings name."""

    settings: Settings
    deadline_s: float = DEADLINE_S

    @property
    def name(self) -> str:
        """The model's name."""
        return self.settings.scenario_model or self.settings.intent_model or DEFAULT_MODEL

    def __call__(
        self, instructions: str, text: str, *, name: str, schema: dict[str, Any]
    ) -> Answered:
        """Ask it. Raises `NotPlayed`."""
        try:
            found = ask(
                client_of(self.settings),
                self.name,
                instructions,
                text,
                name=name,
                schema=schema,
                max_tokens=MAX_TOKENS,
                deadline_s=self.deadline_s,
            )
        except NoAnswer as error:
            raise NotPlayed(f"{self.name} {self._why(error)}") from None
        return Answered(found.value, found.input_tokens, found.output_tokens)

    def _why(self, error: NoAnswer) -> str:
        from openai import APIStatusError, APITimeoutError, OpenAIError

        cause = error.__cause__
        if isinstance(cause, APITimeoutError):
            return f"did not answer within {self.deadline_s:g} s"
        if isinstance(cause, APIStatusError):
            return f"answered HTTP {cause.status_code}"
        if isinstance(cause, OpenAIError):
            return f"cannot be asked: {type(cause).__name__}"
        return "gave an answer that has no form"

    def price(self, outcome: Outcome) -> str:
        """What a call's questions cost, in words."""
        today = dt.datetime.fromtimestamp(time.time(), dt.UTC).date()
        known = named(self.name, prices.load().on(today).models)
        price = known.get("text") if known else None
        if price is None:
            return f"the price of {self.name} is not known"
        used = outcome.model
        nano = used.input_tokens * price.input + used.output_tokens * price.output
        return f"${nano / NANO:.4f}"


def is_there(settings: Settings) -> bool:
    """Whether there is a model to ask; the rehearsal model is none."""
    return settings.openai_api_key not in ("", REHEARSAL_KEY)


def prepare(stage: Stage, settings: Settings) -> Stage:
    """The stage, with callers whom a model plays where there is one."""
    if is_there(settings):
        model = CallerModel(settings)
        stage.play_persona = factory(model)
        stage.judge_tone = lambda tone, outcome: judge_tone(tone, outcome, model)
        stage.price = model.price
    return stage
