"""One call on a media stream: a telephone's through Twilio, or a page's microphone.

`AudioCall` decides, `LiveCall` performs; here is what belongs to the stream. Audio is not recorded
frame by frame: the flight record holds everything else, and the last two seconds of the caller's
voice where they were decided about.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import gevent
import orjson

from app import logs, metrics
from app.adapters.agents import prices
from app.adapters.audio.prerecorded import LineStore
from app.adapters.twilio.calls import TwilioCalls
from app.bridges.live_call import LiveCall
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.audio.call import AudioCall
from app.core.audio.state import Codec
from app.core.call import events
from app.core.call.cost import Ledger
from app.errors import ProtocolError, Unavailable
from app.protocol import twilio
from app.protocol.twilio import Start

#: How long a stream may take to say which call it is.
START_S = 5.0
#: Frames that may come before it: Twilio sends one.
MAX_BEFORE_START = 4
#: A timer no farther away than this is left alone: a deadline may be told that much late.
SOON_S = 0.1
#: How frames to the phone begin that are in no record.
PLAYED = ('{"event":"media"', '{"event":"mark"')
#: Where the type of a frame or an event is looked for.
HEAD = 160
#: How often a page is told of changed words, at most.
PAGE_S = 0.1
#: Entries of the transcript that may still change.
PAGE_ENTRIES = 8
#: Notes a page is told of.
PAGE_NOTES = frozenset(
    {
        "action_taken_back",
        "backchannel",
        "barge_in",
        "budget",
        "cost",
        "ending",
        "gave_up",
        "holding_line",
        "idle",
        "model_lost",
        "muted",
        "resumed",
        "tool_asked",
        "tool_done",
        "turn",
    }
)

log = logs.get(__name__)
AUDIO_LOST = metrics.counter("audio_lost_ms_total", "Caller audio no model session ever heard")
BUDGETS = metrics.counter("budgets_reached_total", "Audio calls at their budget", ("alarm",))
CALL_COST = metrics.counter("model_cost_usd_total", "Cost of audio calls by the price table")


def _is_media(raw: str | bytes) -> bool:
    return '"media"' in raw[:HEAD] if isinstance(raw, str) else b'"media"' in raw[:HEAD]


def _is_mark(raw: str | bytes) -> bool:
    return '"mark"' in raw[:HEAD] if isinstance(raw, str) else b'"mark"' in raw[:HEAD]


def _pcm_codec() -> Codec:
    # numpy and soxr take 50 MB; only agents with `audio.format: pcm` need them.
    from app.adapters.audio.resample import PcmCodec

    return PcmCodec()


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


class PhoneBridge(LiveCall):
    """A telephone call."""

    channel = "twilio"
    call: AudioCall

    def __init__(
        self,
        services: Services,
        ws: Connection,
        start: Start,
        agent: Agent,
        details: dict[str, Any],
        lines: LineStore,
    ) -> None:
        super().__init__(services, ws, start.call_sid)
        self._start = start
        self._agent = agent
        self._details = details
        self._lines = lines
        self._cost: dict[str, Any] = {}

    def _serve(self) -> None:
        state = self._taken()
        if state is not None and state.get("channel") != "audio":
            raise ProtocolError("this call is on another channel")
        agent, now = self._agent, time.time()
        today = dt.datetime.fromtimestamp(now, dt.UTC).date()
        ledger = Ledger(
            self.services.settings.realtime_model, prices.load().on(today), agent.budget
        )
        codec = _pcm_codec() if agent.audio.format == "pcm" else None
        self.call = AudioCall(self.call_id, agent, ledger, lines=self._known_lines(), codec=codec)
        self._begin_record(now, agent, {"state": state, "details": self._details})
        self.holder.details = {**self._details, **self.holder.details}
        self._listen()
        if state is None:
            self._perform(self.call.start(self._start, self._details, now), now)
        else:
            log.info("the call goes on on a new stream")
            self.call.restore(state)
            self._cost = ledger.as_json()
            self._perform(self.call.resume(self._start, now), now)
        while (message := self.ws.receive()) is not None:
            self.feed(events.FromPhone(message))

    def feed(self, event: events.Event) -> None:
        """As `LiveCall.feed`; caller audio that leads to nothing brings no deadline nearer."""
        if not isinstance(event, events.FromPhone):
            super().feed(event)
        elif not self.gone:
            now = time.time()
            media = _is_media(event.raw)
            if not media and not _is_mark(event.raw):
                self.recorder.event(now, event)
            actions = self.call.handle(event, now)
            if actions or not media:
                self._perform(actions, now)

    def _perform(self, actions: list[events.Action], now: float) -> None:
        """As `LiveCall._perform`; frames that follow one another leave in one write."""
        frames: list[str] = []
        for action in actions:
            if isinstance(action, events.ToPhone):
                frames.append(action.frame)
                if not action.frame.startswith(PLAYED):
                    self.recorder.action(now, action)
                continue
            if frames:
                self.ws.send_all(frames)
                frames = []
            if self._recorded(action):
                self.recorder.action(now, action)
            self._do(action, now)
        if frames:
            self.ws.send_all(frames)
        self._arm(now)

    def _arm(self, now: float) -> None:
        """As in `LiveCall`; a timer that fires soon is left alone and sees to the next one."""
        timer = self.timer
        if timer is None or timer.dead or self.timer_at - now > SOON_S:
            super()._arm(now)

    def _known_lines(self) -> dict[str, bytes]:
        try:
            return self._lines.known(self._agent)
        except Unavailable:
            return {}

    def _recorded(self, thing: events.Event | events.Action) -> bool:
        if isinstance(thing, events.ToModel):
            return not thing.raw.startswith(b'{"type":"input_audio_buffer.append"')
        if isinstance(thing, events.FromModel):
            # The words of a response are in its item, whole.
            head = thing.raw[:HEAD]
            return b"response.output_audio" not in head or b".delta" not in head
        return not isinstance(thing, events.Tick)

    def _do(self, action: events.Action, now: float) -> None:
        if isinstance(action, events.KeepLine):
            self._spawn(self._lines.keep, self._agent, action.text, action.audio)
        elif isinstance(action, events.EndCall):
            self._spawn(self._end, action)
        elif isinstance(action, events.Note):
            self._told(action, now)
            super()._do(action, now)
        else:
            super()._do(action, now)

    def _told(self, note: events.Note, now: float) -> None:
        """Notes that this channel has its own use for."""
        if note.kind == "caller_audio":
            self.recorder.keep(now, {"caller_audio": note.about})
        elif note.kind == "audio_lost":
            AUDIO_LOST.inc(note.about["ms"])
        elif note.kind == "cost":
            self._count(note.about)
        elif note.kind == "budget":
            BUDGETS.labels(note.about["alarm"]).inc()
            log.warning("the call has reached its budget", extra=note.about)
        elif note.kind == "wrong_format":
            log.error("the model's server speaks another audio format", extra=note.about)

    def _count(self, cost: dict[str, Any]) -> None:
        """Add to the metrics what the call has used since it was counted last."""
        before, self._cost = self._cost, cost
        CALL_COST.inc(max(0.0, cost["usd"] - before.get("usd", 0.0)))
        for modality, used in cost["tokens"].items():
            was = before.get("tokens", {}).get(modality, {})
            for direction, tokens in used.items():
                grown = max(0, tokens - was.get(direction, 0))
                metrics.MODEL_TOKENS.labels(modality, direction).inc(grown)

    def _end(self, action: events.EndCall) -> None:
        """The call is over, or goes to somebody else. Closing the stream has Twilio ask what to do
        (`POST /twilio/next`), which reads it from the saved state; telling it is faster."""
        self.holder.save_now(self.call)
        calls = TwilioCalls.from_settings(self.services.settings)
        if calls is not None and (action.kind == "transfer" or action.say):
            language = self._agent.language
            try:
                calls.instruct(
                    self.call_id,
                    twilio.closing_twiml(action.kind, action.number, action.say, language=language),
                )
            except Unavailable as error:
                log.warning("Twilio did not take instructions", extra={"why": error.message})
        self.ws.close(1000, action.kind)

    @property
    def _over(self) -> bool:
        """Without a `stop` and not by us, the stream is lost and the call is not."""
        return self.call.ended and not self.call.dropped


class PageBridge(PhoneBridge):
    """A page with a microphone: the same frames, and the words as they come."""

    channel = "browser"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._shown: dict[str, tuple[str, bool]] = {}
        self._shown_at = 0.0
        self._show_later: gevent.Greenlet[..., None] | None = None

    def feed(self, event: events.Event) -> None:
        """As `LiveCall.feed`; then tell the page what has changed."""
        super().feed(event)
        if not isinstance(event, events.FromPhone):
            self._show()

    def _told(self, note: events.Note, now: float) -> None:
        super()._told(note, now)
        if note.kind in PAGE_NOTES:
            about = {"event": "note", "kind": note.kind, "about": note.about}
            self.ws.send(orjson.dumps(about).decode())

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._shown_at < PAGE_S:
            if self._show_later is None:
                self._show_later = gevent.spawn_later(PAGE_S, self._show_rest)
            return
        self._shown_at = now
        entries = self.call.record.entries
        said = []
        for number, entry in enumerate(
            entries[-PAGE_ENTRIES:], max(0, len(entries) - PAGE_ENTRIES)
        ):
            state = (entry.text, entry.cut)
            if self._shown.get(entry.item_id) != state:
                self._shown[entry.item_id] = state
                said.append(
                    {
                        "id": entry.item_id,
                        "number": number,
                        "role": entry.role,
                        "text": entry.text,
                        "cut": entry.cut,
                    }
                )
        if said:
            self.ws.send(orjson.dumps({"event": "said", "entries": said}).decode())

    def _show_rest(self) -> None:
        self._show_later = None
        if not self.gone:
            self._shown_at = 0.0
            self._show()

    @property
    def _over(self) -> bool:
        return True
