"""One call on a media stream, of a telephone or a browser: every event in, every decision out.

No I/O happens here. `AudioCall.handle` takes one event and the time and returns the actions that
follow. The caller's side is in `app.core.audio.floor`, answers in `app.core.audio.answers` and
`app.core.audio.tools`, the agent's speech in `app.core.audio.output`, lost sessions in
`app.core.audio.continuity`.
"""

from __future__ import annotations

from typing import Any

from app.core.audio.answers import SILENT
from app.core.audio.continuity import AudioContinuity
from app.core.audio.session_config import audio_session
from app.core.audio.transcript import SpokenRecord
from app.core.call import events
from app.core.call.events import Action, DropSocket, SaveState
from app.core.call.pending_action import PendingAction
from app.core.call.tool_calls import ToolCalls
from app.core.call.turns import Turn, next_step
from app.core.realtime.history import History
from app.errors import ProtocolError
from app.protocol import realtime, twilio
from app.protocol.retell_llm import Utterance

#: The phone's frames are the clock that agent audio leaves by; a tick stands in for them when they
#: stay away. The lead covers the wait.
BEATS_LATE_S = 0.06
_BACK = "[The line was cut for a moment and is back. Go on where you were; do not greet again.]"


class AudioCall(AudioContinuity):
    """The decisions of one call. Times are Unix seconds, given by whoever owns the call."""

    def start(self, stream: twilio.Start, details: dict[str, Any], now: float) -> list[Action]:
        """The stream begins. `details` is what is known about the call, as Retell's would be."""
        self.started_at, self.details = now, details
        self._connect(stream)
        self.model.open(now)
        self._greet(now)
        self.out.append(SaveState())
        return self._taken(now)

    def resume(self, stream: twilio.Start, now: float) -> list[Action]:
        """A new stream for a call that goes on: no greeting, nothing forgotten."""
        self._connect(stream)
        self.dropped = self.ended = False
        self._note("resumed")
        self.model.open(now)
        self.tools.resume(self.agent.turn_taking.tool_deadline_ms / 1000, self.out)
        turn = self.turn
        if turn is None or turn.complete:
            turn = self._begin_turn(now)
        if self.tools.awaited:
            turn.wait("tool", now)
            self._run_tools(now)
        elif self.pending is not None:
            self._ask(turn, now, say=self.pending.line)
        else:
            self._ask(turn, now, note=_BACK)
        return self._taken(now)

    def _connect(self, stream: twilio.Start) -> None:
        self.writer = twilio.Writer(stream.stream_sid)
        self.model.config = audio_session(self.agent, self.details, self.started_at)

    def handle(self, event: events.Event, now: float) -> list[Action]:
        """The actions that follow from `event` at `now`, in order."""
        if isinstance(event, events.FromPhone):
            self._from_phone(event.raw, now)
        elif isinstance(event, events.FromModel):
            self._from_model(event, now)
        elif isinstance(event, events.Tick):
            self._tick(now)
        elif isinstance(event, events.ToolDone):
            self._tool_done(event, now)
        elif isinstance(event, events.ModelOpened):
            self._opened(event, now)
        elif isinstance(event, events.ModelLost):
            self._lost(event, now)
        elif isinstance(event, events.Drain):
            self.draining = True
        return self._taken(now)

    def _taken(self, now: float) -> list[Action]:
        turn = self.turn
        self.model.hold = self.speaking or self.play.pending or self.barge.deciding
        over = (turn is None or turn.complete) and not self.play.pending and not self.speaking
        if self.draining and over and not self.dropped and not self.ended:
            self.dropped = True
            self.out += [SaveState(), DropSocket()]
        actions = self.out[:]
        self.out.clear()
        return actions

    def _from_phone(self, raw: str | bytes, now: float) -> None:
        try:
            frame = twilio.parse(raw)
        except ProtocolError as error:
            self._note("bad_frame", error=error.message)
            return
        if self.ended:
            return  # nothing of the caller's changes how it ended
        if isinstance(frame, twilio.Media):
            self._caller_audio(frame.audio, now)
        elif isinstance(frame, twilio.Mark):
            self._mark(frame, now)
            self._settle_turn(now)
        elif isinstance(frame, twilio.Dtmf):
            self._pressed(frame.digit, now)
        elif isinstance(frame, twilio.Stop):
            # The caller is gone: nothing is said to nobody.
            self.ended = True
            self.model.close()
            self._note_heard()
            self.out.append(SaveState())
        elif isinstance(frame, twilio.Other):
            self._note("unknown_frame", event=frame.event)

    def _from_model(self, event: events.FromModel, now: float) -> None:
        if event.session != self.model.number or self.ended:
            return
        try:
            parsed = realtime.parse(event.raw)
        except ProtocolError as error:
            self._note("bad_event", error=error.message)
            return
        if isinstance(parsed, realtime.AudioDelta | realtime.TranscriptDelta):
            self._model_speaks(parsed, now)
        elif isinstance(parsed, realtime.SpeechStarted):
            self._speech_started(parsed, now)
        elif isinstance(parsed, realtime.SpeechStopped):
            self._speech_stopped(parsed, now)
        elif isinstance(parsed, realtime.Committed):
            self._committed(parsed, now)
        elif isinstance(parsed, realtime.InputTranscript):
            self._caller_words(parsed, now)
        else:
            self._from_session(parsed, now)

    def _model_speaks(
        self, event: realtime.AudioDelta | realtime.TranscriptDelta, now: float
    ) -> None:
        if not self.lines.owns(event.response_id):
            if isinstance(event, realtime.AudioDelta):
                self._audio(event, now)
            else:
                self._agent_words(event, now)
        elif isinstance(event, realtime.AudioDelta):
            self.lines.add(self._decoded(event))

    def _from_session(self, event: realtime.ServerEvent, now: float) -> None:
        """What `ModelSession` has to know; lines of ours, spoken beside it, are none of that."""
        if isinstance(event, realtime.ResponseCreated):
            if self.lines.created(event.response_id, event.key):
                return
        elif isinstance(event, realtime.OutputItem):
            if self.lines.owns(event.response_id):
                return
            if event.done and event.item.get("type") == "message":
                self._item_whole(str(event.item.get("id")), now)
        elif isinstance(event, realtime.ResponseDone):
            self._spent(event)
            if event.out_of_band:
                self.lines.done(event.status == "completed", self.out)
                self._settle_turn(now)
                return
            if event.status == "cancelled":
                self._drop_unheard(event)
        elif isinstance(event, realtime.Error) and (event.event_id or "").startswith("o"):
            self.lines.done(False, self.out)
        elif isinstance(event, realtime.SessionChanged) and not event.created:
            self._check_format(event.session)
        before = self.model.furnished
        self._happened(self.model.handle(event, now), now)
        self._refeed(before)
        if isinstance(event, realtime.ResponseDone):
            self._settle_turn(now)

    def _spent(self, done: realtime.ResponseDone) -> None:
        """Count what a response cost, and see to the budget."""
        if not done.usage:
            return
        self.ledger.response(done.usage)
        alarm = self.ledger.alarm()
        self._note("cost", **self.ledger.as_json())
        if alarm is not None:
            self._note("budget", alarm=alarm, usd=round(self.ledger.usd, 4))
            self.time_up = self.time_up or alarm == "end"

    def _check_format(self, session: dict[str, Any]) -> None:
        """Both sides must mean the same by a byte of audio."""
        audio = session.get("audio") or {}
        told = {side: ((audio.get(side) or {}).get("format") or {}) for side in ("input", "output")}
        wanted = self.model.config["audio"]["input"]["format"]["type"]
        for side, form in told.items():
            if form.get("type") not in (None, wanted):
                self._note("wrong_format", side=side, told=str(form.get("type")), wanted=wanted)

    def deadline(self) -> float | None:
        """When a `Tick` is due, if ever."""
        if self.ended:
            return None
        times = [self.barge.deadline, self.model.deadline(), self.ending_by]
        turn = self.turn
        if turn is not None:
            step = next_step(turn, self.agent.turn_taking)
            times.append(step[0] if step is not None else None)
            if turn.waiting == "commit" and not turn.complete and not self.speaking:
                times.append(self._write_at())
        if self.digits:
            times.append(self.digits_at + self.agent.audio.digits_pause_ms / 1000)
        if self.quiet_since is not None and not self.speaking and not self._agent_has_floor:
            times.append(self.quiet_since + self._idle_s)
        if self.model.spare_ready and self.model.quiet:
            times.append(0.0)
        due = self.play.next_due(0.0)
        times.append(self.play.marks_until() if due is None else due + BEATS_LATE_S)
        return min((time for time in times if time is not None), default=None)

    @property
    def _idle_s(self) -> float:
        told = self.agent.turn_taking.reminder_trigger_ms
        return (self.agent.audio.idle_ms if told is None else told) / 1000

    def _tick(self, now: float) -> None:
        before = self.model.furnished
        self.model.tick(now)
        if self.model.spare_ready:
            self.model.advance(now)
        self._refeed(before)
        self._pump(now)
        until = self.play.marks_until()
        if until is not None and now >= until:
            self._note("marks_missing")
            for heard in self.play.give_up_marks():
                self._heard_out(heard)
            self._settle_turn(now)
        decision = self.barge.tick(now)
        if decision is not None:
            self._decided(decision, now)
        pause = self.agent.audio.digits_pause_ms / 1000
        if self.digits and now >= self.digits_at + pause:
            self._digits_done(now)
        if self.ending_by is not None and now >= self.ending_by:
            self._end(now, say="" if self.pending is None else self.pending.line)
            return
        turn = self.turn
        if turn is not None and not turn.complete:
            if turn.waiting == "commit" and now >= self._write_at():
                self._run_tools(now)
            step = next_step(turn, self.agent.turn_taking)
            if step is not None and now >= step[0]:
                self._step(turn, step[1], now)
        if self.quiet_since is not None and now >= self.quiet_since + self._idle_s:
            self._idle(now)

    def _idle(self, now: float) -> None:
        """Nobody has said anything for a while."""
        if self.speaking or self._agent_has_floor or self.pending is not None:
            return
        self.quiet_since = None
        self.idle_prompts += 1
        told = self.agent.turn_taking.reminder_max_count
        limit = self.agent.audio.idle_prompts if told is None else told
        self._note("idle", prompts=self.idle_prompts)
        if self.idle_prompts > limit:
            self._say_farewell(self.agent.lines.goodbye, now)
        else:
            self._ask(self._begin_turn(now), now, note=SILENT)

    @property
    def transcript(self) -> tuple[Utterance, ...]:
        """What was said, as heard."""
        return tuple(Utterance(role, text) for role, text in self.record.as_heard())

    def to_state(self) -> dict[str, Any]:
        """A JSON value from which `restore` makes the same call."""
        return {
            "version": 1,
            "channel": "audio",
            "started_at": self.started_at,
            "details": self.details,
            "history": self.model.history.to_state(),
            "session": self.model.number,
            "turn": self.turn.to_state() if self.turn else None,
            "tools": self.tools.to_state(),
            "late": list(self.late),
            "pending": self.pending.to_state() if self.pending else None,
            "record": self.record.to_state(),
            "ledger": self.ledger.to_state(),
            "interruptions": self.interruptions,
            "turns": self.turns,
            "idle_prompts": self.idle_prompts,
            "ended": self.ended,
            "ending": self.ending,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state that `to_state` gave; `resume` is called next."""
        self.started_at, self.details = state["started_at"], state["details"]
        self.model.history = History.from_state(state["history"])
        self.model.number = state["session"]
        self.turn = Turn.from_state(state["turn"]) if state["turn"] else None
        self.tools = ToolCalls.from_state(self.call_id, state["tools"])
        self.late = list(state.get("late", ()))
        self.pending = PendingAction(**state["pending"]) if state["pending"] else None
        self.record = SpokenRecord.from_state(state["record"])
        self.ledger.restore(state["ledger"])
        self.interruptions, self.turns = state["interruptions"], state["turns"]
        self.idle_prompts = state["idle_prompts"]
