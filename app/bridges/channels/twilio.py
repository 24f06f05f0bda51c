"""One call on a telephone's media stream: `AudioCall` decides, `LiveCall` performs.

The flight record holds no voices: how long and how loud they were, and the last two seconds of the
caller's where they were decided about. Where the agent's file says so, the sound is recorded.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import gevent

from app import logs
from app.adapters.agents import prices
from app.adapters.audio.prerecorded import LineStore
from app.adapters.calls.sound import SoundStore
from app.adapters.twilio.calls import TwilioCalls
from app.bridges.channels.live_call import LiveCall
from app.bridges.channels.note_uses import Use
from app.bridges.persistence.sound_recorder import SoundRecorder
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.audio.call import AudioCall
from app.core.audio.frames import Codec
from app.core.call import events
from app.core.call.notes import Note
from app.core.call.setup import Call, Setup
from app.core.record.sound import RecordingStopped, SoundChunk
from app.errors import ProtocolError, Unavailable
from app.protocol import twilio, twiml
from app.protocol.twilio import Media, Start

#: How long a stream may take to say which call it is.
START_S = 5.0
#: Frames that may come before it: Twilio sends one.
MAX_BEFORE_START = 4

log = logs.get(__name__)


def read_start(ws: Connection) -> Start | None:
    """The stream's `start` frame; None where the peer left or took too long.

    Raises `ProtocolError` for a stream of another kind.
    """
    timeout = gevent.Timeout(START_S)
    try:
        with timeout:
            for _ in range(MAX_BEFORE_START):
                message = ws.receive()
                if message is None:
                    break
                frame = twilio.parse(message)
                if isinstance(frame, Start):
                    form = (frame.encoding, frame.sample_rate, frame.channels)
                    if form != (twilio.ENCODING, twilio.SAMPLE_RATE, 1):
                        raise ProtocolError(f"audio must be 8 kHz mono mu-law, not {form}")
                    return frame
                if isinstance(frame, twilio.Media):
                    raise ProtocolError("media before start")
    except gevent.Timeout as late:
        if late is not timeout:
            raise
    return None


class PhoneChannel:
    """A telephone's stream. `details` are what is known about the call, as Retell's would be."""

    name = "twilio"
    soon_s = 0.1

    def __init__(
        self, start: Start, agent: Agent, details: dict[str, Any], lines: LineStore
    ) -> None:
        self._start = start
        self._agent = agent
        self._details = details
        self._lines = lines
        self._sound: SoundRecorder | None = None

    def serve(self, live: LiveCall) -> None:
        """Begin or resume the call, then feed it the stream's frames."""
        state = live.take()
        if state is not None and state.get("channel") != "audio":
            raise ProtocolError("this call is on another channel")
        try:
            self._agent = live.kept.kept_agent() or self._agent
        except Unavailable:
            live.ws.abort("the agent's version cannot be fetched")  # Twilio asks what to do
            return
        agent = live.services.catalog.equip(self._agent)
        today = dt.datetime.fromtimestamp(time.time(), dt.UTC).date()
        setup = Setup(
            live.call_id,
            agent,
            live.services.settings.realtime_model,
            prices.load().on(today),
            dict(self._details),
            stream=self._start.stream_sid,
            lines=self._known_lines(),
            back_from=self._start.parameters.get("back_from", ""),
            back_why=self._start.parameters.get("back_why", ""),
        )
        codec = _pcm_codec() if agent.audio.format == "pcm" else None
        call = AudioCall(setup, codec=codec)
        if agent.recording.enabled:
            self._sound = self._recorder(live, call, announced=state is not None)
        try:
            live.begin(call, setup, state)
            self._feed(live)
        finally:
            if self._sound is not None:
                self._sound.close()
                self._sound = None

    def _feed(self, live: LiveCall) -> None:
        """Feed the stream's frames until there are no more."""
        sound = self._sound
        while (message := live.ws.receive()) is not None:
            frame = twilio.read(message)
            if sound is not None and type(frame) is Media:
                sound.caller(frame.audio)
            live.feed(events.FromPhone(frame))

    def _recorder(self, live: LiveCall, call: AudioCall, *, announced: bool) -> SoundRecorder:
        store = SoundStore(live.services.redis, live.services.settings)
        keep_s = call.agent.recording.keep_s

        def write(chunk: SoundChunk) -> bool:
            return store.keep(live.call_id, chunk, keep_s)

        def stopped(why: str) -> None:
            now = live.clock()
            live.perform(RecordingStopped(why), now)
            live.perform(events.SaveState(), now)

        return SoundRecorder(write, stopped, lambda: call.began_at, live.clock, announced=announced)

    def perform(self, live: LiveCall, actions: events.Actions, now: float) -> None:
        """Frames that follow one another leave in one write."""
        frames: list[str] = []
        sound = self._sound
        for action in actions:
            if isinstance(action, events.ToPhone):
                frames.append(action.frame)
                if sound is not None:
                    sound.agent(action, now)
                continue
            if frames:
                live.ws.send_all(frames)
                frames = []
            if isinstance(action, events.KeepLine):
                live.tasks.spawn(self._lines.keep, self._agent, action.text, action.audio)
            elif isinstance(action, events.EndCall):
                live.tasks.spawn(self._end, live, action)
            else:
                live.perform(action, now)
        if frames:
            live.ws.send_all(frames)

    def noted(self, live: LiveCall, note: Note, use: Use) -> None:
        """Nobody watches."""

    def fed(self, live: LiveCall, event: events.Event) -> None:
        """Nothing more follows."""

    def is_over(self, live: LiveCall, call: Call) -> bool:
        """Without a `stop` and not by us, the stream is lost and the call is not. Who was handed
        over may come back; `POST /twilio/dialed` ends the call otherwise."""
        if not isinstance(call, AudioCall) or call.closing.handed_over:
            return False
        return call.closing.ended and not call.dropped

    def _known_lines(self) -> dict[str, bytes]:
        try:
            return self._lines.known(self._agent)
        except Unavailable:
            return {}

    def _end(self, live: LiveCall, action: events.EndCall) -> None:
        """The call is over, or goes to somebody else. Closing the stream has Twilio ask what to do
        (`POST /twilio/next`), which reads it from the saved state; telling it is faster."""
        live.kept.writer.save_now()
        calls = TwilioCalls.from_settings(live.services.settings_of(self._agent))
        if calls is not None and action.kind == "end" and action.say:
            language = self._agent.language
            try:
                calls.instruct(live.call_id, twiml.hangup_twiml(action.say, language=language))
            except Unavailable as error:
                log.warning("Twilio did not take instructions", extra={"why": error.message})
        live.ws.close(1000, action.kind)


def _pcm_codec() -> Codec:
    # numpy and soxr take 50 MB; only agents with `audio.format: pcm` need them.
    from app.adapters.audio.resample import PcmCodec

    return PcmCodec()


def serve(services: Services, ws: Connection, call_id: str, channel: PhoneChannel) -> None:
    """Serve one stream of a call until it closes."""
    LiveCall(services, ws, call_id, channel).run()
