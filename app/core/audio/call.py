"""One call on a media stream, of a telephone or a browser: every event in, every decision out.

No I/O happens here. `AudioCall` is made of parts that own what they decide about and return
actions: `CallerFloor` (the caller's sounds and words), `Answering` (how a turn is answered),
`AudioTools`, `AgentVoice` (what is played and was heard), `Continuity` (lost sessions), `Closing`
(the end), `ModelSide` (what the session says), `Timing` (what is due), and the parts all channels
share. It puts them together and routes.
"""

from __future__ import annotations

from typing import Any

from app.core.agent.definition import Agent
from app.core.audio.answering import Answering
from app.core.audio.caller_audio import CallerAudio
from app.core.audio.closing import Closing
from app.core.audio.continuity import Continuity
from app.core.audio.floor import CallerFloor
from app.core.audio.frames import Codec
from app.core.audio.hearing.barge_in import BargeIn
from app.core.audio.hearing.silence import NoiseWatch, Silence
from app.core.audio.hearing.sounds import Sounds
from app.core.audio.keypad import Keypad
from app.core.audio.model_side import ModelSide
from app.core.audio.prerecorded import VoiceLines
from app.core.audio.session import SpokenItems, condense
from app.core.audio.session_config import audio_session
from app.core.audio.timing import Timing
from app.core.audio.tools import AudioTools
from app.core.audio.transcript import SpokenRecord
from app.core.audio.voice import AgentVoice
from app.core.call import events, notes, step_in
from app.core.call.ending import Ending
from app.core.call.events import Actions, DropSocket, SaveState
from app.core.call.setup import Setup
from app.core.call.state import CallState
from app.core.call.step_in import with_guidance
from app.core.call.tool_runner import ToolRunner
from app.core.call.waiting import Change
from app.core.realtime.history import History
from app.core.realtime.session import ModelSession
from app.protocol import twilio
from app.protocol.retell_llm import Utterance


class AudioCall:
    """The decisions of one call. Times are Unix seconds, given by whoever owns the call."""

    def __init__(self, setup: Setup, *, codec: Codec | None = None) -> None:
        agent = setup.agent
        self.state = state = CallState(agent, setup.details, setup.back_note())
        self.model = model = ModelSession(condense)
        self.cost = setup.meter()
        self.record = record = SpokenRecord()
        self.ending = ending = Ending(agent)
        self.closing = closing = Closing(ending, model, record)
        self.silence = silence = Silence(agent)
        self.sounds = sounds = Sounds(
            agent, BargeIn(agent.audio.barge_in, agent.turn_taking), NoiseWatch(agent)
        )
        keypad = Keypad(agent.audio.digits_pause_ms / 1000)
        self.tools = runner = ToolRunner(setup.call_id, agent, model)
        items = SpokenItems(model)
        lines = VoiceLines(agent, setup.lines)
        self.voice = voice = AgentVoice(agent, setup.stream, lines, items, record, codec)
        caller = CallerAudio(agent.audio, model, codec)
        continuity = Continuity(model, voice, caller, sounds, record)
        self.answering = answering = Answering(
            state, model, items, runner, ending, closing, voice, continuity, silence, record
        )
        self.audio_tools = audio_tools = AudioTools(
            state, model, runner, ending, closing, voice, sounds, answering
        )
        self.floor = floor = CallerFloor(
            state,
            model,
            items,
            record,
            caller,
            sounds,
            keypad,
            silence,
            voice,
            ending,
            closing,
            answering,
        )
        self.model_side = ModelSide(
            state,
            model,
            self.cost,
            record,
            closing,
            silence,
            voice,
            caller,
            continuity,
            answering,
            audio_tools,
            floor,
        )
        self.timing = Timing(
            state,
            model,
            ending,
            closing,
            silence,
            sounds,
            keypad,
            voice,
            answering,
            audio_tools,
            floor,
            self.model_side,
        )

    @property
    def agent(self) -> Agent:
        """Who answers."""
        return self.state.agent

    @property
    def dropped(self) -> bool:
        """Whether the stream was dropped so that the call goes on elsewhere."""
        return self.state.dropped

    @property
    def began_at(self) -> float:
        """When it began (Unix seconds); 0 before that."""
        return self.state.started_at

    @property
    def awaits_words(self) -> bool:
        """Whether the caller has said something of which the words are not known yet."""
        return self.record.awaits_words

    @property
    def transcript(self) -> tuple[Utterance, ...]:
        """What was said, as heard."""
        return tuple(Utterance(role, text) for role, text in self.record.as_heard())

    def start(self, now: float) -> Actions:
        """The stream begins."""
        self.state.started_at = now
        actions = self._configure() + self.model.open()
        return self._finish([*actions, *self.answering.greet(now), SaveState()])

    def resume(self, state: dict[str, Any], now: float) -> Actions:
        """A new stream for a call that goes on: no greeting, nothing forgotten."""
        self._restore(state)
        actions: Actions = [*self._configure(), notes.CallResumed(), *self.model.open()]
        if self.state.is_back:
            # What is saved still says that they are put through.
            actions.append(SaveState())
        actions += self.tools.resume()
        turn = self.state.open_turn
        if turn is None:
            turn, begun = self.answering.begin_turn(now)
            actions += begun
        pending = self.ending.pending
        if self.tools.calls.awaited:
            turn.wait.on(Change.RUN, now)
            actions += self.audio_tools.run(now)
        elif pending is not None:
            actions += self.answering.ask(turn, now, say=pending.line)
        else:
            actions += self.answering.ask(turn, now, note=self.state.back_note)
        return self._finish(actions)

    def _configure(self) -> Actions:
        state = self.state
        return self.model.configure(
            with_guidance(audio_session(state.agent, state.details, state.started_at), state)
        )

    def handle(self, event: events.Event, now: float) -> Actions:
        """The actions that follow from `event` at `now`, in order."""
        # Nearly all events are frames of audio, one way or the other.
        if isinstance(event, events.FromPhone):
            actions = self._from_phone(event.frame, now)
        elif isinstance(event, events.FromModel):
            actions = self.model_side.event(event, now)
        else:
            actions = self._decide(event, now)
        return self._finish(actions)

    def _decide(self, event: events.Event, now: float) -> Actions:
        if isinstance(event, events.Tick):
            return self.timing.tick(now)
        if isinstance(event, events.ToolDone):
            return self.audio_tools.answered(event, now)
        if isinstance(event, events.ModelOpened):
            return self.model_side.opened(event, now)
        if isinstance(event, events.ModelLost):
            return self.model_side.lost(event, now)
        if isinstance(event, events.StepIn):
            return self._stepped_in(event, now)
        if isinstance(event, events.Drain):
            self.state.draining = True
        return []

    def _stepped_in(self, event: events.StepIn, now: float) -> Actions:
        """Somebody at the console acts on the call."""
        noted: Actions = [step_in.noted(event)]
        if self.closing.ended:
            return []
        if step_in.guide(self.state, event):
            return [*noted, SaveState(), *self._configure()]
        return noted + self.answering.interject(step_in.begin(self.ending, event), now)

    def _finish(self, actions: Actions) -> Actions:
        """After each event: a fresh connection waits while somebody speaks; a process that leaves
        drops the stream once nobody does."""
        state, sounds = self.state, self.sounds
        talking = sounds.speaking or self.voice.play.pending
        self.model.hold = talking or sounds.barge.deciding
        if not state.draining or state.dropped or talking:
            return actions
        if state.open_turn is None and not self.closing.ended:
            state.dropped = True
            actions = [*actions, SaveState(), DropSocket()]
        return actions

    # The phone

    def _from_phone(self, frame: twilio.Frame | twilio.Malformed, now: float) -> Actions:
        if self.closing.ended:
            return []  # nothing of the caller's changes how it ended
        if isinstance(frame, twilio.Media):
            actions = self.floor.audio(frame.audio, now)
            actions += self.voice.pump(now, beat=True)
            return actions
        if isinstance(frame, twilio.Malformed):
            return [notes.BadFrame(frame.error)]
        if isinstance(frame, twilio.Mark):
            return self.voice.mark(frame.name, now) + self.model_side.settle(now)
        if isinstance(frame, twilio.Dtmf):
            return self.floor.pressed(frame.digit, now)
        if isinstance(frame, twilio.Stop):
            return self.closing.caller_left()
        return [notes.UnknownFrame(frame.event)] if isinstance(frame, twilio.Other) else []

    def deadline(self) -> float | None:
        """When a `Tick` is due, if ever."""
        return self.timing.deadline()

    # What is kept

    def summary(self) -> dict[str, Any]:
        """Fields of the call's record."""
        pending = self.ending.pending
        return {
            **self.state.summary(),
            "unheard": self.sounds.noise.asked,
            "pending_action": pending.kind if pending else "",
        }

    def to_state(self) -> dict[str, Any]:
        """A JSON value to `resume` from. Version 1 is read by older processes too."""
        return {
            "version": 1,
            "channel": "audio",
            **self.state.to_state(),
            **self.tools.to_state(),
            "history": self.model.conversation.history.to_state(),
            "session": self.model.number,
            "pending": self.ending.to_state(),
            "record": self.record.to_state(),
            "ledger": self.cost.to_state(),
            "idle_prompts": self.silence.prompts,
            "unheard": self.sounds.noise.to_state(),
            "ended": self.closing.ended,
            "ending": self.closing.outcome,
        }

    def _restore(self, state: dict[str, Any]) -> None:
        self.state.restore(state)
        self.model.conversation.history = History.from_state(state["history"])
        self.model.connection.number = state["session"]
        self.tools.restore(state)
        self.ending.restore(state["pending"])
        self.record.entries = SpokenRecord.from_state(state["record"]).entries
        self.cost.restore(state["ledger"])
        self.silence.prompts = state["idle_prompts"]
        self.sounds.noise.restore(state.get("unheard"))
