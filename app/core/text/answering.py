"""How a turn is answered by the model: asked, waited for, asked again, given up."""

from __future__ import annotations

from typing import Any

from app.core.call import prompts
from app.core.call.ending import Ending
from app.core.call.events import Actions, SaveState
from app.core.call.ladder import Attempt, RetryLadder, Step
from app.core.call.notes import GaveUp, HoldingLine, ResponseIncomplete, ResponseStalled
from app.core.call.state import CallState
from app.core.call.tool_runner import ToolRunner
from app.core.call.turns import Turn
from app.core.call.waiting import Change
from app.core.language.words import sentence_end
from app.core.realtime.responses import Finished, Request
from app.core.realtime.session import ModelSession
from app.core.text.speaker import Speaker
from app.protocol.retell_llm import Utterance

#: Asked for with each response too: some servers speak whatever the session is set to.
IN_WRITING: dict[str, Any] = {"output_modalities": ["text"]}


class Answering:
    """The way from a turn to its answer. Owns nothing but the ladder."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        tools: ToolRunner,
        ending: Ending,
        speaker: Speaker,
    ) -> None:
        self.ladder = RetryLadder(state.agent)
        self._state = state
        self._model = model
        self._tools = tools
        self._ending = ending
        self._speaker = speaker

    def ask(
        self,
        turn: Turn,
        now: float,
        *,
        heard: tuple[Utterance, ...] | None = None,
        note: str | None = None,
    ) -> Actions:
        """Ask for the model's answer. The caller starts waiting for it."""
        fatal = self._model.connection.fatal
        if fatal:
            return self.give_up(turn, fatal, now)
        notes = [*self._tools.take_late(), *([note] if note else [])]
        turn.wait.on(Change.ASK, now)
        request = Request(turn.new_key(), heard, "\n".join(notes) or None, IN_WRITING)
        return self._model.request(request, now)

    def said(self, turn: Turn, text: str, now: float) -> Actions:
        """A piece of the model's answer."""
        turn.wait.words(now)
        ready = turn.speech.gather(text)
        return self._speaker.say(turn, ready, now) if ready else []

    def finished(self, turn: Turn, finished: Finished, now: float) -> Actions:
        """The model's response is over, and calls no tools."""
        if finished.status == "completed":
            if turn.wait.answering:
                return self._speaker.complete(turn, now, "answered")
            return self._again(turn, "empty", now)
        if finished.status == "incomplete":
            return self._cut_short(turn, finished.reason or "unknown", now)
        return self._again(turn, finished.reason or finished.status, now)

    def session_lost(self, turn: Turn, now: float) -> Actions:
        """The session goes while the turn waits for the model: what was said of the answer stays
        said, and the next session is asked for its rest."""
        if self.ladder.lost(turn.wait):
            return self.give_up(turn, "sessions_lost", now)
        if not turn.wait.answering:
            return []
        actions, self._model.responses.wanted = self._rest_of(turn, now)
        return actions

    def _again(self, turn: Turn, why: str, now: float) -> Actions:
        """A response failed."""
        note, attempt = self.ladder.failed(turn.wait, why)
        return [note, *self._try(turn, attempt, why, now)]

    def _try(self, turn: Turn, attempt: Attempt, why: str, now: float) -> Actions:
        if attempt == "give_up":
            return self.give_up(turn, why, now)
        actions = self._model.reopen(why) if attempt == "reopen" else []
        return actions + self._ask_again(turn, now)

    def _ask_again(self, turn: Turn, now: float) -> Actions:
        """Request the answer again, or its rest where a part was spoken already."""
        fatal = self._model.connection.fatal
        if fatal:
            return self.give_up(turn, fatal, now)
        actions, request = self._rest_of(turn, now)
        return actions + self._model.request(request, now)

    def _rest_of(self, turn: Turn, now: float) -> tuple[Actions, Request]:
        """A request for what of the answer is still to be said."""
        actions = self._speaker.say_gathered(turn, now)
        answering = turn.wait.answering
        if answering and not turn.speech.sent.endswith(" "):
            turn.speech.gathered = " "
        note = prompts.GO_ON if answering else None
        return actions, Request(turn.new_key(), turn.heard(), note, IN_WRITING)

    def _cut_short(self, turn: Turn, reason: str, now: float) -> Actions:
        """The answer ended before its end: bring it to a complete sentence."""
        actions: Actions = [ResponseIncomplete(reason)]
        speech, filtered = turn.speech, " " + self._state.agent.lines.filtered
        if reason == "content_filter":
            speech.flush()
            return actions + self._speaker.complete(turn, now, "filtered", filtered)
        text = speech.sent + speech.gathered
        end = sentence_end(text)
        if end == len(text.rstrip()) and end:
            return actions + self._speaker.complete(turn, now, "answered")
        if end > len(speech.sent):
            speech.gathered = speech.gathered[: end - len(speech.sent)]
            return actions + self._speaker.complete(turn, now, "answered")
        if turn.continued:
            return actions + self._speaker.complete(turn, now, "cut_short", filtered)
        turn.continued = True
        return actions + self._ask_again(turn, now)

    def step(self, turn: Turn, step: Step, now: float) -> Actions:
        """The caller has waited too long: say something, or try something else."""
        if step in ("hold", "hold_tool"):
            return self._hold(turn, step, now)
        if step in ("retry", "stall"):
            turn.wait.retries += 1
            return [ResponseStalled(step), *self._ask_again(turn, now)]
        if step == "reopen":
            return self._model.reopen("stalled") + self._ask_again(turn, now)
        if step == "tool_late":
            return self._tools.give_up_waiting() + self.ask(turn, now)
        return self.give_up(turn, "no_answer", now)

    def _hold(self, turn: Turn, step: Step, now: float) -> Actions:
        """Say a holding line. It ends in a blank: more will follow."""
        actions: Actions = [HoldingLine(step)]
        own = self._tools.take_holding_line() if step == "hold_tool" else ""
        line = own or self.ladder.line(step)
        actions += self._speaker.say_gathered(turn, now, blank=True)
        blank = "" if turn.speech.sent[-1:] in ("", " ") else " "
        actions += self._speaker.say(turn, f"{blank}{line} ", now)
        if step == "hold_tool":
            actions += self._model.append("assistant", line)
        return actions

    def interject(self, line: str, now: float) -> Actions:
        """Say `line` now, whoever speaks: what was being answered is not answered any more."""
        turn, actions = self._state.open_turn, Actions()
        if turn is not None:
            actions += [*self._model.withdraw(now), self._state.end_turn(turn, "stepped_in", now)]
        actions += self._speaker.interrupt(line)
        return [*actions, *self._model.append("assistant", line), SaveState()]

    def give_up(self, turn: Turn, cause: str, now: float) -> Actions:
        """There is no answer: say so honestly, then do what the agent's file says."""
        actions = [*self._model.withdraw(now), GaveUp(turn.response_id, cause)]
        self._ending.give_up(now)
        speech = turn.speech
        speech.gathered = speech.gathered[: sentence_end(speech.gathered)]
        return actions + self._speaker.act(turn, now)
