"""What a call costs: tokens by modality with the cached part apart, priced from a dated table.

Every response reads the whole conversation again, so the cached part matters: cached audio costs a
hundredth of new audio. Totals alone cannot be priced (OpenAI guide "Managing costs").

Money is counted in whole nano-dollars: a price of 0.06 dollars per million tokens is 60 of them per
token, so sums are exact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar

from app.core.agent.definition import Budget
from app.core.call.notes import BudgetReached, Cost, Note
from app.errors import SettingsError

NANO = 1_000_000_000
#: Token prices are given per million.
PER_TOKEN = Decimal(NANO) / 1_000_000
Entry = TypeVar("Entry")
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")

Modality = Literal["text", "audio", "image"]
MODALITIES: tuple[Modality, ...] = ("text", "audio", "image")


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Nano-dollars per token."""

    input: int
    cached: int
    output: int


@dataclass(frozen=True, slots=True)
class Prices:
    """One table: what is charged from a day on. Transcription is in nano-dollars per minute."""

    since: date
    models: Mapping[str, Mapping[Modality, TokenPrice]]
    transcription: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` understands."""
        return {
            "since": self.since.isoformat(),
            "models": {
                name: {m: [p.input, p.cached, p.output] for m, p in by.items()}
                for name, by in self.models.items()
            },
            "transcription": dict(self.transcription),
        }

    def only(self, *models: str) -> Prices:
        """The same table with nothing but what these models cost."""
        return Prices(
            self.since,
            {name: by for name in models if (by := named(name, self.models)) is not None},
            {
                name: price
                for name in models
                if (price := named(name, self.transcription)) is not None
            },
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Prices:
        """The table that `to_json` was given. Raises KeyError, TypeError or ValueError."""
        models = {
            name: {m: TokenPrice(*p) for m, p in by.items()} for name, by in value["models"].items()
        }
        return cls(date.fromisoformat(value["since"]), models, dict(value["transcription"]))


#: Nothing has a price: costs are counted in tokens only.
NO_PRICES = Prices(date.min, {}, {})


class PriceTable:
    """All dated tables."""

    def __init__(self, tables: list[Prices]) -> None:
        self._tables = sorted(tables, key=lambda table: table.since)

    def on(self, day: date) -> Prices:
        """The table valid on that day; the oldest where none is old enough."""
        valid = [table for table in self._tables if table.since <= day]
        return valid[-1] if valid else self._tables[0]


def read(document: Any) -> PriceTable:
    """A price table from its file's parsed content. Raises SettingsError where it is malformed."""
    try:
        tables = [_table(entry) for entry in document["tables"]]
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise SettingsError([f"the price table is malformed: {error!r}"]) from None
    if not tables:
        raise SettingsError(["the price table is empty"])
    return PriceTable(tables)


def _table(entry: Any) -> Prices:
    since = entry["from"]
    if not isinstance(since, date):
        raise ValueError(f"{since!r} is not a date")
    models = {
        str(name): {modality: _prices(by[modality]) for modality in MODALITIES if modality in by}
        for name, by in entry["per_million"].items()
    }
    minutes = entry.get("per_minute") or {}
    return Prices(
        since,
        models,
        {str(name): round(_amount(price) * NANO) for name, price in minutes.items()},
    )


def _prices(values: Any) -> TokenPrice:
    fresh, cached, output = (round(_amount(value) * PER_TOKEN) for value in values)
    return TokenPrice(fresh, cached, output)


def _amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is not a price")
    return amount


def named(name: str, prices: Mapping[str, Entry]) -> Entry | None:
    """The entry for a model, with or without a date in its name."""
    return prices.get(name) or prices.get(_DATED.sub("", name))


@dataclass(slots=True)
class Tokens:
    """Tokens of one modality. `input` is all input, `cached` the part of it read from the cache."""

    input: int = 0
    cached: int = 0
    output: int = 0


def tokens_of(usage: Mapping[str, Any]) -> dict[Modality, Tokens]:
    """The usage object of `response.done` by modality. What is missing or odd counts as zero.

    Where the server gives totals without details, they count as text.
    """
    read_in = _object(usage.get("input_token_details"))
    cached = _object(read_in.get("cached_tokens_details"))
    out = _object(usage.get("output_token_details"))
    tokens = {
        modality: Tokens(
            _count(read_in.get(f"{modality}_tokens")),
            _count(cached.get(f"{modality}_tokens")),
            _count(out.get(f"{modality}_tokens")),
        )
        for modality in MODALITIES
    }
    text = tokens["text"]
    text.input += max(
        0, _count(usage.get("input_tokens")) - sum(each.input for each in tokens.values())
    )
    # Reasoning tokens are in the total but in no modality, and are charged as text.
    text.output += max(
        0, _count(usage.get("output_tokens")) - sum(each.output for each in tokens.values())
    )
    if not cached:
        text.cached = _count(read_in.get("cached_tokens"))
    for each in tokens.values():
        each.cached = min(each.cached, each.input)
    return tokens


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0


Alarm = Literal["warn", "end"]


@dataclass
class CostMeter:
    """What one call has used and cost so far.

    `unpriced` is true once something was used that the table has no price for: the cost is then a
    lower bound.
    """

    model: str
    prices: Prices
    budget: Budget = field(default_factory=Budget)
    tokens: dict[Modality, Tokens] = field(
        default_factory=lambda: {modality: Tokens() for modality in MODALITIES}
    )
    responses: int = 0
    transcribed_s: float = 0.0
    nano: int = 0
    unpriced: bool = False
    _alarms: set[Alarm] = field(default_factory=set)

    def response(self, usage: Mapping[str, Any]) -> int:
        """Count the usage of one response; its cost in nano-dollars."""
        self.responses += 1
        prices = named(self.model, self.prices.models)
        cost = 0
        for modality, used in tokens_of(usage).items():
            total = self.tokens[modality]
            total.input += used.input
            total.cached += used.cached
            total.output += used.output
            price = prices.get(modality) if prices else None
            if price is not None:
                cost += (used.input - used.cached) * price.input
                cost += used.cached * price.cached + used.output * price.output
            elif used.input or used.output:
                self.unpriced = True
        self.nano += cost
        return cost

    def transcription(self, model: str, usage: Mapping[str, Any], seconds: float) -> int:
        """Count the transcription of `seconds` of caller audio; its cost in nano-dollars.

        The server's own duration is taken where `usage` gives one.
        """
        told = usage.get("seconds")
        seconds = float(told) if isinstance(told, (int, float)) and told > 0 else max(0.0, seconds)
        self.transcribed_s += seconds
        price = named(model, self.prices.transcription)
        if price is None:
            self.unpriced = self.unpriced or seconds > 0
            return 0
        cost = round(price * seconds / 60)
        self.nano += cost
        return cost

    @property
    def usd(self) -> float:
        """The cost so far, in dollars."""
        return self.nano / NANO

    def alarm(self) -> Alarm | None:
        """The highest limit passed since the last time it was asked; each is told once."""
        limits: tuple[tuple[Alarm, float | None], ...] = (
            ("end", self.budget.end_usd),
            ("warn", self.budget.warn_usd),
        )
        for alarm, limit in limits:
            if limit is not None and self.usd >= limit and alarm not in self._alarms:
                self._alarms.update(("warn", "end") if alarm == "end" else ("warn",))
                return alarm
        return None

    @property
    def spent(self) -> bool:
        """Whether the call has cost what the agent's file allows it to cost."""
        return "end" in self._alarms

    def count(self, usage: Mapping[str, Any]) -> list[Note]:
        """Count the usage of one response, and see to the budget; what is told of it."""
        self.response(usage)
        alarm = self.alarm()
        told: list[Note] = [Cost(self.as_json())]
        if alarm is not None:
            told.append(BudgetReached(alarm, round(self.usd, 4)))
        return told

    def as_json(self) -> dict[str, Any]:
        """For the call's record."""
        return {
            "model": self.model,
            "usd": round(self.usd, 6),
            "complete": not self.unpriced,
            "prices_from": self.prices.since.isoformat(),
            "responses": self.responses,
            "transcribed_s": round(self.transcribed_s, 1),
            "tokens": {
                modality: {"input": used.input, "cached": used.cached, "output": used.output}
                for modality, used in self.tokens.items()
                if used.input or used.output
            },
        }

    def to_state(self) -> dict[str, Any]:
        """What the next process needs to go on counting."""
        return {
            "tokens": {m: [t.input, t.cached, t.output] for m, t in self.tokens.items()},
            "responses": self.responses,
            "transcribed_s": self.transcribed_s,
            "nano": self.nano,
            "unpriced": self.unpriced,
            "alarms": sorted(self._alarms),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `to_state` gave."""
        for modality in MODALITIES:
            self.tokens[modality] = Tokens(*state["tokens"].get(modality, (0, 0, 0)))
        self.responses, self.transcribed_s = state["responses"], state["transcribed_s"]
        self.nano, self.unpriced = state["nano"], state["unpriced"]
        self._alarms = set(state["alarms"])

    def restore_sum(self, nano: int, *, spent: bool) -> None:
        """Go on from a sum alone, of which nothing else is known."""
        self.nano = nano
        self._alarms = {"warn", "end"} if spent else set()
