"""A turn of a recorded call, answered again with other instructions. Nothing is run.

`find_moment` plays the record to find what the model knew when it was asked: the conversation as
heard, and the results of tools. `SecondAnswer` gives a new session just that and asks once more.
Where the model calls a tool as it did in the call, it gets the result of that time; any other call
is shown and not executed, and the answer ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from app.core.agent.definition import Agent
from app.core.agent.session_config import text_session
from app.core.audio.call import AudioCall
from app.core.audio.frames import Codec
from app.core.audio.session import condense
from app.core.call import events
from app.core.call.cost import CostMeter, Prices
from app.core.call.events import Actions
from app.core.call.notes import Note, Usage
from app.core.call.state import CallState
from app.core.call.step_in import with_guidance
from app.core.realtime.history import History, Item
from app.core.realtime.responses import Finished, Request, Said
from app.core.realtime.session import Gone, ModelSession
from app.core.record.replay import Step, play
from app.core.text.answering import IN_WRITING
from app.core.text.call import TextCall
from app.core.tools.declarations import FunctionCall
from app.errors import ProtocolError
from app.protocol import realtime

#: Responses of one second answer: each but the last called tools whose results are recorded.
MOST_ROUNDS = 4
#: Connections that are tried.
MOST_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Recorded:
    """A tool call of the turn, and the result that the model was given."""

    name: str
    arguments: Any
    output: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What the model knew when it was asked for the answer of a turn.

    `items` is the conversation; `note` what it was told for this one answer, None for nothing;
    `state` the call's state of that time, with the agent it had; `tools` what the turn called.
    """

    turn: int
    channel: Literal["retell", "audio"]
    state: CallState
    items: tuple[Item, ...]
    note: str | None
    tools: tuple[Recorded, ...] = ()


def find_moment(
    entries: Iterable[dict[str, Any]], turn: int, codec: Callable[[], Codec] | None = None
) -> Moment | None:
    """What the model was first asked for that turn with; None where the record does not hold it.

    Raises `BadRequest` for what is no flight record.
    """
    finder = _Finder(turn)
    # Decisions are not compared: a record of another version is as good.
    play(entries, lambda _: None, codec=codec, watch=finder.watch)
    found = finder.moment
    return None if found is None else replace(found, tools=finder.tools())


class _Finder:
    """Watches a replay for the first request of a turn, and for the tools it led to."""

    def __init__(self, turn: int) -> None:
        self.moment: Moment | None = None
        self._turn = turn
        self._after: dict[str, Item] = {}
        self._wordless: list[Item] = []

    def watch(self, step: Step) -> None:
        call = step.call
        if not isinstance(call, TextCall | AudioCall):
            return
        turn, history = call.state.turn, call.model.conversation.history
        if self._wordless:
            self._fill_in(history)
        if turn is None or turn.response_id != self._turn:
            return
        items = history.items
        if self.moment is not None:
            self._after |= {f"{i.kind} {i.call_id}": replace(i) for i in items if i.call_id}
            return
        asked = call.model.responses.asked
        if asked is None or asked.key != turn.key:
            return
        self.moment = Moment(
            self._turn,
            "retell" if isinstance(call, TextCall) else "audio",
            replace(call.state),
            tuple(replace(item) for item in items if item.kind != "note"),
            asked.note,
        )
        self._wordless = [i for i in self.moment.items if i.kind == "user" and not i.text]

    def _fill_in(self, history: History) -> None:
        """The model heard the caller; what was said is written down a moment later."""
        for item in self._wordless:
            written = history.find(item.id)
            item.text = written.text if written is not None else item.text
        self._wordless = [item for item in self._wordless if not item.text]

    def tools(self) -> tuple[Recorded, ...]:
        """The calls of the turn whose result is known."""
        before = {item.call_id for item in self.moment.items} if self.moment else set()
        found = []
        for item in self._after.values():
            output = self._after.get(f"output {item.call_id}")
            if item.kind == "call" and output is not None and item.call_id not in before:
                found.append(Recorded(item.name, _arguments(item.text), output.text))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Called:
    """A tool that the second answer calls. `output` is the recorded result, None where the call
    was not made then, and so was not executed now."""

    name: str
    arguments: Any
    output: str | None


class SecondAnswer:
    """Asks a new session for the answer. `agent` brings instructions and tools; the rest is of the
    `moment`. Ends with `over`, which says how: *answered*, *not_run* (it calls what was not called
    in the call), or what went wrong."""

    def __init__(self, moment: Moment, agent: Agent, model: str, prices: Prices) -> None:
        self.text = ""
        self.called: list[Called] = []
        self.over = ""
        self.cost = CostMeter(model, prices)
        self._model = ModelSession(condense if moment.channel == "audio" else None)
        history = self._model.conversation.history
        for item in moment.items:
            history.append(item.kind, item.text, call_id=item.call_id, name=item.name)
        self._state = replace(moment.state, agent=agent)
        self._moment = moment
        self._left = list(moment.tools)
        self._rounds = 0

    def start(self, now: float) -> Actions:
        """Connect, and ask."""
        state = self._state
        session = text_session(state.agent, state.details, state.started_at, self._moment.channel)
        model = self._model
        actions = [*model.configure(with_guidance(session, state)), *model.open()]
        return actions + self._ask(self._moment.note, now)

    def _ask(self, note: str | None, now: float) -> Actions:
        self._rounds += 1
        request = Request(f"again.{self._rounds}", None, note, IN_WRITING)
        return self._model.request(request, now)

    def handle(self, event: events.Event, now: float) -> Actions:
        """What follows from an event of the session; nothing once it is over."""
        if self.over:
            return []
        if isinstance(event, events.ModelOpened):
            return self._model.opened(event.session, now)
        if isinstance(event, events.ModelLost):
            return self._lost(event, now)
        if isinstance(event, events.FromModel) and event.session == self._model.number:
            return self._from_model(event.raw, now)
        return []

    def close(self) -> Actions:
        """End the session."""
        return self._model.close()

    def _lost(self, event: events.ModelLost, now: float) -> Actions:
        actions, gone = self._model.lost(event.session, event.code, event.fatal, now)
        if gone is not None or self._model.connection.attempts >= MOST_ATTEMPTS:
            self.over = f"the model is away ({event.code})"
            return []
        return actions

    def _from_model(self, raw: bytes, now: float) -> Actions:
        try:
            actions, happening = self._model.handle(realtime.parse(raw), now)
        except ProtocolError:
            return []
        for note in actions:
            if isinstance(note, Usage):
                self.cost.response(note.usage)
        if isinstance(happening, Said):
            self.text += happening.text
        elif isinstance(happening, Gone):
            self.over = f"the model refuses ({happening.code})"
        elif isinstance(happening, Finished):
            actions += self._finished(happening, now)
        return [action for action in actions if not isinstance(action, Note)]

    def _finished(self, finished: Finished, now: float) -> Actions:
        if finished.status != "completed":
            self.over = f"the answer ended early ({finished.reason or finished.status})"
            return []
        if not finished.calls:
            self.over = "answered"
            return []
        actions: Actions = []
        for call in finished.calls:
            made = self._call(call)
            self.called.append(made)
            if made.output is not None:
                actions += self._model.append("output", made.output, call.call_id)
        if self._rounds >= MOST_ROUNDS or any(one.output is None for one in self.called):
            self.over = "not_run"
            return []
        self.text = f"{self.text.strip()} " if self.text.strip() else ""
        return actions + self._ask(None, now)

    def _call(self, call: FunctionCall) -> Called:
        """The call, with the result of the same call of that time if there was one."""
        arguments = _arguments(call.arguments)
        for one in self._left:
            if one.name == call.name and one.arguments == arguments:
                self._left.remove(one)
                return Called(call.name, arguments, one.output)
        return Called(call.name, arguments, None)


def _arguments(text: str) -> Any:
    """Arguments as the value they are; as they stand where they are no JSON."""
    try:
        return orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return text
