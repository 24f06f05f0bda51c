"""One call on Retell's custom-LLM socket: every event in, every decision out.

No I/O happens here. `TextCall` is made of parts that own what they decide about and return actions:
`Requests` (how a turn begins), `Answering` (how the model answers it), `TextTools`, `Speaker` (what
leaves), and the parts all channels share. It routes, so that a whole call can be played again from
its flight record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.core.agent.definition import Agent
from app.core.agent.session_config import text_session
from app.core.call import events, step_in
from app.core.call.ending import Ending
from app.core.call.events import Actions, DropSocket, SaveState, ToRetell
from app.core.call.notes import (
    BadEvent,
    BadFrame,
    BargeIn,
    CallDetailsGiven,
    CallResumed,
    Heard,
    StaleRequest,
    UnknownFrame,
    Usage,
)
from app.core.call.setup import Setup
from app.core.call.state import CallState
from app.core.call.step_in import with_guidance
from app.core.call.tool_runner import ToolRunner
from app.core.call.turns import Turn
from app.core.call.waiting import State
from app.core.realtime.history import History
from app.core.realtime.responses import Finished, Said
from app.core.realtime.session import Gone, Happening, ModelSession
from app.core.text.answering import Answering
from app.core.text.requests import Requests
from app.core.text.speaker import Speaker
from app.core.text.tools import TextTools
from app.errors import ProtocolError
from app.protocol import realtime, retell_llm
from app.protocol.retell_llm import CallDetails, PingPong, ResponseRequired, Update, Utterance


class TextCall:
    """The decisions of one call. Times are Unix seconds, given by whoever owns the call."""

    def __init__(self, setup: Setup) -> None:
        agent = setup.agent
        self.state = CallState(agent, setup.details)
        self.model = ModelSession()
        self.cost = setup.meter()
        self.tools = ToolRunner(setup.call_id, agent, self.model)
        self.ending = Ending(agent)
        self.speaker = Speaker(self.state, self.ending)
        shared = (self.state, self.model, self.tools, self.ending, self.speaker)
        self.answering = Answering(*shared)
        self.requests = Requests(*shared, self.answering)
        self.text_tools = TextTools(*shared, self.answering)
        self.transcript: tuple[Utterance, ...] = ()
        """The newest transcript that Retell sent."""
        self._greet = setup.greet
        self._caller_last = ""
        self._last_event = b""

    @property
    def agent(self) -> Agent:
        """Who answers."""
        return self.state.agent

    @property
    def dropped(self) -> bool:
        """Whether Retell's connection was dropped so that the call goes on elsewhere."""
        return self.state.dropped

    @property
    def began_at(self) -> float:
        """When it began (Unix seconds); 0 before that."""
        return self.state.started_at

    @property
    def awaits_words(self) -> bool:
        """Never: Retell sends the words with the request."""
        return False

    def start(self, now: float) -> Actions:
        """The call begins: configure Retell's side, greet, connect to the model.

        Where another socket has greeted, the transcript of Retell's next request tells what was
        heard.
        """
        self.state.started_at = now
        greeting = self.agent.lines.greeting if self._greet else ""
        actions = self._configure()
        actions.append(ToRetell(retell_llm.response(0, greeting, True)))
        if greeting:
            self.model.append("assistant", greeting)
        self.speaker.last_sent = greeting
        return [*actions, *self.model.open(), SaveState()]

    def resume(self, state: dict[str, Any], now: float) -> Actions:
        """A new socket for a call that goes on: no greeting, nothing forgotten."""
        self._restore(state)
        actions = [*self._configure(), CallResumed(), *self.model.open(), *self.tools.resume()]
        if self.tools.calls.held:
            actions += self.text_tools.run(now)
        turn = self.state.open_turn
        if turn is not None and not self.tools.calls.awaited:
            # What Retell got of the answer is unknown; the newest request is answered whole.
            turn.speech.sent = turn.speech.gathered = ""
            actions += self.answering.ask(turn, now, heard=turn.transcript)
        return self._leave_if_done(actions) if self.state.draining else actions

    def _configure(self) -> Actions:
        """Both sides are told how this call is to be held."""
        rules = self.agent.turn_taking
        settings = retell_llm.AgentConfig(
            rules.responsiveness,
            rules.interruption_sensitivity,
            rules.reminder_trigger_ms,
            rules.reminder_max_count,
        )
        actions: Actions = [ToRetell(retell_llm.config())]
        if settings.members():
            actions.append(ToRetell(retell_llm.update_agent(settings)))
        return actions + self.model.configure(self._session())

    def _session(self) -> dict[str, Any]:
        state = self.state
        return with_guidance(text_session(self.agent, state.details, state.started_at), state)

    def handle(self, event: events.Event, now: float) -> Actions:
        """The actions that follow from `event` at `now`, in order."""
        # Nearly all events are deltas of the model's answer.
        if isinstance(event, events.FromModel):
            actions = self._from_model(event, now)
        else:
            actions = self._decide(event, now)
        return self._leave_if_done(actions) if self.state.draining else actions

    def _decide(self, event: events.Event, now: float) -> Actions:
        if isinstance(event, events.FromRetell):
            return self._from_retell(event.raw, now)
        if isinstance(event, events.Tick):
            return self._tick(now)
        if isinstance(event, events.ToolDone):
            return self.text_tools.answered(event, now)
        if isinstance(event, events.ModelOpened):
            return self.model.opened(event.session, now)
        if isinstance(event, events.ModelLost):
            return self._model_lost(event, now)
        if isinstance(event, events.StepIn):
            return self._stepped_in(event, now)
        if isinstance(event, events.Drain):
            self.state.draining = True
        return []

    def _leave_if_done(self, actions: Actions) -> Actions:
        """The process leaves: it drops the connection once nothing is being said."""
        state = self.state
        if not state.dropped and state.open_turn is None:
            state.dropped = True
            actions = [*actions, SaveState(), DropSocket()]
        return actions

    # Retell

    def _from_retell(self, raw: bytes, now: float) -> Actions:
        try:
            frame = retell_llm.parse(raw)
        except ProtocolError as error:
            return [BadFrame(error.message)]
        if isinstance(frame, Update):
            self._update(frame, now)
            return []
        if isinstance(frame, PingPong):
            return [ToRetell(retell_llm.ping_pong(frame.timestamp))]
        if isinstance(frame, ResponseRequired):
            return self._request(frame, now)
        if isinstance(frame, CallDetails):
            return self._details(frame)
        return [UnknownFrame(frame.interaction_type)]

    def _details(self, frame: CallDetails) -> Actions:
        self.state.details = frame.call
        actions: Actions = [CallDetailsGiven(frame.call)]
        config = self._session()
        return actions if config == self.model.config else actions + self.model.configure(config)

    def _update(self, update: Update, now: float) -> None:
        self.transcript = update.transcript
        caller = next((u.content for u in reversed(update.transcript) if u.role == "user"), "")
        if update.turntaking == "user_turn" or caller != self._caller_last:
            # The caller makes words: what is held stays held.
            self._caller_last, self.state.caller_spoke_at = caller, now
            self.state.caller_stopped_at = now

    def _request(self, frame: ResponseRequired, now: float) -> Actions:
        state, old = self.state, self.state.turn
        if old is not None and (
            frame.response_id < old.response_id
            or (frame.response_id == old.response_id and not old.complete)
        ):
            return [StaleRequest(frame.response_id)]
        self.transcript = frame.transcript
        turn = Turn.begin(frame.response_id, now, frame.transcript, reminder=frame.reminder)
        turn.pause_ms = state.take_pause(now)
        state.turn = turn
        if old is not None and old.response_id == turn.response_id:
            # Asked again for what was answered: the answer did not arrive.
            self.speaker.last_sent = ""
        actions: Actions = []
        state.interrupted_at = None
        if self.requests.interrupts(old, frame):
            state.interrupted_at = now
            state.interruptions += 1
            actions.append(BargeIn(response_id=turn.response_id))
        waited = None if old is None else replace(old.wait)
        if old is not None and not old.complete:
            actions.append(state.end_turn(old, "superseded", now))
        heard = [[u.role, u.content] for u in frame.transcript]
        actions += [Heard(heard, frame.response_id), SaveState()]
        return actions + self.requests.begin(turn, old, waited, now, spent=self.cost.spent)

    # The console

    def _stepped_in(self, event: events.StepIn, now: float) -> Actions:
        noted: Actions = [step_in.noted(event)]
        if step_in.guide(self.state, event):
            return [*noted, SaveState(), *self.model.configure(self._session())]
        return noted + self.answering.interject(step_in.begin(self.ending, event), now)

    # The model

    def _from_model(self, event: events.FromModel, now: float) -> Actions:
        # Every event has an id of its own, so equal bytes are one event delivered twice.
        if event.session != self.model.number or event.raw == self._last_event:
            return []
        self._last_event = event.raw
        try:
            parsed = realtime.parse(event.raw)
        except ProtocolError as error:
            return [BadEvent(error.message)]
        actions, happening = self.model.handle(parsed, now)
        if actions and isinstance(actions[0], Usage):
            actions = [actions[0], *self.cost.count(actions[0].usage), *actions[1:]]
        return actions if happening is None else actions + self._happened(happening, now)

    def _model_lost(self, event: events.ModelLost, now: float) -> Actions:
        turn, actions = self.state.open_turn, Actions()
        serving = event.session == self.model.number and self.model.connection.ready
        if serving and not event.fatal and turn is not None and turn.wait.for_model:
            actions += self.answering.session_lost(turn, now)
        more, gone = self.model.lost(event.session, event.code, event.fatal, now)
        actions += more
        return actions if gone is None else actions + self._happened(gone, now)

    def _happened(self, happening: Happening, now: float) -> Actions:
        turn = self.state.open_turn
        if turn is None:
            return []
        if isinstance(happening, Said):
            if turn.key != happening.key:
                return []
            return self.answering.said(turn, happening.text, now)
        if isinstance(happening, Gone):
            return self.answering.give_up(turn, happening.code, now)
        return self._finished(turn, happening, now) if turn.key == happening.key else []

    def _finished(self, turn: Turn, finished: Finished, now: float) -> Actions:
        if finished.status == "completed" and finished.calls:
            return self.text_tools.begin(turn, finished.calls, now)
        return self.answering.finished(turn, finished, now)

    # Time

    def deadline(self) -> float | None:
        """When a `Tick` is due, if ever."""
        at = self.model.deadline()
        turn = self.state.open_turn
        if turn is None:
            return at
        step = self.answering.ladder.next_step(turn.wait)
        if step is not None and (at is None or step[0] < at):
            at = step[0]
        if turn.wait.state is State.COOLDOWN:
            cooled_down_at = self.state.cooled_down_at()
            at = cooled_down_at if at is None else min(at, cooled_down_at)
        return at

    def _tick(self, now: float) -> Actions:
        actions = self.model.tick(now)
        turn = self.state.open_turn
        if turn is None:
            return actions
        if turn.wait.state is State.COOLDOWN and now >= self.state.cooled_down_at():
            actions += self.text_tools.run(now)
        step = self.answering.ladder.due(turn.wait, now)
        return actions if step is None else actions + self.answering.step(turn, step, now)

    # What is kept

    def summary(self) -> dict[str, Any]:
        """Fields of the call's record."""
        pending = self.ending.pending
        return {**self.state.summary(), "pending_action": pending.kind if pending else ""}

    def to_state(self) -> dict[str, Any]:
        """A JSON value to `resume` from. Version 1 is read by older processes too."""
        return {
            "version": 1,
            **self.state.to_state(),
            **self.tools.to_state(),
            **self.speaker.to_state(),
            "history": self.model.conversation.history.to_state(),
            "session": self.model.number,
            "pending": self.ending.to_state(),
            "caller_last": self._caller_last,
            "time_up": self.cost.spent,
            "spent_nano_usd": self.cost.nano,
            "cost": self.cost.to_state(),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.state.restore(state)
        self.model.conversation.history = History.from_state(state["history"])
        self.model.connection.number = state["session"]
        self.tools.restore(state)
        self.ending.restore(state["pending"])
        self.speaker.restore(state)
        self._caller_last = state["caller_last"]
        if "cost" in state:
            self.cost.restore(state["cost"])
        else:
            self.cost.restore_sum(state["spent_nano_usd"], spent=state["time_up"])
