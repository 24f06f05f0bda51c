"""What a socket of a call begins with, and what a call can do, whatever its channel.

With the setup, the state it was resumed from and the events in their order every decision can be
made again: the flight record is made of just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.core.agent.definition import Agent
from app.core.call import prompts
from app.core.call.cost import NO_PRICES, CostMeter, Prices
from app.core.call.events import Actions, Event
from app.core.tools.declarations import Tool
from app.protocol.retell_llm import Utterance
from app.protocol.twilio import SILENCE


@dataclass(frozen=True, slots=True)
class Setup:
    """`model` and `prices` are what costs are counted by, `details` what is known of the call.

    `greet` is false where another socket has greeted and nothing else is known of it. Of a media
    stream: its name, and `lines`, the agent's lines that are known in its voice (mu-law).
    `back_from` is whom the caller was put through to in vain, `back_why` one of
    `prompts.NOT_ANSWERED`.
    """

    call_id: str
    agent: Agent
    model: str = ""
    prices: Prices = NO_PRICES
    details: dict[str, Any] = field(default_factory=dict)
    greet: bool = True
    stream: str = ""
    lines: Mapping[str, bytes] = field(default_factory=dict)
    back_from: str = ""
    back_why: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` understands. Of lines only their length is kept."""
        transcription = self.agent.audio.transcription
        names = (self.model, transcription.model if transcription else "")
        return {
            "call_id": self.call_id,
            "agent": self.agent.model_dump(mode="json"),
            "brought": [tool.to_json() for tool in self.agent.brought.values()],
            "model": self.model,
            "prices": self.prices.only(*names).to_json(),
            "details": self.details,
            "greet": self.greet,
            "stream": self.stream,
            "back_from": self.back_from,
            "back_why": self.back_why,
            "lines": {text: len(audio) for text, audio in self.lines.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Setup:
        """The setup that `to_json` was given; its lines are silent. Raises KeyError, TypeError or
        ValueError for anything else."""
        prices = value.get("prices")
        brought = [Tool.from_json(tool) for tool in value.get("brought") or ()]
        agent = Agent.model_validate(value["agent"])
        return cls(
            str(value["call_id"]),
            agent.with_imported({tool.name: tool for tool in brought}),
            str(value.get("model") or ""),
            NO_PRICES if prices is None else Prices.from_json(prices),
            dict(value.get("details") or {}),
            value.get("greet") is not False,
            str(value.get("stream") or ""),
            {text: SILENCE * size for text, size in (value.get("lines") or {}).items()},
            str(value.get("back_from") or ""),
            str(value.get("back_why") or ""),
        )

    def back_note(self) -> str:
        """What the model is told when the call goes on on a new socket."""
        if not self.back_from:
            return prompts.BACK
        takes_messages = "take_message" in self.agent.toolset
        return prompts.not_answered(self.back_from, self.back_why, takes_messages)

    def meter(self) -> CostMeter:
        """The account of a call that has cost nothing yet."""
        return CostMeter(self.model, self.prices, self.agent.budget)


class Call(Protocol):
    """A call as its bridge, the flight record and the tests see it. Times are Unix seconds."""

    def start(self, now: float) -> Actions:
        """The call begins."""

    def resume(self, state: dict[str, Any], now: float) -> Actions:
        """The call goes on on a new socket, from what `to_state` gave: nobody is greeted again."""

    def handle(self, event: Event, now: float) -> Actions:
        """The actions that follow from `event`, in order."""

    def deadline(self) -> float | None:
        """When a `Tick` is due, if ever."""

    def to_state(self) -> dict[str, Any]:
        """A JSON value to resume from."""

    def summary(self) -> dict[str, Any]:
        """Fields of the call's record."""

    @property
    def agent(self) -> Agent:
        """Who answers."""

    @property
    def cost(self) -> CostMeter:
        """What the call has used."""

    @property
    def dropped(self) -> bool:
        """Whether the socket was dropped so that the call goes on elsewhere."""

    @property
    def began_at(self) -> float:
        """When it began (Unix seconds); 0 before that."""

    @property
    def transcript(self) -> tuple[Utterance, ...]:
        """What was said, as far as it was heard."""

    @property
    def awaits_words(self) -> bool:
        """Whether the caller has said something of which the words are not known yet."""
