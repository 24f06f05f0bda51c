"""How a turn of the caller's is answered in an audio call: by the model, or by a line of ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.core.audio import tones
from app.core.audio.output import AudioPlayed
from app.core.audio.prerecorded import apology, verbatim
from app.core.call.events import EndCall, SaveState
from app.core.call.pending_action import PendingAction
from app.core.call.tool_calls import error_output
from app.core.call.turns import Step, Turn
from app.core.realtime.connection import Gone
from app.core.realtime.session import Finished, Happening, Request, Said

#: The longest wait for the last words of a call before it ends without them.
ENDING_S = 20.0
GO_ON = "[A fault cut your answer off. Go on exactly where it ended, without repeating anything.]"
SILENT = "[The caller has said nothing for a while. Ask briefly whether they are still there.]"
_SUPERSEDED = "The caller went on speaking, so this was not done. Listen to what they say now."


class AudioAnswers(AudioPlayed):
    """How turns begin, go on after faults, and end; and how the call ends."""

    def _begin_turn(self, now: float) -> Turn:
        """A new turn; the one before it is over."""
        old = self.turn
        if old is not None and not old.complete:
            self._told(old, "superseded", now)
        number = 0 if old is None else old.response_id + 1
        turn = self.turn = Turn(number, now, waiting_since=now)
        return turn

    def _greet(self, now: float) -> None:
        """The first words of the call."""
        turn = self._begin_turn(now)
        greeting = self.agent.lines.greeting
        self._ask(turn, now, say=greeting or None)

    def _caller_turn(self, now: float, note: str | None = None) -> None:
        """The caller has finished: answer them."""
        self.idle_prompts, self.quiet_since = 0, None
        for tool in self.tools.drop_held(self.out):
            self.model.append("output", error_output(_SUPERSEDED), tool.call_id)
        if self.play.pending:
            self._cut(now)
        turn = self._begin_turn(now)
        self.out.append(SaveState())
        if self.tools.awaited:
            # What runs is told to the model together with what the caller said now.
            self.model.withdraw(now)
            turn.wait("tool", now)
            return
        self._ask(turn, now, note=note)

    def _ask(
        self,
        turn: Turn,
        now: float,
        *,
        note: str | None = None,
        say: str | None = None,
        after: bool = False,
    ) -> None:
        """Ask the model to answer, or to say just `say`. With `after`, what it says now is let
        come to its end first."""
        if self.ended:
            return
        if self.model.fatal:
            self._give_up(now)
            return
        self.model.clear_notes()
        notes = [*self.late, *([note] if note else [])]
        overrides: dict[str, Any] = {}
        if say is not None:
            notes = [verbatim(say)]
            overrides = {"tool_choice": "none"}
        else:
            self.late.clear()
        turn.wait("model", now)
        turn.answering = False
        request = Request(turn.new_key(), None, "\n".join(notes) or None, overrides)
        if after:
            self.model.wanted = request
            self.model.advance(now)
        else:
            self.model.request(request, now)

    def _happened(self, happening: Happening | None, now: float) -> None:
        turn = self.turn
        if isinstance(happening, Gone):
            self._give_up(now)
        elif happening is None or turn is None or turn.complete or turn.key != happening.key:
            return
        elif isinstance(happening, Said):
            turn.gathered += happening.text
        elif isinstance(happening, Finished):
            self._finished(turn, happening, now)

    def _finished(self, turn: Turn, finished: Finished, now: float) -> None:
        """The model's response is over; its audio may play for a good while yet."""
        if turn.waiting in ("tool", "commit"):
            return  # it was the holding line
        if finished.status == "completed" and finished.calls:
            self._tool_calls(turn, finished.calls, now)
        elif finished.status in ("completed", "incomplete") and turn.answering:
            turn.gathered = ""
            turn.wait("nothing", now)
            self._settle_turn(now)
        elif turn.gathered.strip():
            # It answered in writing: have it say just that.
            text, turn.gathered = turn.gathered.strip(), ""
            self._note("text_answer", chars=len(text))
            self._ask(turn, now, say=text)
        else:
            self._again(turn, finished.reason or finished.status, now)

    def _tool_calls(self, turn: Turn, calls: Any, now: float) -> None:
        raise NotImplementedError

    def _again(self, turn: Turn, why: str, now: float) -> None:
        """A response failed: ask again, then on a new session, then give up."""
        self._note("response_failed", why=why, retries=turn.retries)
        turn.retries += 1
        if turn.retries > 2:
            self._give_up(now)
            return
        if turn.retries == 2:
            self.model.reopen(why, now)
            self._session_gone(now)
        since, steps = turn.waiting_since, turn.steps
        spoke = turn.answering
        self._ask(turn, now, note=GO_ON if spoke else None)
        if not turn.complete:
            turn.waiting_since, turn.steps = since, steps

    def _step(self, turn: Turn, step: Step, now: float) -> None:
        """The caller has waited too long: say something, or try something else."""
        turn.steps += 1
        if step in ("hold", "hold_tool"):
            self._hold(turn, step, now)
        elif step in ("retry", "stall"):
            self._note("response_stalled", step=step)
            self._again(turn, "stalled", now)
        elif step == "reopen":
            self._again_on_new_session(turn, now)
        elif step == "tool_late":
            for call_id, output in self.tools.overdue():
                self.model.append("output", output, call_id)
            self._ask(turn, now, after=True)
        else:
            self._give_up(now)

    def _again_on_new_session(self, turn: Turn, now: float) -> None:
        since, steps = turn.waiting_since, turn.steps
        self.model.reopen("stalled", now)
        self._session_gone(now)
        turn.retries = 2
        self._ask(turn, now, note=GO_ON if turn.answering else None)
        turn.waiting_since, turn.steps = since, steps

    def _hold(self, turn: Turn, step: Step, now: float) -> None:
        """A holding line: a kept one, else the model's while a tool runs, else a sign of life."""
        if self.play.pending:
            return
        lines = self.agent.lines
        choice = lines.holding if step == "hold" else lines.slow_tool
        line = choice[self.line_count % len(choice)]
        self._note("holding_line", why=step)
        known = self.lines.get(line) is not None
        if not known and step == "hold_tool" and self.model.quiet and self.model.link == "ready":
            waiting, since, steps = turn.waiting, turn.waiting_since, turn.steps
            self._ask(turn, now, say=line)
            turn.wait(waiting, since, steps)
        else:
            self._play_line(line, now, otherwise=tones.comfort())

    def _session_gone(self, now: float) -> None:
        """The session the call had is no more: what it was still to say will not come."""
        self.lines.reset()
        self.play.end_all()

    def _settle_turn(self, now: float) -> None:
        """Called when the model has finished or the phone has played all: is the turn over?"""
        turn = self.turn
        busy = self.play.pending or not self.model.gate.free or self.model.wanted is not None
        if busy or self.ended or (turn is not None and turn.waiting not in ("nothing",)):
            return
        if turn is not None and not turn.complete:
            self._told(turn, "answered", now)
        if self.quiet_since is None:
            self.quiet_since = now
        self._agent_silent(now)

    def _agent_silent(self, now: float) -> None:
        """All that the agent had to say was heard."""
        raise NotImplementedError

    def _give_up(self, now: float) -> None:
        """There is no model: say so honestly, and hand the caller over as the agent's file says."""
        if self.pending is not None:
            # The call was ending anyway; its last words may still be playing.
            if not self.play.pending:
                self._end(now, say=self.pending.line)
            return
        turn = self.turn
        self._note("gave_up", response_id=turn.response_id if turn else 0)
        self.model.withdraw(now)
        if turn is not None and not turn.complete:
            self._told(turn, "gave_up", now)
        line, number = apology(self.agent), self.agent.transfer_number
        if self.agent.turn_taking.fallback == "transfer" and number:
            self.pending = PendingAction("transfer", line, number)
        else:
            self.pending = PendingAction("end", line)
        if self._play_line(line, now):
            self.pending = replace(self.pending, line="")
            self.ending_by = now + ENDING_S
        else:
            self._end(now, say=line)

    def _end(self, now: float, say: str = "") -> None:
        """Do what is pending: hang up or hand over."""
        pending, self.pending = self.pending, None
        if self.ended:
            return
        self.ended, self.ending_by = True, None
        end = EndCall("end", "", say)
        if pending is not None and pending.kind == "transfer":
            end = EndCall("transfer", pending.target, say)
        self.ending = {"kind": end.kind, "number": end.number, "say": end.say}
        self._note("ending", how=end.kind)
        self._note_heard()
        self.out += [SaveState(), end]
        self.model.close()
