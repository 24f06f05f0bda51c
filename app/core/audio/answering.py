"""How a turn of the caller's is answered in an audio call: by the model, or by a line of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.core.audio import tones
from app.core.audio.closing import Closing
from app.core.audio.continuity import Continuity
from app.core.audio.hearing.silence import Silence
from app.core.audio.session import SpokenItems
from app.core.audio.transcript import SpokenRecord
from app.core.audio.voice import AgentVoice
from app.core.call import notes, prompts, wishes
from app.core.call.ending import Ending
from app.core.call.events import Actions, SaveState
from app.core.call.ladder import RetryLadder, Step
from app.core.call.state import CallState
from app.core.call.tool_runner import ToolRunner
from app.core.call.turns import Turn
from app.core.call.waiting import Change, State
from app.core.realtime.responses import Finished, Request
from app.core.realtime.session import ModelSession


class Answering:
    """How turns begin, go on after faults, and end. Owns nothing but the ladder."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        items: SpokenItems,
        tools: ToolRunner,
        ending: Ending,
        closing: Closing,
        voice: AgentVoice,
        continuity: Continuity,
        silence: Silence,
        record: SpokenRecord,
    ) -> None:
        self.ladder = RetryLadder(state.agent)
        self._state = state
        self._model = model
        self._items = items
        self._tools = tools
        self._ending = ending
        self._closing = closing
        self._voice = voice
        self._continuity = continuity
        self._silence = silence
        self._record = record

    # Turns

    def begin_turn(self, now: float) -> tuple[Turn, Actions]:
        """A new turn; the one before it is over."""
        old, actions = self._state.open_turn, Actions()
        if old is not None:
            actions += self.end_turn(old, "superseded", now)
        number = 0 if self._state.turn is None else self._state.turn.response_id + 1
        turn = self._state.turn = Turn.begin(number, now)
        return turn, actions

    def end_turn(self, turn: Turn, how: str, now: float) -> Actions:
        """The turn is over."""
        return [self._state.end_turn(turn, how, now), SaveState()]

    def greet(self, now: float) -> Actions:
        """The first words of the call."""
        turn, actions = self.begin_turn(now)
        agent = self._state.agent
        greeting = agent.recording.announce(agent.lines.greeting)
        return actions + self.ask(turn, now, say=greeting or None)

    def caller_turn(self, now: float, note: str | None = None) -> Actions:
        """The caller has finished: answer them."""
        self._silence.broken(answered=True)
        actions = self._tools.drop_held()
        if self._voice.play.pending:
            actions += self.cut(now)
        turn, begun = self.begin_turn(now)
        turn.pause_ms = self._state.take_pause(now)
        actions += [*begun, SaveState()]
        if self._tools.calls.awaited:
            # What runs is told to the model together with what the caller said now.
            turn.wait.on(Change.RUN, now)
            return actions + self._model.withdraw(now)
        return actions + self.ask(turn, now, note=note)

    def farewell(self, line: str, now: float) -> Actions:
        """End the call after saying `line`."""
        self._ending.say_goodbye(line)
        self._closing.wait(now)
        turn, actions = self.begin_turn(now)
        return actions + self.ask(turn, now, say=line)

    def interject(self, line: str, now: float) -> Actions:
        """Say `line` now, whoever speaks. Where an end is pending the call ends after it."""
        actions = self.cut(now)
        if self._ending.pending is not None:
            self._closing.wait(now)
        turn, begun = self.begin_turn(now)
        return actions + begun + self.ask(turn, now, say=line)

    def interrupt(self, now: float) -> Actions:
        """The caller takes the floor from the agent."""
        state = self._state
        state.interruptions += 1
        state.interrupted_at = state.caller_spoke_at = now
        actions = self.cut(now)
        turn = state.open_turn
        if turn is not None and not turn.wait.for_tools:
            actions += self.end_turn(turn, "interrupted", now)
        return [*actions, SaveState()]

    def cut(self, now: float) -> Actions:
        """Stop the agent's speech for good: what was not heard must not have been said."""
        actions, heard = self._voice.silence(now)
        actions += self._model.withdraw(now)
        return actions + self._voice.settle(heard)

    # Asking the model

    def ask(
        self,
        turn: Turn,
        now: float,
        *,
        note: str | None = None,
        say: str | None = None,
        after: bool = False,
    ) -> Actions:
        """Ask the model to answer, or to say just `say`. With `after`, what it says now is let
        come to its end first."""
        if self._closing.ended:
            return []
        if self._model.connection.fatal:
            return self.give_up(self._model.connection.fatal, now)
        turn.wait.on(Change.ASK, now)
        return self._request(turn, now, note=note, say=say, after=after)

    def _request(
        self,
        turn: Turn,
        now: float,
        *,
        note: str | None = None,
        say: str | None = None,
        after: bool = False,
    ) -> Actions:
        actions = self._items.clear_notes()
        overrides: dict[str, Any] = {}
        if say is None:
            several = wishes.note_of(self._record.said_by_caller(), self._state.agent)
            told = [*self._tools.take_late(), *(text for text in (note, several) if text)]
        else:
            told, overrides = [prompts.verbatim(say)], {"tool_choice": "none"}
        request = Request(turn.new_key(), None, "\n".join(told) or None, overrides)
        if after:
            self._model.responses.wanted = request
            return actions + self._model.advance(now)
        return actions + self._model.request(request, now)

    def _ask_again(self, turn: Turn, now: float) -> Actions:
        """Request the answer again, or its remainder if part was spoken already. The wait goes
        on where it was."""
        if self._closing.ended:
            return []
        if self._model.connection.fatal:
            return self.give_up(self._model.connection.fatal, now)
        note = prompts.GO_ON if turn.wait.answering else None
        turn.wait.retry()
        return self._request(turn, now, note=note)

    def reopen(self, why: str) -> Actions:
        """Get another session; the present one is of no use any more."""
        actions = self._model.reopen(why)
        self._continuity.session_gone()
        return actions

    # What comes of it

    def finished(self, turn: Turn, finished: Finished, now: float) -> Actions:
        """The model's response is over, and calls no tools; its audio may play for a good while."""
        if turn.wait.for_tools:
            return []  # it was the holding line
        if finished.status in ("completed", "incomplete") and turn.wait.answering:
            turn.speech.flush()
            turn.wait.on(Change.WHOLE, now)
            return []
        if turn.speech.gathered.strip():
            # It answered in writing: have it say just that.
            text = turn.speech.flush().strip()
            return [notes.TextAnswer(len(text)), *self.ask(turn, now, say=text)]
        return self._again(turn, finished.reason or finished.status, now)

    def _again(self, turn: Turn, why: str, now: float) -> Actions:
        """A response failed: ask again, then on a new session, then give up."""
        note, attempt = self.ladder.failed(turn.wait, why)
        actions: Actions = [note]
        if attempt == "give_up":
            return actions + self.give_up(why, now)
        if attempt == "reopen":
            actions += self.reopen(why)
        return actions + self._ask_again(turn, now)

    def step(self, turn: Turn, step: Step, now: float) -> Actions:
        """The caller has waited too long: say something, or try something else."""
        if step in ("hold", "hold_tool"):
            return self._hold(turn, step, now)
        if step in ("retry", "stall"):
            turn.wait.retries += 1
            return [notes.ResponseStalled(step), *self._ask_again(turn, now)]
        if step == "reopen":
            return self.reopen("stalled") + self._ask_again(turn, now)
        if step == "repeat":
            return self.ask(turn, now, note=prompts.CUT_OFF)
        if step == "tool_late":
            return self._tools.give_up_waiting() + self.ask(turn, now, after=True)
        return self.give_up("no_answer", now)

    def _hold(self, turn: Turn, step: Step, now: float) -> Actions:
        """A holding line: a kept one, else the model's while a tool runs, else a sign of life."""
        turn.wait.sign(now)
        if self._voice.play.pending:
            return []
        own = self._tools.take_holding_line() if step == "hold_tool" else ""
        line = own or self.ladder.line(step)
        actions: Actions = [notes.HoldingLine(step)]
        can_speak = self._model.quiet and self._model.connection.ready
        if self._voice.lines.get(line) is None and step == "hold_tool" and can_speak:
            return actions + self._request(turn, now, say=line)
        _, played = self._voice.play_line(line, now, otherwise=tones.comfort())
        return actions + played

    def session_lost(self, *, unheard: bool, counts: bool, now: float) -> Actions:
        """The session went while an answer was wanted: from the next one its rest is. With
        `unheard`, the caller's words are heard again first, and their end makes a turn again."""
        turn, responses = self._state.open_turn, self._model.responses
        actions: Actions = []
        if unheard:
            responses.wanted = responses.asked = None
            if turn is None:
                turn, actions = self.begin_turn(now)
            if not turn.wait.for_tools:
                turn.wait.on(Change.REHEAR, now)
        if turn is None or turn.wait.for_tools or turn.wait.state is State.PLAYING:
            return actions
        if counts and self.ladder.lost(turn.wait):
            return actions + self.give_up("sessions_lost", now)
        if responses.wanted is not None and turn.wait.answering:
            responses.wanted = replace(responses.wanted, note=prompts.GO_ON)
        return actions

    def settled(self, now: float) -> Actions | None:
        """The model has finished or the phone has played all; None while the turn goes on."""
        turn = self._state.open_turn
        busy = self._voice.play.pending or self._model.responses.busy
        if busy or self._closing.ended:
            return None
        if turn is not None and turn.wait.state is not State.PLAYING:
            return None
        self._silence.begin(now)
        return [] if turn is None else self.end_turn(turn, "answered", now)

    def give_up(self, cause: str, now: float) -> Actions:
        """There is no answer: say so honestly, then do what the agent's file says."""
        pending = self._ending.pending
        if pending is not None:
            # The call was ending anyway; its last words may still be playing.
            return [] if self._voice.play.pending else self._closing.end(pending.line)
        turn, open_turn = self._state.turn, self._state.open_turn
        actions: Actions = [notes.GaveUp(turn.response_id if turn else 0, cause)]
        actions += self._model.withdraw(now)
        if open_turn is not None:
            actions += self.end_turn(open_turn, "gave_up", now)
        pending = self._ending.give_up(now)
        said, played = self._voice.play_line(pending.line, now)
        actions += played
        if not said:
            return actions + self._closing.end(pending.line)
        self._ending.pending = replace(pending, line="")
        self._closing.wait(now)
        return actions
