"""How a request for speech is answered: by the model, by a line of the agent's, or by silence.

The part of `app.core.text_call.TextCall` that decides what is said. Every turn ends: complete, or
superseded by a newer one.
"""

from __future__ import annotations

from typing import Any

import orjson

from app.core import events
from app.core.agent import Agent
from app.core.events import Action, Note, SaveState, ToRetell
from app.core.history import History
from app.core.language import backchannel
from app.core.model_session import Finished, FunctionCall, ModelSession, Request
from app.core.pending_action import PendingAction, after_words
from app.core.tool_calls import ToolCalls, error_output, parse_arguments
from app.core.tools import TOOLS
from app.core.turns import Step, Turn
from app.core.words import cut_after, is_prefix, sentence_end, words
from app.protocol import retell_llm
from app.protocol.retell_llm import NO_ACTION, CallAction, ResponseRequired, Utterance

#: Rounds of tool calls in one turn, after which the model is taken to be going in circles.
TOOL_ROUNDS = 6
UNINTELLIGIBLE = "(unintelligible audio)"

_SILENT = "[The caller has said nothing for a while. Ask briefly whether they are still there.]"
_NOTHING_YET = "[The call has begun and the caller has not said anything yet.]"
_GO_ON = "[A fault cut your answer off. Go on exactly where it ended, without repeating anything.]"
_TAKEN_BACK = "[The caller spoke before the call was ended or transferred: it did not happen.]"
_SUPERSEDED = "The caller went on speaking, so this was not done. Listen to what they say now."
_BUSY = "Not done: another tool is still running. Call this again afterwards."


class Answering:
    """State of one call, and how it answers. See `TextCall` for the events."""

    def __init__(self, call_id: str, agent: Agent) -> None:
        self.call_id = call_id
        self.agent = agent
        self.out: list[Action] = []
        self.model = ModelSession({}, self.out)
        self.tools = ToolCalls(call_id)
        self.turn: Turn | None = None
        self.pending: PendingAction | None = None
        self.details: dict[str, Any] = {}
        self.started_at = 0.0
        self.caller_last = ""
        self.caller_spoke_at = 0.0
        self.interrupted_at: float | None = None
        #: What the agent has been saying since the caller last had the floor, and how many words
        #: of the agent's stood in the transcript before it.
        self.last_sent = ""
        self.words_before = 0
        self.interruptions = 0
        self.turns = 0
        self.late: list[str] = []
        self.holding_lines = 0
        self.draining = False
        self.dropped = False

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state that `TextCall.to_state` gave."""
        self.started_at = state["started_at"]
        self.details = state["details"]
        self.model.history = History.from_state(state["history"])
        self.model.number = state["session"]
        self.turn = Turn.from_state(state["turn"]) if state["turn"] else None
        self.tools = ToolCalls.from_state(self.call_id, state["tools"])
        self.pending = PendingAction(**state["pending"]) if state["pending"] else None
        for name in (
            "last_sent",
            "words_before",
            "caller_last",
            "interrupted_at",
            "caller_spoke_at",
            "interruptions",
            "turns",
        ):
            setattr(self, name, state[name])

    def _begin(self, turn: Turn, old: Turn | None, now: float) -> None:
        """Decide how `turn` is answered."""
        caller = _caller_words(turn.transcript)
        for tool in self.tools.drop_held(self.out):
            self.model.append("output", error_output(_SUPERSEDED), tool.call_id)
        note = None
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
        if self.tools.open:
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

    def _quiet_at(self) -> float:
        """When side effects may be committed."""
        if self.interrupted_at is None:
            return 0.0
        cooldown = self.agent.turn_taking.cooldown_ms / 1000
        return max(self.interrupted_at, self.caller_spoke_at) + cooldown

    def _ask_model(
        self,
        turn: Turn,
        now: float,
        *,
        heard: tuple[Utterance, ...] | None = None,
        note: str | None = None,
    ) -> None:
        """Ask for the model's answer. The caller starts waiting for it."""
        if self.model.fatal:
            self._give_up(turn, now)
            return
        notes = [*self.late, *([note] if note else [])]
        self.late.clear()
        turn.wait("model", now)
        self.model.request(Request(turn.new_key(), heard, "\n".join(notes) or None), now)

    def _send(
        self,
        turn: Turn,
        text: str,
        now: float,
        *,
        complete: bool = False,
        action: CallAction = NO_ACTION,
        protected: bool = False,
    ) -> None:
        if turn.first_at is None and text:
            turn.first_at = now
        turn.sent += text
        frame = retell_llm.response(
            turn.response_id, text, complete, action=action, protected=protected
        )
        self.out.append(ToRetell(frame))

    def _speak(self, turn: Turn, text: str, now: float) -> None:
        """Say something new: it becomes part of what the agent has been saying."""
        self.last_sent += text
        self._send(turn, text, now)

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
        since, steps = turn.waiting_since, turn.steps
        spoken = turn.flush()
        if spoken:
            self._speak(turn, spoken, now)
        self._ask_model(turn, now, heard=turn.heard(), note=_GO_ON if turn.answering else None)
        if not turn.complete:
            turn.waiting_since, turn.steps = since, steps

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

    def _tool_calls(self, turn: Turn, calls: tuple[FunctionCall, ...], now: float) -> None:
        """Have the model's tools run, or do to the call what the model asks for."""
        turn.tool_rounds += 1
        if turn.tool_rounds > TOOL_ROUNDS:
            self._give_up(turn, now)
            return
        actions = [call for call in calls if call.name in TOOLS and _is_action(call)]
        others = [call for call in calls if call not in actions]
        if not others:
            for call in actions[1:]:
                self.model.append("output", error_output(_BUSY), call.call_id)
            self._take_action(turn, actions[0], now)
            return
        ready = turn.flush()
        if turn.sent + ready and not (turn.sent + ready).endswith(" "):
            ready += " "
        if ready:
            self._speak(turn, ready, now)
        for call in actions:
            self.model.append("output", error_output(_BUSY), call.call_id)
        for call in others:
            arguments, problem = parse_arguments(call)
            if arguments is None:
                self.model.append("output", error_output(problem), call.call_id)
                continue
            self.tools.add(call, arguments, turn.response_id, now)
            turn.tools.append(call.name)
            self._tell_tool(call)
        if not self.tools.open:
            self._ask_model(turn, now)
            return
        turn.wait("tool", now)
        self._run_tools(now)

    def _tell_tool(self, call: FunctionCall) -> None:
        self.out.append(Note("tool_asked", {"name": call.name, "tool_call_id": call.call_id}))
        frame = retell_llm.tool_call_invocation(call.call_id, call.name, call.arguments or "{}")
        self.out.append(ToRetell(frame))

    def _run_tools(self, now: float) -> None:
        """Run what may run now; what must wait for the cool-down is run by a later tick."""
        deadline = self.agent.turn_taking.tool_deadline_ms / 1000
        self.tools.run(deadline, self.out, writes=now >= self._quiet_at())
        if self.turn is not None and not self.turn.complete:
            self.turn.waiting = "commit" if self.tools.held else "tool"
        self.out.append(SaveState())

    def _tool_done(self, done: events.ToolDone, now: float) -> None:
        """A tool has answered: the model is told, and goes on once all have."""
        tool = self.tools.done(done.tool_call_id, done.ok)
        output = orjson.dumps(done.output).decode()
        if tool is None:
            return
        self.out.append(
            Note(
                "tool_done",
                {"name": tool.name, "ok": done.ok, "seconds": round(now - tool.asked_at, 4)},
            )
        )
        self.out.append(ToRetell(retell_llm.tool_call_result(tool.call_id, output, done.ok)))
        if self.model.history.has_output(tool.call_id):
            # The model was told that there was no answer in time.
            self.late.append(f"[Late result of {tool.name}: {output}]")
        else:
            self.model.append("output", output, tool.call_id)
        self.out.append(SaveState())
        turn = self.turn
        if turn is None or turn.complete or self.tools.open or turn.waiting == "model":
            return
        turn.answering = False
        same = tool.response_id == turn.response_id or turn.key.startswith(f"t{tool.response_id}.")
        self._ask_model(turn, now, heard=None if same else turn.transcript)

    def _take_action(self, turn: Turn, call: FunctionCall, now: float) -> None:
        """The model ends the call, transfers it or presses keys."""
        arguments, problem = parse_arguments(call)
        lines, message = self.agent.lines, ""
        if arguments is not None:
            message = str(arguments.get("message") or "").strip()
        if arguments is not None and call.name == "transfer_call":
            if self.agent.transfer_number:
                number = self.agent.transfer_number
                self.pending = PendingAction("transfer", message or lines.transfer, number)
            else:
                problem = "There is nobody to transfer to. Offer something else."
        elif arguments is not None and call.name == "press_digits":
            digits = "".join(c for c in str(arguments["digits"]) if c in "0123456789*#")
            self.pending = PendingAction("digits", message, digits)
            problem = "" if digits else "There are no digits to press."
        elif arguments is not None:
            self.pending = PendingAction("end", message or lines.goodbye)
        if problem:
            self.pending = None
            self.model.append("output", error_output(problem), call.call_id)
            self._ask_model(turn, now)
            return
        self._tell_tool(call)
        self.model.append("output", '{"ok":true}', call.call_id)
        turn.tools.append(call.name)
        self._act(turn, now)

    def _act(self, turn: Turn, now: float) -> None:
        """Send the pending action, on a frame that has content."""
        pending = self.pending
        assert pending is not None, "only with an action pending"
        said = turn.flush()
        line = f"{said.rstrip()} {pending.line}".strip() if said else pending.line
        if turn.sent and not turn.sent.endswith(" "):
            line = " " + line
        self._complete(turn, now, pending.kind, line, action=pending.action())

    def _complete(
        self,
        turn: Turn,
        now: float,
        ended: str,
        text: str = "",
        *,
        action: CallAction = NO_ACTION,
    ) -> None:
        """Send the last of the turn. An action that is pending rides along."""
        text = turn.flush() + text
        pending = self.pending
        if pending is not None and action is NO_ACTION:
            text, action = f"{text} {pending.line}".strip(), pending.action()
        protected = action is not NO_ACTION and self.agent.turn_taking.protect_actions
        self.last_sent += text
        self._send(turn, text, now, complete=True, action=action, protected=protected)
        turn.complete = True
        turn.wait("nothing", now)
        self._told(turn, ended, now)
        self.out.append(SaveState())

    def _told(self, turn: Turn, ended: str, now: float) -> None:
        self.turns += 1
        first = None if turn.first_at is None else round((turn.first_at - turn.asked_at) * 1000, 1)
        self.out.append(
            Note(
                "turn",
                {
                    "response_id": turn.response_id,
                    "ended": ended,
                    "asked_at": turn.asked_at,
                    "first_ms": first,
                    "total_ms": round((now - turn.asked_at) * 1000, 1),
                    "text": turn.sent,
                    "tools": list(turn.tools),
                },
            )
        )

    def _step(self, turn: Turn, step: Step, now: float) -> None:
        """The caller has waited too long: say something, or try something else."""
        turn.steps += 1
        lines = self.agent.lines
        if step in ("hold", "hold_tool"):
            if turn.first_at is None or step == "hold_tool":
                choice = lines.holding if step == "hold" else lines.slow_tool
                line = choice[self.holding_lines % len(choice)]
                self.holding_lines += 1
                self.out.append(Note("holding_line", {"why": step}))
                if step == "hold_tool":
                    self.model.append("assistant", line)
                self._speak(turn, line + " ", now)
        elif step in ("retry", "stall"):
            turn.retries += 1
            self.out.append(Note("response_stalled", {"step": step}))
            self._ask_again(turn, now)
        elif step == "reopen":
            self.model.reopen("stalled", now)
            self._ask_again(turn, now)
        elif step == "tool_late":
            for tool in list(self.tools.open.values()):
                message = "No answer in time. Say that it is noted and will be confirmed."
                self.model.append("output", error_output(message), tool.call_id)
                tool.state = "running"
            turn.answering = False
            self._ask_model(turn, now)
        else:
            self._give_up(turn, now)

    def _give_up(self, turn: Turn, now: float) -> None:
        """There is no model: say so honestly, and hand the caller over as the agent's file says."""
        self.model.withdraw(now)
        self.out.append(Note("gave_up", {"response_id": turn.response_id}))
        lines, how = self.agent.lines, self.agent.turn_taking.fallback
        if how == "transfer" and self.agent.transfer_number:
            line, number = f"{lines.apology} {lines.transfer}", self.agent.transfer_number
            self.pending = PendingAction("transfer", line, number)
        elif how == "end":
            self.pending = PendingAction("end", lines.apology)
        else:
            self.pending = PendingAction("end", f"{lines.apology} {lines.callback}")
        spoken = turn.gathered[: sentence_end(turn.gathered)]
        turn.gathered = spoken
        self._act(turn, now)

    def _note_heard(self, frame: ResponseRequired) -> None:
        heard = [[u.role, u.content] for u in frame.transcript]
        self.out.append(Note("heard", {"transcript": heard, "response_id": frame.response_id}))


def _is_action(call: FunctionCall) -> bool:
    return TOOLS[call.name].kind == "action"


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
