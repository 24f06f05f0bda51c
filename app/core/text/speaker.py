"""What leaves for Retell: pieces of speech, and the one end that each turn has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.call.ending import Ending
from app.core.call.events import Actions, SaveState, ToRetell
from app.core.call.state import CallState
from app.core.call.turns import Turn
from app.core.language.words import cut_after, is_prefix, words
from app.protocol import retell_llm
from app.protocol.retell_llm import NO_ACTION, CallAction, Utterance


@dataclass(slots=True)
class Speaker:
    """`last_sent` is what the agent has been saying since the caller last had the floor;
    `words_before` how many words of the agent's stood in the transcript before it."""

    state: CallState
    ending: Ending
    last_sent: str = ""
    words_before: int = 0
    interrupts: int = 0
    """Interjections so far; Retell tells them apart by their number."""

    def begin_speech(self, transcript: tuple[Utterance, ...]) -> None:
        """The caller had the floor: what is said from now on is a new speech."""
        self.last_sent, self.words_before = "", len(agent_words(transcript))

    def heard_of_last(self, transcript: tuple[Utterance, ...]) -> tuple[str, str | None]:
        """What of the agent's last speech was heard, and what not (None: it does not fit)."""
        heard = agent_words(transcript)[self.words_before :]
        if not is_prefix(heard, words(self.last_sent)):
            return "", None
        cut = cut_after(self.last_sent, len(heard))
        return self.last_sent[:cut], self.last_sent[cut:]

    def repeat(self, turn: Turn, text: str, now: float) -> Actions:
        """Say again what is part of the last speech already."""
        return [self._frame(turn, text, now)]

    def say(self, turn: Turn, text: str, now: float) -> Actions:
        """Say something new: it becomes part of what the agent has been saying."""
        self.last_sent += text
        return [self._frame(turn, text, now)]

    def say_gathered(self, turn: Turn, now: float, *, blank: bool = False) -> Actions:
        """Say what was gathered; with `blank`, so that other words can follow."""
        ready = turn.speech.flush()
        said = turn.speech.sent + ready
        if blank and said and not said.endswith(" "):
            ready += " "
        return self.say(turn, ready, now) if ready else []

    def complete(
        self,
        turn: Turn,
        now: float,
        how: str,
        text: str = "",
        *,
        action: CallAction = NO_ACTION,
    ) -> Actions:
        """Send the last of the turn. An action that is pending rides along."""
        text = turn.speech.flush() + text
        pending = self.ending.pending
        if pending is not None and action is NO_ACTION:
            text, action = f"{text} {pending.line}".strip(), pending.action()
        protected = action is not NO_ACTION and self.state.agent.turn_taking.protect_actions
        self.last_sent += text
        frame = self._frame(turn, text, now, complete=True, action=action, protected=protected)
        return [frame, self.state.end_turn(turn, how, now), SaveState()]

    def act(self, turn: Turn, now: float) -> Actions:
        """Send the pending action, on a frame that has content."""
        pending = self.ending.pending
        assert pending is not None, "only with an action pending"
        said = turn.speech.flush()
        line = f"{said.rstrip()} {pending.line}".strip() if said else pending.line
        if turn.speech.sent and not turn.speech.sent.endswith(" "):
            line = " " + line
        return self.complete(turn, now, pending.kind, line, action=pending.action())

    def interrupt(self, line: str) -> Actions:
        """Say `line` at once, cutting off whoever talks. An action that is pending rides along."""
        self.interrupts += 1
        self.last_sent = ""  # how much of it was heard is not known
        pending = self.ending.pending
        action = pending.action() if pending else NO_ACTION
        return [ToRetell(retell_llm.agent_interrupt(self.interrupts, line, action=action))]

    def _frame(
        self,
        turn: Turn,
        text: str,
        now: float,
        *,
        complete: bool = False,
        action: CallAction = NO_ACTION,
        protected: bool = False,
    ) -> ToRetell:
        turn.speech.left(text, now)
        if text:
            turn.wait.sign(now)
        return ToRetell(
            retell_llm.response(
                turn.response_id, text, complete, action=action, protected=protected
            )
        )

    def to_state(self) -> dict[str, Any]:
        """Members of the saved call."""
        return {
            "last_sent": self.last_sent,
            "words_before": self.words_before,
            "interrupts": self.interrupts,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `to_state` gave."""
        self.last_sent, self.words_before = state["last_sent"], state["words_before"]
        self.interrupts = state.get("interrupts", 0)


def agent_words(transcript: tuple[Utterance, ...]) -> tuple[str, ...]:
    """The words of the agent's that stand in a transcript."""
    return tuple(word for u in transcript if u.role == "agent" for word in words(u.content))
