"""The part of an agent's file about intents found in transcripts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from app.core.agent.parts import Part, Text
from app.core.agent.retired import without_retired
from app.core.agent.tools import ToolName


class IntentSettings(Part):
    """When an intent found in a transcript is acted upon."""

    act_threshold: float = Field(default=0.75, ge=0, le=1)
    high_stakes: tuple[str, ...] = ("cancel_meeting", "reschedule_meeting")
    confirm: tuple[str, ...] = ()
    custom: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    tools: dict[str, ToolName] = Field(default_factory=dict)
    """The tool that an intent of `custom` runs in calls that only webhooks told of."""
    partial_debounce_ms: int = Field(default=300, ge=0, le=600_000)
    act: Literal["both", "rules", "off"] | None = None
    """What it takes that requests that only webhooks told of lead to effects: `both` readers, the
    rules and a text model, agree; or the `rules` alone have evidence of every part; `off` is never.
    Null is `both` where a text model is configured, else `rules`. Calls on our own sockets, and
    calls whose model uses the tools itself, are never acted for."""
    tell_business: bool = False
    """Whether the business is told of requests in such calls that were not acted upon."""
    ask_model: bool = False

    @model_validator(mode="before")
    @classmethod
    def _without_retired(cls, data: Any) -> Any:
        return without_retired("intents", data)

    @field_validator("tools")
    @classmethod
    def _of_custom_intents(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        unknown = sorted(set(value) - set(info.data.get("custom") or ()))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no intent of custom")
        return value

    @field_validator("act", mode="before")
    @classmethod
    def _as_a_switch(cls, value: Any) -> Any:
        """`true` is the default, `false` is `off`."""
        if isinstance(value, bool):
            return None if value else "off"
        return value
