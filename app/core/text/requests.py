"""What a new request for speech means: an answer, the rest of one, an action again, or silence."""

from __future__ import annotations

from dataclasses import replace

from app.core.call import prompts, wishes
from app.core.call.ending import Ending
from app.core.call.events import Actions
from app.core.call.notes import Backchannel
from app.core.call.state import CallState
from app.core.call.tool_runner import ToolRunner
from app.core.call.turns import Turn
from app.core.call.waiting import Change, Wait
from app.core.language import backchannel
from app.core.language.words import words
from app.core.realtime.session import ModelSession
from app.core.text.answering import Answering
from app.core.text.speaker import Speaker
from app.protocol.retell_llm import ResponseRequired, Utterance

UNINTELLIGIBLE = "(unintelligible audio)"


class Requests:
    """How a turn begins. Owns nothing."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        tools: ToolRunner,
        ending: Ending,
        speaker: Speaker,
        answering: Answering,
    ) -> None:
        self._state = state
        self._model = model
        self._tools = tools
        self._ending = ending
        self._speaker = speaker
        self._answering = answering

    def interrupts(self, old: Turn | None, frame: ResponseRequired) -> bool:
        """Whether the caller cut the agent off with this request."""
        if frame.reminder or not caller_words(frame.transcript):
            return False
        _, rest = self._speaker.heard_of_last(frame.transcript)
        cut = rest is not None and bool(words(rest))
        return cut or (old is not None and not old.complete and bool(old.speech.sent.strip()))

    def begin(
        self, turn: Turn, old: Turn | None, waited: Wait | None, now: float, *, spent: bool
    ) -> Actions:
        """Decide how `turn` is answered. `waited` is where the turn before it was; `spent` says
        that the budget is."""
        caller = caller_words(turn.transcript)
        actions = self._tools.drop_held()
        note = None
        if spent and self._ending.pending is None:
            self._ending.say_goodbye(self._state.agent.lines.time_up)
            return actions + self._act(turn, now)
        if self._ending.pending is not None:
            answer = "again" if turn.reminder else self._ending.hear(caller)
            if answer == "again":
                return actions + self._act(turn, now)
            if answer == "taken_back":
                actions.append(self._ending.take_back())
                note = prompts.TAKEN_BACK
        rest = self._goes_on(turn, old, waited, caller, now)
        if rest is not None:
            return actions + rest
        self._speaker.begin_speech(turn.transcript)
        if turn.reminder:
            note = prompts.SILENT
        elif not words(caller.replace(UNINTELLIGIBLE, "")):
            if UNINTELLIGIBLE in caller:
                line = self._state.agent.lines.missed
                actions += self._model.withdraw(now)
                return actions + self._speaker.complete(turn, now, "missed", line)
            if not turn.transcript:
                note = prompts.NOTHING_YET
        said = (item.content for item in reversed(turn.transcript) if item.role == "user")
        note = note or wishes.note_of(said, self._state.agent)
        if self._tools.calls.awaited:
            # What runs is told to the model together with what the caller says now.
            turn.wait.on(Change.RUN, now)
            return actions + self._model.withdraw(now)
        return actions + self._answering.ask(turn, now, heard=turn.transcript, note=note)

    def _act(self, turn: Turn, now: float) -> Actions:
        return self._model.withdraw(now) + self._speaker.act(turn, now)

    def _goes_on(
        self, turn: Turn, old: Turn | None, waited: Wait | None, caller: str, now: float
    ) -> Actions | None:
        """After a mere "mm-hm" in the middle of an answer, the answer goes on; None otherwise."""
        speaker = self._speaker
        if old is None and not speaker.last_sent:
            return None
        heard, rest = speaker.heard_of_last(turn.transcript)
        unfinished = waited is not None and not waited.over
        if turn.reminder or rest is None or not (words(rest) or unfinished) or not heard:
            return None
        floor = backchannel.floor_after(heard)
        kind = backchannel.classify(caller, floor, self._state.agent.turn_taking)
        if kind not in (backchannel.Kind.BACKCHANNEL, backchannel.Kind.NOTHING) or not caller:
            return None
        actions: Actions = [Backchannel(response_id=turn.response_id)]
        self._state.interrupted_at = None
        if old is None or waited is None or waited.over:
            actions += speaker.repeat(turn, rest, now)
            return actions + speaker.complete(turn, now, "went_on")
        turn.key, turn.requests = old.key, old.requests
        turn.tool_rounds, turn.tools = old.tool_rounds, old.tools
        turn.wait = replace(waited, since=now, quiet_since=now, steps=0)
        if rest:
            actions += speaker.repeat(turn, rest, now)
        # Text that was gathered but not sent follows as if nothing had happened.
        turn.speech.gathered = old.speech.gathered
        return actions


def caller_words(transcript: tuple[Utterance, ...]) -> str:
    """What the caller said last, all entries of it."""
    said: list[str] = []
    for utterance in reversed(transcript):
        if utterance.role == "user":
            said.append(utterance.content.strip())
        elif said and utterance.content.strip():
            break
    return " ".join(reversed(said)).strip()
