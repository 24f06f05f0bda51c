"""The caller's side of an audio call: their voice, their words, their keys, and who has the floor.

A sound of the caller's is a turn where the agent is silent. Where the agent has the floor, being
audible or about to speak, `app.core.audio.barge_in` decides what it is, and only an interruption is
a turn. Its words may come after that decision and can still turn a remark into an interruption.
"""

from __future__ import annotations

from base64 import b64encode

from app.core.agent.definition import ServerVad
from app.core.audio.answers import ENDING_S
from app.core.audio.barge_in import Decision, Verdict
from app.core.audio.session_config import speech_seconds
from app.core.audio.state import SEGMENTS, Segment
from app.core.audio.tools import AudioTools
from app.core.audio.transcript import heard_part
from app.core.call.events import SaveState
from app.core.call.pending_action import PendingAction, after_words
from app.core.language.backchannel import Floor, floor_after
from app.protocol import realtime
from app.protocol.twilio import BYTES_PER_MS

#: With less than this left to play the agent is as good as finished: a sound is an answer.
NEARLY_DONE_MS = 700
#: How long the words of a sound are waited for before the call ends without them.
WORDS_S = 2.5
_TAKEN_BACK = "[The caller spoke before the call was ended or transferred: it did not happen.]"


class AudioFloor(AudioTools):
    """What becomes of the caller's audio."""

    def _caller_audio(self, audio: bytes, now: float) -> None:
        """A frame of the caller's; called fifty times a second."""
        self.recent.add(audio)
        sound = self.levels.hear(audio)
        decision = self.barge.level(sound, len(audio) / (BYTES_PER_MS * 1000), now)
        if decision is not None:
            self._decided(decision, now)
        ready = self.gather.add(audio)
        if ready is not None and self.model.link == "ready":
            self.model.feed(ready if self.codec is None else self.codec.up(ready))
        self._pump(now, beat=True)

    @property
    def _agent_has_floor(self) -> bool:
        """Whether the agent speaks, or is about to."""
        model = self.model
        return self.play.pending or not model.gate.free or model.wanted is not None

    def _speech_started(self, event: realtime.SpeechStarted, now: float) -> None:
        padding = 0
        if isinstance(self.agent.audio.turn_detection, ServerVad):
            padding = self.agent.audio.turn_detection.prefix_padding_ms
        begin = max(0, self.recent.total - (padding + 200) * BYTES_PER_MS)
        segment = Segment(event.item_id, now, event.audio_start_ms, begin)
        self.speaking, self.segment = True, segment
        if not self.barge.deciding:
            self.undecided.clear()
        self.segments[event.item_id] = segment
        if len(self.segments) > SEGMENTS:
            del self.segments[next(iter(self.segments))]
        self.caller_spoke_at, self.quiet_since = now, None
        if not self._agent_has_floor or (self.pending is not None and self._protected):
            return
        segment.floor = self._whose_floor(now)
        self.undecided.append(segment)
        decision = self.barge.started(segment.floor, now)
        if decision is not None:
            self._decided(decision, now)

    @property
    def _protected(self) -> bool:
        return self.agent.turn_taking.protect_actions

    def _whose_floor(self, now: float) -> Floor:
        """Whether the agent is in the middle of something, or the caller may answer."""
        turn = self.turn
        if not self.play.pending:
            return Floor.CALLER
        over = turn is None or turn.waiting == "nothing"
        if over and self.play.left_ms(now) < NEARLY_DONE_MS:
            return Floor.CALLER
        return floor_after(self._heard_of_agent(now))

    def _heard_of_agent(self, now: float) -> str:
        """The agent's last words that were heard: its transcript runs ahead of its voice."""
        for entry in reversed(self.record.entries):
            if entry.role == "agent" and entry.text:
                heard = self.play.heard(entry.item_id, now)
                if heard is None:
                    return entry.text
                words = heard_part(entry.text, heard.heard_ms, heard.received_ms)
                if words:
                    return words
        return ""

    def _speech_stopped(self, event: realtime.SpeechStopped, now: float) -> None:
        self.speaking, self.caller_spoke_at = False, now
        segment = self.segments.get(event.item_id)
        if segment is None:
            return
        audio = self.agent.audio
        segment.seconds = speech_seconds(audio, segment.start_ms, event.audio_end_ms)
        decision = self.barge.stopped(segment.seconds, now)
        if decision is not None:
            self._decided(decision, now)

    def _decided(self, decision: Decision, now: float) -> None:
        """Do what was decided about a sound."""
        verdict, why = decision.verdict, decision.why
        left_ms = self.play.left_ms(now)
        if verdict is Verdict.MUTE:
            if self.play.mute(now):
                self._clear()
            self._note("muted", left_ms=left_ms)
            return
        kept, _ = self.recent.since(0)
        self._note("caller_audio", why=why, pcmu=b64encode(kept).decode())
        self._note(
            "backchannel" if verdict is Verdict.RESUME else "barge_in", why=why, left_ms=left_ms
        )
        sounds = self.undecided or ([self.segment] if self.segment is not None else [])
        for segment in sounds:
            segment.remark = verdict is Verdict.RESUME
        if verdict is Verdict.RESUME:
            self.play.resume()
            self._pump(now)
            return
        self._interrupted(now)
        said = [segment for segment in sounds if segment.committed and not segment.answered]
        for segment in said:
            segment.answered = True
        if said:
            self._caller_turn(now)

    def _interrupted(self, now: float) -> None:
        """The caller takes the floor from the agent."""
        self.interruptions += 1
        self.interrupted_at = self.caller_spoke_at = now
        self._cut(now)
        turn = self.turn
        if turn is not None and not turn.complete and turn.waiting not in ("tool", "commit"):
            self._told(turn, "interrupted", now)
        self.out.append(SaveState())

    def _committed(self, event: realtime.Committed, now: float) -> None:
        """The session has made an item of what the caller said."""
        self.speaking = False
        self.model.caller_item(event.item_id, event.previous_item_id)
        self.record.begin(event.item_id, "user", now)
        segment = self.segments.get(event.item_id)
        if segment is None:
            segment = self.segments[event.item_id] = Segment(event.item_id, now)
        segment.committed, segment.committed_at = True, now
        if segment.remark or self.barge.deciding:
            return
        if self.pending is not None:
            # Whether the call still ends depends on the words.
            if self.agent.audio.transcription is None:
                self._words_while_ending(segment, now)
            return
        segment.answered = True
        self._caller_turn(now)

    def _caller_words(self, event: realtime.InputTranscript, now: float) -> None:
        """The transcript of something the caller said: more of it, or all."""
        segment = self.segments.get(event.item_id)
        if segment is None:
            segment = self.segments[event.item_id] = Segment(event.item_id, now, committed=True)
        segment.text = event.text if event.done else segment.text + event.text
        if event.done:
            self._words_final(segment, event, now)
        deciding = self.barge.deciding and segment is self.segment
        if deciding and not event.failed:
            decision = self.barge.heard(segment.text, event.done, now)
            if decision is not None:
                self._decided(decision, now)
        if not event.done:
            return
        if self.pending is not None and not segment.answered:
            self._words_while_ending(segment, now)
        elif segment.remark and event.failed and segment.floor is Floor.CALLER:
            self._remark_was_a_turn(segment, now)
        elif segment.remark:
            floor = self._whose_floor(now) if self._agent_has_floor else Floor.CALLER
            if segment.floor is Floor.CALLER:
                floor = Floor.CALLER
            decision = self.barge.late(segment.text, floor)
            if decision is not None:
                self._remark_was_a_turn(segment, now)

    def _words_final(self, segment: Segment, words: realtime.InputTranscript, now: float) -> None:
        segment.final = True
        settings = self.agent.audio.transcription
        if settings is not None and not words.failed:
            self.ledger.transcription(settings.model, words.usage, segment.seconds)
        self.model.caller_words(segment.item_id, segment.text.strip())
        entry = self.record.find(segment.item_id)
        if entry is not None:
            entry.text = segment.text.strip()
        if words.failed:
            self._note("transcription_failed", item_id=segment.item_id)
        self._note_heard()
        turn = self.turn
        if turn is not None and turn.waiting == "commit" and not turn.complete:
            self._run_tools(now)

    def _remark_was_a_turn(self, segment: Segment, now: float) -> None:
        """What was taken for a remark was said to be answered."""
        segment.remark, segment.answered = False, True
        if self._agent_has_floor:
            self._note("barge_in", why="late_words", left_ms=self.play.left_ms(now))
            self._interrupted(now)
        if segment.committed:
            self._caller_turn(now)
        else:
            segment.answered = False

    def _unworded_answer(self, now: float) -> bool:
        """Without transcripts, a short sound near the agent's end is taken for an answer."""
        segment = self.segment
        if self.agent.audio.transcription is not None or segment is None:
            return False
        if not segment.remark or not segment.committed or segment.floor is not Floor.CALLER:
            return False
        self._remark_was_a_turn(segment, now)
        return True

    def _words_while_ending(self, segment: Segment, now: float) -> None:
        """The caller said something while the call was being ended or handed over."""
        pending = self.pending
        if pending is None:
            return
        segment.answered = True
        settings = self.agent.audio.barge_in
        if segment.final or segment.seconds < settings.speech_ms / 1000:
            answer = after_words(pending, segment.text, self.agent)
        else:
            answer = "taken_back"
        if answer == "taken_back":
            self._note("action_taken_back", action=pending.kind)
            self.pending, self.ending_by = None, None
            self._caller_turn(now, note=_TAKEN_BACK)
        elif not self._agent_has_floor:
            self._end(now)

    def _words_awaited(self, now: float) -> bool:
        """Whether the words of a sound are still to come and worth waiting for."""
        segment = self.segment
        if self.speaking:
            return True
        if segment is None or segment.final or self.agent.audio.transcription is None:
            return False
        return not segment.answered and now - self.caller_spoke_at < WORDS_S

    def _agent_silent(self, now: float) -> None:
        """All that the agent had to say was heard."""
        if self.pending is not None:
            if self._words_awaited(now):
                self.ending_by = now + WORDS_S
            else:
                self._end(now)
            return
        if self._unworded_answer(now) or self.speaking:
            return
        if self.time_up:
            self._say_farewell(self.agent.lines.time_up, now)
            return
        missing = self.lines.next_missing() if self.model.link == "ready" else None
        if missing is not None:
            self.model.aside(*missing)

    def _pressed(self, digit: str, now: float) -> None:
        """The caller pressed a key. A key is no remark: the agent stops."""
        self._note("digit")
        self.quiet_since = None
        if self._agent_has_floor and self.pending is None:
            self.barge.abandon()
            self._interrupted(now)
        if digit != "#" and len(self.digits) < 64:
            self.digits += digit
            self.digits_at = now
        else:
            self._digits_done(now)

    def _digits_done(self, now: float) -> None:
        """No more keys for now: the model is told."""
        digits, self.digits = self.digits, ""
        spelled = " ".join(digits) or "#"
        text = f"[Keys pressed on the telephone: {spelled}]"
        self.model.append("user", text)
        self.record.begin(self.model.history.items[-1].id, "user", now).text = text
        self._note_heard()
        if self.pending is None:
            self._caller_turn(now)

    def _say_farewell(self, line: str, now: float) -> None:
        """End the call after saying `line`."""
        self.pending = PendingAction("end", line)
        self.ending_by = now + ENDING_S
        self._ask(self._begin_turn(now), now, say=line)
