"""How a request for speech is answered: by the model, by a line of the agent's, or by silence."""

from __future__ import annotations

from app.core.call.events import Note
from app.core.call.pending_action import PendingAction, after_words
from app.core.call.tool_calls import error_output
from app.core.call.turns import Step, Turn
from app.core.language import backchannel
from app.core.language.words import cut_after, is_prefix, sentence_end, words
from app.core.realtime.session import Finished, Request
from app.core.text.tools import ToolTurns
from app.protocol.retell_llm import ResponseRequired, Utterance

UNINTELLIGIBLE = "(unintelligible audio)"

_SILENT = "[The caller has said nothing for a while. Ask briefly whether they are still there.]"
_NOTHING_YET = "[The call has begun and the caller has not said anything yet.]"
_GO_ON = "[A fault cut your answer off. Go on exactly where it ended, without repeating anything.]"
_TAKEN_BACK = "[The caller spoke before the call was ended or transferred: it did not happen.]"
_SUPERSEDED = "The caller went on speaking, so this was not done. Listen to what they say now."


class Answering(ToolTurns):
    """How a turn begins, goes on after a fault or a backchannel, and what waiting leads to."""

    def _begin(self, turn: Turn, old: Turn | None, now: float) -> None:
        """Decide how `turn` is answered."""
        caller = _caller_words(turn.transcript)
        for tool in self.tools.drop_held(self.out):
            self.model.append("output", error_output(_SUPERSEDED), tool.call_id)
        note = None
        if self.time_up and self.pending is None:
            self.pending = PendingAction("end", self.agent.lines.time_up)
            self.model.withdraw(now)
            self._act(turn, now)
            return
        if self.pending is not None:
            answer = "again" if turn.reminder else after_words(self.pending, caller, self.agent)
            if answer == "again":
                self.model.withdraw(now)
                self._act(turn, now)
                return
            if answer == "taken_back":
                self.out.append(Note("action_taken_back", {"kind": self.pending.kind}))
                self.pending, note = None, _TAKEN_BACK
        if self._goes_on(turn, old, caller, now):
            return
        self.last_sent, self.words_before = "", len(_agent_words(turn.transcript))
        if turn.reminder:
            note = _SILENT
        elif not words(caller.replace(UNINTELLIGIBLE, "")):
            if UNINTELLIGIBLE in caller:
                self.model.withdraw(now)
                self._complete(turn, now, "missed", self.agent.lines.missed)
                return
            if not turn.transcript:
                note = _NOTHING_YET
        if self.tools.awaited:
            # What runs is told to the model together with what the caller says now.
            self.model.withdraw(now)
            turn.wait("tool", now)
            return
        self._ask_model(turn, now, heard=turn.transcript, note=note)

    def _goes_on(self, turn: Turn, old: Turn | None, caller: str, now: float) -> bool:
        """After a mere "mm-hm" in the middle of an answer, the answer goes on; whether it does."""
        if old is None and not self.last_sent:
            return False
        heard, rest = self._heard_of_last(turn.transcript)
        unfinished = old is not None and old.waiting != "nothing"
        if turn.reminder or rest is None or not (words(rest) or unfinished) or not heard:
            return False
        floor = backchannel.floor_after(heard)
        kind = backchannel.classify(caller, floor, self.agent.turn_taking)
        if kind not in (backchannel.Kind.BACKCHANNEL, backchannel.Kind.NOTHING) or not caller:
            return False
        self.out.append(Note("backchannel", {"response_id": turn.response_id}))
        self.interrupted_at = None
        if old is not None and unfinished:
            turn.key, turn.requests, turn.answering = old.key, old.requests, old.answering
            turn.tool_rounds, turn.retries, turn.tools = old.tool_rounds, old.retries, old.tools
            turn.wait(old.waiting, now)
            if rest:
                self._send(turn, rest, now)
            # Text that was gathered but not sent follows as if nothing had happened.
            turn.gathered = old.gathered
        else:
            self._send(turn, rest, now)
            self._complete(turn, now, "went_on")
        return True

    def _heard_of_last(self, transcript: tuple[Utterance, ...]) -> tuple[str, str | None]:
        """What of the agent's last speech was heard, and what not (None: it does not fit)."""
        heard = _agent_words(transcript)[self.words_before :]
        if not is_prefix(heard, words(self.last_sent)):
            return "", None
        cut = cut_after(self.last_sent, len(heard))
        return self.last_sent[:cut], self.last_sent[cut:]

    def _interrupted(self, old: Turn | None, frame: ResponseRequired) -> bool:
        """Whether the caller cut the agent off with this request."""
        if frame.reminder or not _caller_words(frame.transcript):
            return False
        _, rest = self._heard_of_last(frame.transcript)
        cut = rest is not None and bool(words(rest))
        return cut or (old is not None and not old.complete and bool(old.sent.strip()))

    def _caller_speaks(self, now: float) -> None:
        """The caller makes words: what is held stays held."""
        self.caller_spoke_at = now

    def _said(self, turn: Turn, text: str, now: float) -> None:
        """A piece of the model's answer."""
        turn.answering, turn.waiting_since, turn.steps = True, now, 0
        ready = turn.gather(text)
        if ready:
            self._speak(turn, ready, now)

    def _finished(self, turn: Turn, finished: Finished, now: float) -> None:
        """The model's response is over."""
        if finished.status == "completed":
            if finished.calls:
                self._tool_calls(turn, finished.calls, now)
            elif turn.answering:
                self._complete(turn, now, "answered")
            else:
                self._again(turn, "empty", now)
        elif finished.status == "incomplete":
            self._cut_short(turn, finished.reason or "unknown", now)
        else:
            self._again(turn, finished.reason or finished.status, now)

    def _again(self, turn: Turn, why: str, now: float) -> None:
        """A response failed: ask again, then on a new session, then give up."""
        self.out.append(Note("response_failed", {"why": why, "retries": turn.retries}))
        turn.retries += 1
        if turn.retries > 2:
            self._give_up(turn, now)
            return
        if turn.retries == 2:
            self.model.reopen(why, now)
        self._ask_again(turn, now)

    def _ask_again(self, turn: Turn, now: float) -> None:
        """Ask for the answer anew, or for its rest where a part was spoken already."""
        if self.model.fatal:
            self._give_up(turn, now)
            return
        self.model.request(self._rest_of(turn, now), now)

    def _rest_of(self, turn: Turn, now: float) -> Request:
        """A request for what of the answer is still to be said."""
        spoken = turn.flush()
        if spoken:
            self._speak(turn, spoken, now)
        if turn.answering and not turn.sent.endswith(" "):
            turn.gathered = " "
        return Request(turn.new_key(), turn.heard(), _GO_ON if turn.answering else None)

    def _cut_short(self, turn: Turn, reason: str, now: float) -> None:
        """The answer ended before its end: bring it to a complete sentence."""
        self.out.append(Note("response_incomplete", {"reason": reason}))
        if reason == "content_filter":
            turn.flush()
            self._complete(turn, now, "filtered", " " + self.agent.lines.filtered)
            return
        text = turn.sent + turn.gathered
        end = sentence_end(text)
        if end == len(text.rstrip()) and end:
            self._complete(turn, now, "answered")
        elif end > len(turn.sent):
            turn.gathered = turn.gathered[: end - len(turn.sent)]
            self._complete(turn, now, "answered")
        elif turn.continued:
            self._complete(turn, now, "cut_short", " " + self.agent.lines.filtered)
        else:
            turn.continued = True
            self._ask_again(turn, now)

    def _step(self, turn: Turn, step: Step, now: float) -> None:
        """The caller has waited too long: say something, or try something else."""
        turn.steps += 1
        lines = self.agent.lines
        if step == "hold":
            self._hold(turn, step, lines.holding, now)
        elif step == "hold_tool":
            line = self._hold(turn, step, lines.slow_tool, now)
            self.model.append("assistant", line)
        elif step in ("retry", "stall"):
            turn.retries += 1
            self.out.append(Note("response_stalled", {"step": step}))
            self._ask_again(turn, now)
        elif step == "reopen":
            self.model.reopen("stalled", now)
            self._ask_again(turn, now)
            if not turn.answering and not turn.complete:
                self._hold(turn, step, lines.holding, now)
        elif step == "tool_late":
            for call_id, output in self.tools.overdue():
                self.model.append("output", output, call_id)
            turn.answering = False
            self._ask_model(turn, now)
        else:
            self._give_up(turn, now)

    def _hold(self, turn: Turn, why: str, choice: tuple[str, ...], now: float) -> str:
        """Say a holding line, another one each time. It ends in a blank: more will follow."""
        line = choice[self.holding_lines % len(choice)]
        self.holding_lines += 1
        self.out.append(Note("holding_line", {"why": why}))
        self._speak(turn, line + " ", now)
        return line

    def _note_heard(self, frame: ResponseRequired) -> None:
        heard = [[u.role, u.content] for u in frame.transcript]
        self.out.append(Note("heard", {"transcript": heard, "response_id": frame.response_id}))


def _caller_words(transcript: tuple[Utterance, ...]) -> str:
    """What the caller said last, all entries of it."""
    said: list[str] = []
    for utterance in reversed(transcript):
        if utterance.role == "user":
            said.append(utterance.content.strip())
        elif said and utterance.content.strip():
            break
    return " ".join(reversed(said)).strip()


def _agent_words(transcript: tuple[Utterance, ...]) -> tuple[str, ...]:
    return tuple(word for u in transcript if u.role == "agent" for word in words(u.content))
