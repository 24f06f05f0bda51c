"""What is told of calls, as the agent's file says it: reports, and a month's budget."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.core.agent.parts import Part

FieldType = Literal["string", "integer", "number", "boolean", "enum", "date"]
FieldName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,63}$")]
Address = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Choice = Annotated[str, Field(min_length=1, max_length=100)]


class ReportField(Part):
    """One thing the business wants to know of every call. A `date` is written YYYY-MM-DD."""

    type: FieldType = "string"
    description: str = Field(min_length=1, max_length=500)
    values: tuple[Choice, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _values_of_an_enum(self) -> Self:
        if (self.type == "enum") != bool(self.values):
            raise ValueError("type enum needs values, and only type enum has them")
        return self


class ReportSettings(Part):
    """`email` are the addresses that get each report. `ask_model: false` leaves the text model out:
    then rules alone read the record."""

    fields: dict[FieldName, ReportField] = Field(default_factory=dict, max_length=40)
    email: tuple[Address, ...] = Field(default=(), max_length=20)
    ask_model: bool = True


class MonthlyBudget(Part):
    """What a business may use in a month; null is no limit. From the share `warn_at` on it is
    warned, and once a limit is reached new calls are refused."""

    usd: float | None = Field(default=None, ge=0)
    minutes: float | None = Field(default=None, ge=0)
    calls: int | None = Field(default=None, ge=0)
    warn_at: float = Field(default=0.8, gt=0, le=1)

    @property
    def limits(self) -> bool:
        """Whether there is any limit."""
        return any(limit is not None for limit in (self.usd, self.minutes, self.calls))
