"""Retell's side of one call, without I/O: frames and the caller's words in, frames out.

Drive it with `link.connected`, `receive`, `link.lost`, `say`, `hang_up` and `tick`, each with the
time in seconds; then do what `link.outbox` says and read `events`. `next_time` says when to tick.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.rehearsal.retell_caller import events, frames, rules
from app.rehearsal.retell_caller.frames import Dropped, Other, Speech
from app.rehearsal.retell_caller.link import Link
from app.rehearsal.retell_caller.remarks import LineSettings, Plans, Remark, Speaking
from app.rehearsal.retell_caller.requests import Requests
from app.rehearsal.retell_caller.silence import Silence
from app.rehearsal.retell_caller.teller import Teller
from app.rehearsal.retell_caller.toollog import ToolLog
from app.rehearsal.retell_caller.transcript import Transcript
from app.rehearsal.retell_caller.voice import AgentTurn

Step = Callable[[float], None]


class Times:
    """When the call began and the next words are due; since when the caller waits, if they do."""

    def __init__(self, now: float) -> None:
        self.started = now
        self.agent_at = now
        self.caller_at = now
        self.waits_since: float | None = now


class Line:
    """One call."""

    def __init__(
        self, details: dict[str, Any], *, now: float, settings: LineSettings | None = None
    ) -> None:
        self.details = details
        self.settings = settings or LineSettings()
        self.now = now
        self.events: list[tuple[float, events.Event]] = []
        self.ended: str | None = None
        self.transcript = Transcript()
        self.turn: AgentTurn | None = None
        self.caller: Speaking | None = None
        self.link = Link(now, reconnect_s=self.settings.reconnect_s, emit=self._emit, end=self._end)
        self.requests = Requests(now)
        self._teller = Teller(self.link, self.transcript)
        self._tools = ToolLog(self.transcript)
        self._plans = Plans()
        self._times = Times(now)
        self._silence = Silence(self.settings)

    def receive(self, raw: str | bytes, now: float) -> None:
        """One frame of the server."""
        if self.ended or self.link.deaf:
            return
        self.now = now
        if isinstance(raw, bytes):
            self._emit(events.Fault("a binary frame"))
            self._end(rules.ERROR_CORRUPT, code=rules.CORRUPT)
            return
        try:
            frame = frames.read(raw)
        except Dropped as dropped:
            self._emit(events.Fault(str(dropped)))
            return
        if isinstance(frame, Speech):
            self._hear(frame, now)
        else:
            self._bookkeep(frame, now)
        self.tick(now)

    def say(self, remark: Remark, now: float) -> None:
        """The caller speaks: at once, or where the remark's `after_…` says."""
        self.now = now
        if self.ended:
            return
        if remark.armed:
            self._plans.arm(remark)
        elif self.caller is not None:
            self._plans.add(remark)
        else:
            self._begin_remark(remark, now)
        self.tick(now)

    def hang_up(self, now: float) -> None:
        """The caller hangs up."""
        self.now = now
        self._end(rules.USER_HANGUP)

    @property
    def caller_is_done(self) -> bool:
        """True when the caller has said all they wanted to say, and Retell has asked about it."""
        return self.caller is None and self._plans.done

    @property
    def idle(self) -> bool:
        """True when nobody speaks, nothing is owed and nothing is about to be said."""
        return (
            self.caller_is_done and not self.requests.open and (self.turn is None or self.turn.over)
        )

    def next_time(self) -> float | None:
        """When `tick` has something to do; None while only a frame can change anything."""
        return min((at for at, _ in self._due()), default=None)

    def tick(self, now: float) -> None:
        """Do all that is due."""
        while True:
            due = [item for item in self._due() if item[0] <= now]
            if not due:
                break
            at, step = min(due, key=lambda item: item[0])
            self.now = max(self.now, at)
            step(at)
        self.now = now

    def _due(self) -> list[tuple[float, Step]]:
        if self.ended:
            return []
        due = self.link.due()
        turn, caller, wait = self.turn, self.caller, self.settings
        if caller is not None:
            due.append((self._times.caller_at, self._caller_word))
        can_speak = turn is not None and not turn.over and (turn.has_word or turn.finished)
        if turn is not None and can_speak:
            if caller is None or not caller.remark.request or turn.protected:
                due.append((self._times.agent_at, self._agent_word))
        elif self._times.waits_since is not None and self.requests.open and caller is None:
            due.append((self._times.waits_since + wait.patience_s, self._no_answer))
        if self.idle:
            if self._silence.reminder_at is not None and self.link.open:
                due.append((self._silence.reminder_at, self._remind))
            if self._silence.end_at is not None:
                due.append((self._silence.end_at, lambda _: self._end(rules.INACTIVITY)))
        return due

    # The agent speaks

    def _hear(self, frame: Speech, now: float) -> None:
        turn = self._interrupting(frame, now) if frame.interrupt else self._answering(frame, now)
        if turn is None:
            return
        problem = turn.hear(frame, now)
        if problem:
            self._emit(events.Fault(problem))
        self._times.waits_since = now
        if frame.complete and not frame.interrupt:
            self.requests.complete(frame.id, self.link.sockets)
        self._times.agent_at = max(self._times.agent_at, now)

    def _answering(self, frame: Speech, now: float) -> AgentTurn | None:
        stale = self.requests.refuse(frame, now, self.link.sockets)
        if stale:
            self._emit(stale)
            return None
        turn = self.turn
        if turn is None or turn.interrupt or turn.id != frame.id:
            heard = self.transcript.begin("agent", response_id=frame.id)
            turn = self.turn = AgentTurn(frame.id, heard, self.requests.asked_at)
        if turn.over and frame.complete:
            self.requests.complete(frame.id, self.link.sockets)
        return None if turn.over else turn

    def _interrupting(self, frame: Speech, now: float) -> AgentTurn | None:
        turn = self.turn
        if turn is not None and turn.interrupt and frame.id <= turn.id:
            return turn if frame.id == turn.id and not turn.over else None
        self._cut_agent()
        self.requests.supersede(now)
        self.caller = None
        heard = self.transcript.begin("agent", interrupt_id=frame.id)
        self.turn = AgentTurn(frame.id, heard, now, interrupt=True)
        return self.turn

    def _agent_word(self, at: float) -> None:
        turn = self.turn
        assert turn is not None
        word = turn.next_word()
        if word is None:
            self._agent_done(at)
            return
        first = not turn.heard.words
        if first:
            self._teller.update("agent_turn")
        turn.heard.add(word, at - self._times.started)
        self._emit(events.Word("agent", word, first))
        self._teller.update()
        self._silence.ends()
        self._times.waits_since = at
        self._times.agent_at = at + self.settings.word_s
        self._fire(lambda r: r.after_words is not None and turn.words_spoken >= r.after_words)

    def _agent_done(self, at: float) -> None:
        turn = self.turn
        assert turn is not None
        turn.over = True
        self._silence.begins(at)
        self._emit(turn.done(cut=False))
        if turn.action and self._act(turn.action):
            return
        self._plans.agent_done()
        if self.caller is not None:
            return
        if (remark := self._plans.next()) is not None:
            self._begin_remark(remark, at)
        elif self._plans.owed:
            self._ask(at)

    def _act(self, action: str) -> bool:
        """Carry an action out. True if it ended the call."""
        self._teller.action(action, self.requests.id)
        self._emit(events.ActionDone(action))
        if action.startswith("press_digit"):
            return False
        self._end(rules.AGENT_HANGUP if action == "end_call" else rules.TRANSFER)
        return True

    def _cut_agent(self) -> None:
        turn = self.turn
        if turn is not None and not turn.over:
            turn.over = True
            if turn.action:
                self._emit(events.ActionLost(turn.action))
            self._emit(turn.done(cut=True))

    # The caller speaks

    def _fire(self, wanted: Callable[[Remark], bool]) -> None:
        """Begin the first armed remark that was waiting for this."""
        remark = self._plans.take_armed(wanted)
        if remark is None:
            return
        if self.caller is None:
            self._begin_remark(remark, self.now)
        else:
            self._plans.add(remark)

    def _begin_remark(self, remark: Remark, now: float) -> None:
        heard = self.transcript.begin("user")
        heard.backchannel = not remark.request
        self.caller = Speaking(remark, heard)
        self._silence.caller_spoke()
        self._times.caller_at = now

    def _caller_word(self, at: float) -> None:
        speaking = self.caller
        assert speaking is not None
        if speaking.spoken == len(speaking.words):
            self._caller_done(speaking, at)
            return
        if speaking.spoken == 0 and speaking.remark.request:
            self._teller.update("user_turn")
            if self.turn is not None and self.turn.is_audible and not self.turn.protected:
                self._cut_agent()
        word = speaking.words[speaking.spoken]
        speaking.spoken += 1
        speaking.heard.add(word, at - self._times.started)
        self._emit(events.Word("user", word, speaking.spoken == 1))
        self._teller.update()
        self._times.caller_at = at + self.settings.word_s
        if speaking.spoken == len(speaking.words):
            self._times.caller_at += self.settings.end_of_turn_s
        elif speaking.spoken == speaking.remark.early:
            self._ask(at, early=True)

    def _caller_done(self, speaking: Speaking, at: float) -> None:
        self.caller = None
        self._emit(events.CallerDone(" ".join(speaking.words)))
        self._plans.owed = self._plans.owed or speaking.remark.request
        if self.turn is not None and self.turn.is_audible:
            # Somebody spoke in between: what the agent goes on to say is an utterance of its own.
            turn = self.turn
            turn.heard = self.transcript.begin(
                "agent", **{"interrupt_id" if turn.interrupt else "response_id": turn.id}
            )
            self._times.agent_at = max(self._times.agent_at, at)
        elif (remark := self._plans.next()) is not None:
            self._begin_remark(remark, at)
        elif self._plans.owed:
            self._ask(at)
        else:
            self._silence.begins(at)

    # Requests and timers

    def _ask(self, at: float, *, early: bool = False, reminder: bool = False) -> None:
        self._cut_agent()
        id_ = self.requests.ask(at)
        self._plans.owed = False
        self._silence.ends()
        self._times.waits_since = at
        self.requests.undelivered = not self._teller.request(id_, reminder=reminder)
        self._emit(events.Asked(id_, reminder, early))

    def _remind(self, at: float) -> None:
        self._silence.reminded()
        self._ask(at, reminder=True)

    def _no_answer(self, at: float) -> None:
        self._times.waits_since = None
        self._emit(events.NoAnswer(self.requests.id, self.settings.patience_s))

    # Frames that are not speech

    def _bookkeep(self, frame: Other, now: float) -> None:
        if frame.kind == "ping_pong":
            self.link.pong(now)
        elif frame.kind == "config":
            self.link.configure(frame, now)
            if self.link.flags.get("call_details"):
                self.link.send(frames.call_details(self.details))
            unheard = self.turn is None or self.turn.id != self.requests.id
            again = self.settings.asks_again and self.requests.open and unheard
            if self.requests.id and (self.requests.undelivered or again):
                self.requests.undelivered = not self._teller.request(self.requests.id)
        elif frame.kind == "tool_call_invocation":
            for event in self._tools.invocation(frame, now, self.link.sockets):
                self._emit(event)
            self._fire(lambda remark: remark.after_tool == frame.members["name"])
        elif frame.kind == "tool_call_result":
            for event in self._tools.result(frame, now):
                self._emit(event)
        elif frame.kind == "update_agent":
            settings = frame.members["agent_config"]
            self._silence.configure(settings)
            self._emit(events.SettingsChanged(dict(settings)))

    # Output

    def _emit(self, event: events.Event) -> None:
        self.events.append((self.now, event))

    def _end(self, reason: str, *, code: int = rules.NORMAL) -> None:
        if self.ended is None:
            self._cut_agent()
            self.ended = reason
            self.link.hang_up(code)
            self._emit(events.Ended(reason))
