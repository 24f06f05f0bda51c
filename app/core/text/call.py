"""One call on Retell's custom-LLM socket: every event in, every decision out.

No I/O happens here. `TextCall.handle` takes one event and the time and returns the actions that
follow, so that a whole call can be played again from its flight record. What a turn says and does
is in `app.core.text.answering`; the model's session in `app.core.realtime.session`.
"""

from __future__ import annotations

from typing import Any

from app.core.agent.definition import Agent
from app.core.agent.session_config import text_session
from app.core.call import events
from app.core.call.events import Action, DropSocket, Note, SaveState, ToRetell
from app.core.call.turns import Turn, next_step
from app.core.realtime.connection import Gone
from app.core.realtime.session import Finished, Happening, Said
from app.core.text.answering import Answering
from app.errors import ProtocolError
from app.protocol import realtime, retell_llm
from app.protocol.retell_llm import CallDetails, PingPong, ResponseRequired, Update


class TextCall(Answering):
    """The decisions of one call. Times are Unix seconds, given by whoever owns the call."""

    def handle(self, event: events.Event, now: float) -> list[Action]:
        """The actions that follow from `event` at `now`, in order."""
        if isinstance(event, events.FromModel):
            self._from_model(event, now)
        elif isinstance(event, events.FromRetell):
            self._from_retell(event.raw, now)
        elif isinstance(event, events.Tick):
            self._tick(now)
        elif isinstance(event, events.ToolDone):
            self._tool_done(event, now)
        elif isinstance(event, events.ModelOpened):
            self.model.opened(event.session, now)
        elif isinstance(event, events.ModelLost):
            self._model_lost(event, now)
        elif isinstance(event, events.Drain):
            self.draining = True
        elif isinstance(event, events.BudgetSpent):
            self.time_up = True
        else:
            self._resume(now)
        if self.draining and not self.dropped and (self.turn is None or self.turn.complete):
            self.dropped = True
            self.out += [SaveState(), DropSocket()]
        actions = self.out[:]
        self.out.clear()
        return actions

    def start(self, now: float, *, greet: bool = True) -> list[Action]:
        """The call begins: configure Retell's side, greet, connect to the model.

        Without `greet` where another socket has greeted and nothing else is known of it; the
        transcript of Retell's next request tells what was heard.
        """
        self.started_at = now
        self.model.config = self._config()
        self._configure_retell()
        greeting = self.agent.lines.greeting if greet else ""
        self.out.append(ToRetell(retell_llm.response(0, greeting, True)))
        if greeting:
            self.model.history.append("assistant", greeting)
        self.last_sent = greeting
        self.model.open(now)
        self.out.append(SaveState())
        actions = self.out[:]
        self.out.clear()
        return actions

    def _configure_retell(self) -> None:
        self.out.append(ToRetell(retell_llm.config()))
        rules = self.agent.turn_taking
        settings = retell_llm.AgentConfig(
            rules.responsiveness,
            rules.interruption_sensitivity,
            rules.reminder_trigger_ms,
            rules.reminder_max_count,
        )
        if settings.members():
            self.out.append(ToRetell(retell_llm.update_agent(settings)))

    def _config(self) -> dict[str, Any]:
        return text_session(self.agent, self.details, self.started_at)

    def _resume(self, now: float) -> None:
        """A new socket for a call that goes on: no greeting, nothing forgotten."""
        self.dropped = False
        self._configure_retell()
        self.out.append(Note("resumed"))
        self.model.config = self._config()
        self.model.open(now)
        self.tools.resume(self.agent.turn_taking.tool_deadline_ms / 1000, self.out)
        if self.tools.held:
            self._run_tools(now)
        turn = self.turn
        if turn is not None and not turn.complete and not self.tools.awaited:
            # What Retell got of the answer is unknown; the newest request is answered whole.
            turn.sent = turn.gathered = ""
            turn.answering = False
            turn.wait("model", now)
            self._ask_model(turn, now, heard=turn.transcript)

    def _from_retell(self, raw: bytes, now: float) -> None:
        try:
            frame = retell_llm.parse(raw)
        except ProtocolError as error:
            self.out.append(Note("bad_frame", {"error": error.message}))
            return
        if isinstance(frame, Update):
            self._update(frame, now)
        elif isinstance(frame, PingPong):
            self.out.append(ToRetell(retell_llm.ping_pong(frame.timestamp)))
        elif isinstance(frame, ResponseRequired):
            self._request(frame, now)
        elif isinstance(frame, CallDetails):
            self.details = frame.call
            self.out.append(Note("call_details", frame.call))
            config = self._config()
            if config != self.model.config:
                self.model.config = config
                self.model.reconfigure()
        else:
            self.out.append(Note("unknown_frame", {"interaction_type": frame.interaction_type}))

    def _update(self, update: Update, now: float) -> None:
        self.transcript = update.transcript
        caller = next((u.content for u in reversed(update.transcript) if u.role == "user"), "")
        if update.turntaking == "user_turn" or caller != self.caller_last:
            self.caller_last = caller
            self._caller_speaks(now)

    def _request(self, frame: ResponseRequired, now: float) -> None:
        old = self.turn
        if old is not None and (
            frame.response_id < old.response_id
            or (frame.response_id == old.response_id and not old.complete)
        ):
            self.out.append(Note("stale_request", {"response_id": frame.response_id}))
            return
        self.transcript = frame.transcript
        turn = Turn(frame.response_id, now, frame.transcript, frame.reminder, waiting_since=now)
        self.turn = turn
        if old is not None and old.response_id == turn.response_id:
            # Asked again for what was answered: the answer did not arrive.
            self.last_sent = ""
        self.interrupted_at = None
        if self._interrupted(old, frame):
            self.interrupted_at = now
            self.interruptions += 1
            self.out.append(Note("barge_in", {"response_id": turn.response_id}))
        if old is not None and not old.complete:
            old.complete = True
            self._told(old, "superseded", now)
        self._note_heard(frame)
        self.out.append(SaveState())
        self._begin(turn, old, now)

    def _from_model(self, event: events.FromModel, now: float) -> None:
        # Every event has an id of its own, so equal bytes are one event delivered twice.
        if event.session != self.model.number or event.raw == self.last_event:
            return
        self.last_event = event.raw
        try:
            parsed = realtime.parse(event.raw)
        except ProtocolError as error:
            self.out.append(Note("bad_event", {"error": error.message}))
            return
        self._happened(self.model.handle(parsed, now), now)

    def _model_lost(self, event: events.ModelLost, now: float) -> None:
        turn = self.turn
        if (
            turn is not None
            and turn.answering
            and turn.waiting == "model"
            and event.session == self.model.number
        ):
            # What was said of the answer stays said; the next session is asked for its rest.
            self.model.wanted = self._rest_of(turn, now)
        self._happened(self.model.lost(event.session, event.code, event.fatal, now), now)

    def _happened(self, happening: Happening | None, now: float) -> None:
        if happening is None:
            return
        turn = self.turn
        if isinstance(happening, Said):
            if turn is not None and turn.key == happening.key and not turn.complete:
                self._said(turn, happening.text, now)
        elif isinstance(happening, Finished):
            if turn is not None and turn.key == happening.key and not turn.complete:
                self._finished(turn, happening, now)
        elif isinstance(happening, Gone) and turn is not None and not turn.complete:
            self._give_up(turn, now)

    def deadline(self) -> float | None:
        """When a `Tick` is due, if ever."""
        times = []
        if self.turn is not None:
            step = next_step(self.turn, self.agent.turn_taking)
            if step is not None:
                times.append(step[0])
            if self.turn.waiting == "commit" and not self.turn.complete:
                times.append(self._quiet_at())
        model = self.model.deadline()
        if model is not None:
            times.append(model)
        return min(times, default=None)

    def _tick(self, now: float) -> None:
        self.model.tick(now)
        turn = self.turn
        if turn is None or turn.complete:
            return
        if turn.waiting == "commit" and now >= self._quiet_at():
            self._run_tools(now)
        step = next_step(turn, self.agent.turn_taking)
        if step is not None and now >= step[0]:
            self._step(turn, step[1], now)

    def to_state(self) -> dict[str, Any]:
        """A JSON value from which `from_state` makes the same call."""
        return {
            "version": 1,
            "started_at": self.started_at,
            "details": self.details,
            "history": self.model.history.to_state(),
            "turn": self.turn.to_state() if self.turn else None,
            "tools": self.tools.to_state(),
            "pending": self.pending.to_state() if self.pending else None,
            "last_sent": self.last_sent,
            "words_before": self.words_before,
            "caller_last": self.caller_last,
            "interrupted_at": self.interrupted_at,
            "caller_spoke_at": self.caller_spoke_at,
            "session": self.model.number,
            "time_up": self.time_up,
            "spent_nano_usd": self.spent_nano_usd,
            "interruptions": self.interruptions,
            "turns": self.turns,
            "late": list(self.late),
        }

    @classmethod
    def from_state(cls, call_id: str, agent: Agent, state: dict[str, Any]) -> TextCall:
        """The call that `to_state` was given; its next event is `Resumed`."""
        call = cls(call_id, agent)
        call.restore(state)
        return call
