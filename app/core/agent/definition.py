"""An agent as its file describes it: words, voice, tools, turn taking, intents and bookings.

Read and validated by `app.adapters.agents.files`; `docs/agent-file.md` documents every field.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from app.core.agent.audio import AudioSettings
from app.core.agent.booking_tools import fit_tool
from app.core.agent.business import Business, Id, slug
from app.core.agent.checks import Country, Language, TimeZone, check_number
from app.core.agent.intents import IntentSettings as IntentSettings
from app.core.agent.knowledge import Knowledge as Knowledge
from app.core.agent.messages import MessageSettings
from app.core.agent.parts import Milliseconds, Part, Text
from app.core.agent.recording import RecordingSettings
from app.core.agent.references import Reference
from app.core.agent.report import MonthlyBudget, ReportSettings
from app.core.agent.texts import TextBody, TextName, describe_texts
from app.core.agent.tools import Channel, FoundTool, McpTools, ToolEntry, declared_tools
from app.core.agent.transfers import ANYBODY, NUMBER, Switchboard, TransferTarget, check_targets
from app.core.booking.rules import BookingRules
from app.core.language.phone_numbers import country_of, identify
from app.core.tools.declarations import TOOLS, Tool

Fallback = Literal["transfer", "callback", "end"]


class Lines(Part):
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
    unheard: Text = "I am having trouble hearing you. Could you say that again?"
    unheard_goodbye: Text = (
        "I still cannot hear you. Please call again from a quieter place. Goodbye!"
    )
    hold: Text = "One moment, I am asking my colleague."
    unanswered: Text = "I am sorry, nobody is answering right now. Goodbye."
    refused: Text = (
        "I am sorry, we cannot take your call right now. Please try again later. Goodbye."
    )
    time_up: Text = "I am sorry, I have to end this call here. Thank you, and goodbye!"


class TurnTaking(Part):
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
    unheard_after_ms: Milliseconds = 5000
    """Sounds without words hold the agent back for so long (audio calls)."""
    unheard_prompts: int = Field(default=2, ge=0, le=10)
    """The call ends when the caller was asked so often in vain to speak up."""
    protect_actions: bool = True
    """The line before a transfer or hang-up cannot be interrupted."""
    fallback: Fallback = "callback"
    """What follows the apology when the model is gone for good."""


class Budget(Part):
    """Money one call may cost, in US dollars; null is no limit."""

    warn_usd: float | None = Field(default=None, ge=0)
    end_usd: float | None = Field(default=None, ge=0)


class Agent(Part):
    """One agent. `name` is what it calls itself, `business` whom it speaks for.

    `home` and `version` come from where the agent was read (`app.core.agent.directory`).
    """

    id: Id = ""
    name: Text
    business: Text
    instructions: Text = Field(max_length=50_000)
    language: Language = "en"
    time_zone: TimeZone = "UTC"
    retell_agent_ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """Dialled numbers that this agent answers."""
    country: Country | None = None
    """ISO 3166 code of the country by whose rules numbers are read that are not international."""
    transfer_number: str | None = Field(default=None, pattern=NUMBER)
    """One target that is always there; `transfer_targets` may name more."""
    transfer_targets: tuple[TransferTarget, ...] = ()
    tools: tuple[ToolEntry, ...] = (
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
    monthly_budget: MonthlyBudget = MonthlyBudget()
    """What all calls of the business may use together; of several agents' the smallest counts."""
    booking: BookingRules = BookingRules()
    knowledge: Knowledge = Knowledge()
    messages: MessageSettings = MessageSettings()
    recording: RecordingSettings = RecordingSettings()
    report: ReportSettings = ReportSettings()
    report_webhook_url: Reference | None = None
    """Where the reports of this agent's calls are sent; the setting REPORT_WEBHOOK_URL by default.
    They are signed with `report_webhook_secret`, by default REPORT_WEBHOOK_SECRET."""
    report_webhook_secret: Reference | None = None
    texts: dict[TextName, TextBody] = Field(default_factory=dict)
    """What `send_text` may send, by name."""
    blocked_numbers: tuple[str, ...] = ()
    _imported: dict[str, Tool] = PrivateAttr(default_factory=dict)
    _found: dict[str, FoundTool] = PrivateAttr(default_factory=dict)
    _home: Business | None = PrivateAttr(default=None)
    _version: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _has_texts(self) -> Self:
        if "send_text" in self.tools and not self.texts:
            raise ValueError("the tool send_text needs texts; list what it may send under texts")
        return self

    @property
    def home(self) -> Business:
        """The business whose data the agent sees and changes."""
        home = self._home
        if home is not None and home.name == self.business:
            return home
        return Business(id=slug(self.business), name=self.business)

    @property
    def version(self) -> str:
        """What the agent and its business say, as a short digest; blank where it was not read."""
        return self._version

    @cached_property
    def switchboard(self) -> Switchboard:
        """Whom calls can be transferred to."""
        targets = list(self.transfer_targets)
        if self.transfer_number and not targets:
            targets.append(TransferTarget(name=ANYBODY, number=self.transfer_number))
        return Switchboard(targets, self.booking.time_zone, self.booking.holidays)

    def hands_over(self, at: float) -> bool:
        """Whether a call without a model goes to a person, at `at` in Unix seconds."""
        wanted = self.turn_taking.fallback == "transfer"
        return wanted and self.switchboard.open_target(at) is not None

    def promises_callback(self, at: float) -> bool:
        """Whether the caller is told of a call back when the model is gone for good."""
        how = self.turn_taking.fallback
        return how == "callback" or (how == "transfer" and not self.hands_over(at))

    def country_for(self, caller_number: str = "") -> str:
        """The country by whose rules a number is read that a caller gives: the caller's own, else
        the business's."""
        numbers = [target.number for target in self.switchboard.targets]
        own = country_of(self.language, *numbers)
        calling = identify(caller_number, self.country or own)
        if calling is not None and calling.country != "001":
            return calling.country
        return self.country or own

    @model_validator(mode="before")
    @classmethod
    def _named_by_itself(cls, value: Any) -> Any:
        """The id is the name, in small letters, unless it is given."""
        if isinstance(value, Mapping) and "id" not in value and value.get("name"):
            return {**value, "id": slug(str(value["name"]))}
        return value

    @field_validator("numbers")
    @classmethod
    def _in_full(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_number(number) for number in value)

    @field_validator("transfer_targets")
    @classmethod
    def _known_targets(cls, value: tuple[TransferTarget, ...]) -> tuple[TransferTarget, ...]:
        problem = check_targets(value)
        if problem:
            raise ValueError(problem)
        return value

    @field_validator("tools")
    @classmethod
    def _known_tools(cls, value: tuple[ToolEntry, ...]) -> tuple[ToolEntry, ...]:
        declared_tools(value)
        return value

    @cached_property
    def toolset(self) -> Mapping[str, Tool]:
        """The agent's tools by name, those of its Python modules and MCP servers included."""
        found = declared_tools(self.tools, self.brought)
        if "transfer_call" in found:
            found["transfer_call"] = self.switchboard.describe(found["transfer_call"])
        if "send_text" in found:
            found["send_text"] = describe_texts(found["send_text"], self.texts)
        return {name: fit_tool(tool, self.booking) for name, tool in found.items()}

    @property
    def brought(self) -> Mapping[str, Tool]:
        """The tools of its Python modules and MCP servers, by name: no part of its file."""
        return {**self._imported, **{name: each.tool for name, each in self._found.items()}}

    @property
    def found(self) -> Mapping[str, FoundTool]:
        """The tools of MCP servers among them, by name."""
        return self._found

    @property
    def servers(self) -> list[McpTools]:
        """The MCP servers that the agent's file names."""
        return [entry for entry in self.tools if isinstance(entry, McpTools)]

    def offered(self, channel: Channel) -> list[Tool]:
        """The tools that calls of a channel may use."""
        return [
            tool
            for tool in self.toolset.values()
            if not tool.policy.channels or channel in tool.policy.channels
        ]

    def of(self, home: Business, version: str) -> Agent:
        """The agent as that business's, in that version."""
        agent = self.model_copy()
        agent._home, agent._version = home, version
        return agent

    def with_imported(self, imported: Mapping[str, Tool]) -> Agent:
        """The agent with the tools that its Python modules and MCP servers bring.

        Raises ValueError for a name that is taken.
        """
        agent = self.model_copy()
        agent._imported = dict(imported)
        declared_tools(agent.tools, agent._imported)
        return agent

    def with_found(self, found: Mapping[str, FoundTool]) -> Agent:
        """The agent with what its MCP servers offer; a name that is taken stays what it was."""
        taken = declared_tools(self.tools, self._imported)
        agent = self.model_copy()
        agent.__dict__.pop("toolset", None)
        agent._found = {name: each for name, each in found.items() if _is_free(name, taken)}
        return agent


def _is_free(name: str, taken: Mapping[str, Tool]) -> bool:
    return name not in taken and name not in TOOLS
