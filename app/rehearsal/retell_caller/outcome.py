"""What became of one rehearsed call, gathered from its events."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.rehearsal.retell_caller import events

#: Frames that crossed the newer request on the wire are no fault; later ones are.
STALE_GRACE_S = 2.0


@dataclass(slots=True)
class ToolSeen:
    """A tool call that the server told of. `successful` is None until its result came."""

    id: str
    name: str
    arguments: str
    content: str | None = None
    successful: bool | None = None
    took: float | None = None


@dataclass(slots=True)
class TurnSeen:
    """One answer. `silence` is the time from the request to the first spoken word, in seconds."""

    id: int
    text: str
    cut: bool
    first_frame: float | None
    first_sentence: float | None
    silence: float | None


@dataclass(slots=True)
class ModelsPart:
    """What a text model did for a call: played its caller, judged the agent's tone.

    `unjudged` is why nothing can be said of the call: its caller could not be played. `tone` is
    never a reason to pass or fail. `cost` is what the tokens cost, in words.
    """

    unjudged: str = ""
    tone: str = ""
    questions: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: str = ""

    def count(self, input_tokens: int, output_tokens: int) -> None:
        """Count one question."""
        self.questions += 1
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens


@dataclass(slots=True)
class _Wait:
    """Since when the caller waits for an answer, and how long they waited for the last one."""

    since: float | None = None
    took: float | None = None


@dataclass(slots=True)
class Outcome:
    """Fill it with `event`; read it at any time. Times are seconds."""

    call_id: str
    ended: str | None = None
    turns: list[TurnSeen] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    tools: list[ToolSeen] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    actions_lost: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    model: ModelsPart = field(default_factory=ModelsPart)
    stale: int = 0
    sockets: int = 0
    reminders: int = 0
    _wait: _Wait = field(default_factory=_Wait)

    def event(self, at: float, event: events.Event) -> None:
        """Take one event in."""
        if isinstance(event, events.Asked):
            self._wait = _Wait(since=at)
            self.reminders += event.reminder
        elif isinstance(event, events.Word):
            if event.role == "agent" and self._wait.since is not None:
                self._wait = _Wait(took=at - self._wait.since)
        elif isinstance(event, events.AgentDone):
            turn = TurnSeen(
                event.id,
                event.text,
                event.cut,
                event.first_frame,
                event.first_sentence,
                self._wait.took,
            )
            self.turns.append(turn)
            self._wait.took = None
        elif isinstance(event, events.CallerDone):
            self.said.append(event.text)
        elif isinstance(event, events.ToolCalled):
            self.tools.append(ToolSeen(event.id, event.name, event.arguments))
        elif isinstance(event, events.ToolReturned):
            self._tool_returned(event)
        else:
            self._incident(event)

    def _tool_returned(self, event: events.ToolReturned) -> None:
        for tool in self.tools:
            if tool.id == event.id:
                tool.content, tool.took = event.content, event.took
                tool.successful = event.successful

    def _incident(self, event: events.Event) -> None:
        """What was done to the call, or went wrong."""
        if isinstance(event, events.ActionDone):
            self.actions.append(event.action)
        elif isinstance(event, events.ActionLost):
            self.actions_lost.append(event.action)
        elif isinstance(event, events.Stale):
            self._stale(event)
        elif isinstance(event, events.Fault):
            self.faults.append(event.what)
        elif isinstance(event, events.Refused):
            self.refused.append(event.why)
        elif isinstance(event, events.Connected):
            self.sockets = event.attempt
        elif isinstance(event, events.Ended):
            self.ended = event.reason

    def heard(self) -> list[str]:
        """The agent's turns as they were heard, cut ones included."""
        return [turn.text for turn in self.turns if turn.text]

    @property
    def ok(self) -> bool:
        """True if nothing failed, the server kept to the protocol, and the caller was played."""
        return not self.failures and not self.faults and not self.model.unjudged

    def _stale(self, event: events.Stale) -> None:
        self.stale += 1
        if event.late is None:
            self.faults.append(
                f"content for response {event.id}, which was not asked for or is complete: "
                f"{event.content[:60]!r}"
            )
        elif event.late > STALE_GRACE_S:
            self.faults.append(
                f"content for response {event.id}, {event.late:.1f} s after it was superseded"
            )
