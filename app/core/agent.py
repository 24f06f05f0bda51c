"""An agent as its file describes it: words, voice, tools, turn taking, intents and bookings.

Read and validated by `app.adapters.agents`; every field is documented in `docs/agent-file.md`.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.core.booking_rules import BookingRules

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Milliseconds = Annotated[int, Field(ge=0, le=600_000)]
Fallback = Literal["transfer", "callback", "end"]


class Model(BaseModel):
    """Base of the agent file's parts: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Lines(Model):
    """What the agent says by itself, without the model. Each is one short sentence."""

    greeting: str = "Hello, how can I help you?"
    holding: tuple[Text, ...] = ("One moment, please.", "Just a second.")
    slow_tool: tuple[Text, ...] = ("Let me check that for you.", "One moment while I look.")
    missed: Text = "Sorry, I missed that. Could you say it again?"
    reminder: Text = "Are you still there?"
    goodbye: Text = "Thank you for calling. Goodbye!"
    transfer: Text = "I will connect you now."
    apology: Text = "I am sorry, I have a technical problem right now."
    callback: Text = "We will call you back as soon as we can. Goodbye."
    filtered: Text = "Let me put that differently. How else can I help?"


class TurnTaking(Model):
    """When the agent speaks, waits and gives up. All times in milliseconds."""

    holding_after_ms: Milliseconds = 1800
    retry_after_ms: Milliseconds = 4000
    reconnect_after_ms: Milliseconds = 8000
    give_up_after_ms: Milliseconds = 14_000
    stall_after_ms: Milliseconds = 4000
    tool_holding_after_ms: Milliseconds = 700
    tool_deadline_ms: Milliseconds = 12_000
    cooldown_ms: Milliseconds = 1500
    backchannels: tuple[Text, ...] | None = None
    interrupts: tuple[Text, ...] | None = None
    responsiveness: float | None = Field(default=None, ge=0, le=1)
    interruption_sensitivity: float | None = Field(default=None, ge=0, le=1)
    reminder_trigger_ms: int | None = Field(default=None, gt=0)
    reminder_max_count: int | None = Field(default=None, ge=0)
    protect_actions: bool = True
    """The line before a transfer or hang-up cannot be interrupted."""
    fallback: Fallback = "callback"
    """What follows the apology when the model is gone for good."""


class IntentSettings(Model):
    """When an intent found in a transcript is acted upon."""

    act_threshold: float = Field(default=0.75, ge=0, le=1)
    repeat_threshold: float = Field(default=0.65, ge=0, le=1)
    high_stakes: tuple[str, ...] = ("cancel_meeting", "reschedule_meeting")
    confirm: tuple[str, ...] = ()
    custom: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    partial_debounce_ms: Milliseconds = 300
    ask_model: bool = False


class AudioSettings(Model):
    """The voice and ears of the audio channel (OpenAI Realtime session settings)."""

    voice: str = "marin"
    speed: float = Field(default=1.0, ge=0.25, le=1.5)


class Budget(Model):
    """Money one call may cost, in US dollars; null is no limit."""

    warn_usd: float | None = Field(default=None, ge=0)
    end_usd: float | None = Field(default=None, ge=0)


class Agent(Model):
    """One agent. `name` is what it calls itself, `business` whom it speaks for."""

    name: Text
    business: Text
    instructions: Text = Field(max_length=50_000)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")
    time_zone: str = "UTC"
    retell_agent_ids: tuple[str, ...] = ()
    transfer_number: str | None = Field(default=None, pattern=r"^\+?[0-9]{3,15}$")
    tools: tuple[str, ...] = (
        "check_availability",
        "book_appointment",
        "reschedule_appointment",
        "cancel_appointment",
        "find_appointments",
        "end_call",
        "transfer_call",
    )
    max_output_tokens: int | None = Field(default=None, ge=1, le=4096)
    reasoning_effort: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None
    truncation_ratio: float | None = Field(default=None, gt=0, le=1)
    lines: Lines = Lines()
    turn_taking: TurnTaking = TurnTaking()
    intents: IntentSettings = IntentSettings()
    audio: AudioSettings = AudioSettings()
    budget: Budget = Budget()
    booking: BookingRules = BookingRules()
    blocked_numbers: tuple[str, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone")
        return value

    @field_validator("tools")
    @classmethod
    def _known_tools(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from app.core.tools import TOOLS

        unknown = [name for name in value if name not in TOOLS]
        if unknown:
            raise ValueError(f"unknown tools {unknown}; known are {sorted(TOOLS)}")
        return value
