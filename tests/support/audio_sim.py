"""A whole audio call in virtual time: the core, a telephone, and the rehearsal model's session.

Everything is pure, so a minute of talk takes a fraction of a second and comes out the same each
time. The model's session refuses what the service would refuse: `violations` must stay empty.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Self

from app.adapters.agents import files, prices
from app.core.agent.definition import Agent
from app.core.audio.call import AudioCall
from app.core.audio.tones import tone
from app.core.call import events
from app.core.call.notes import Note
from app.core.call.setup import Setup
from app.protocol import twilio
from app.protocol.twilio import SILENCE
from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.faults import Fault, Faults
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Brain, Say
from app.rehearsal.realtime_server.session import Session
from app.rehearsal.realtime_server.stage import Scripted, Stage
from app.rehearsal.receptionist.policy import Receptionist
from app.rehearsal.sound.voice import Voice
from app.rehearsal.twilio_phone.handset import Handset

SID = "MZ" + "1" * 32
FRAME_S = 0.02
STEP_S = 0.01
#: 2026-11-23 10:00 in Los Angeles, a Monday.
BEGIN = 1_795_456_800.0
LOUD = tone((220, 330), 20, 12_000)


def agent(**changes: Any) -> Agent:
    """The shipped agent with some settings changed, "audio.voice" style keys included."""
    data = files.load().default.model_dump()
    for path, value in changes.items():
        place = data
        *parents, name = path.split("__")
        for parent in parents:
            place = place[parent]
        place[name] = value
    return Agent.model_validate(data)


@dataclass
class Sim:
    """One call. `tool` answers tools; None lets them run for ever."""

    agent: Agent = field(default_factory=agent)
    brain: Brain = field(default_factory=Receptionist)
    faults: list[Fault] = field(default_factory=list)
    latency: float = 0.03
    tool: Callable[[str, dict[str, Any]], dict[str, Any] | None] | None = None
    tool_s: float = 0.05
    lines: dict[str, bytes] = field(default_factory=dict)
    refuse: int = 0
    """Connections to the model that fail, from the next one on; -1 for all."""
    line: bytes = SILENCE * 160
    """What 20 ms of the caller's line sound like while the caller says nothing."""

    def __post_init__(self) -> None:
        self.now = BEGIN
        self.stage = Stage(
            brain=self.brain,
            pace=Pace(0.004, 0.04, 0.012, 0.003, 8.0),
            faults=Faults(self.faults),
        )
        self.voice = Voice("tones")
        self.handset = Handset()
        self.call = self._new_call()
        self.sessions: dict[int, Session] = {}
        self.notes: list[tuple[float, Note]] = []
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.ended: events.EndCall | None = None
        self.dropped = False
        self.kept: dict[str, bytes] = {}
        self.ran: list[tuple[float, str, dict[str, Any], str]] = []
        self.frames_out: list[tuple[float, str]] = []
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self.streams = 1
        self._speech: list[tuple[float, float]] = []
        self._frame_at = self.now
        self.gone = False

    def _new_call(self) -> AudioCall:
        return AudioCall(self.setup(SID))

    def setup(self, stream: str) -> Setup:
        """What a stream of this call begins with."""
        table = prices.load().on(date(2026, 11, 21))
        details = {"from_number": "+14155550100"}
        return Setup(
            "CA1", self.agent, "gpt-realtime-2.1", table, details, stream=stream, lines=self.lines
        )

    # -- driving ------------------------------------------------------------------------------

    def start(self) -> Self:
        """The caller is connected."""
        self._do(self.call.start(self.now))
        return self

    def resume(self) -> None:
        """The call goes on in another process, on a new stream."""
        state = json.loads(json.dumps(self.call.to_state()))
        for session in self.sessions.values():
            session.lost("process gone")
        self.sessions.clear()
        self.handset.cut_off()
        self.streams += 1
        self.call = AudioCall(self.setup("MZ2"))
        self._do(self.call.resume(state, self.now))

    def speak(self, text: str | None, seconds: float | None = None, after: float = 0.0) -> None:
        """The caller says something, in `after` seconds; None is a sound without words."""
        if text is not None:
            self.stage.hear(text)
        length = seconds if seconds is not None else max(0.3, 0.06 * len(text or ""))
        self._speech.append((self.now + after, self.now + after + length))

    def press(self, digits: str) -> None:
        """The caller presses keys."""
        for digit in digits:
            self._phone({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})

    def hang_up(self) -> None:
        """The caller leaves."""
        self._phone({"event": "stop", "streamSid": SID, "stop": {"callSid": "CA1"}})
        self.gone = True

    def script(self, *replies: Any) -> None:
        """What the model answers next, word for word."""
        for reply in replies:
            parts = reply if isinstance(reply, list) else [reply]
            self.stage.script.append(
                Scripted([Say(part) if isinstance(part, str) else part for part in parts])
            )

    def lose_model(self, code: str = "1006", *, fatal: bool = False) -> None:
        """The session in use breaks."""
        number = self.call.model.number
        session = self.sessions.pop(number, None)
        if session is not None:
            session.lost("cut")
        self._feed(events.ModelLost(number, code, fatal))

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end - 1e-9 and not self.gone:
            self._step()

    def until(self, condition: Callable[[], bool], limit: float = 30.0) -> None:
        """Let time pass until something is so; fails after `limit` seconds."""
        end = self.now + limit
        while not condition():
            assert self.now < end, "it did not come to that"
            self._step()

    def until_silent(self, quiet: float = 0.4, limit: float = 60.0) -> None:
        """Let the agent finish."""
        since, end = self.now, self.now + limit
        while self.now - since < quiet:
            assert self.now < end, "the agent does not stop"
            self._step()
            turn, spoke = self.call.state.turn, max((end for _, end in self._speech), default=0.0)
            # Voice detection tells of the end of speech after its silence.
            if (
                self.call.voice.play.pending
                or (turn and not turn.complete)
                or self.now < spoke + 1.2
            ):
                since = self.now

    def _step(self) -> None:
        self.now = round(self.now + STEP_S, 3)
        for at, order, thing in sorted(self._later, key=lambda entry: entry[:2]):
            if at <= self.now:
                self._later.remove((at, order, thing))
                thing()
        for session in list(self.sessions.values()):
            if session.deadline() <= self.now:
                session.tick(self.now)
        self._flush()
        if self.now >= self._frame_at and not self.gone:
            self._frame_at = round(self._frame_at + FRAME_S, 3)
            self.handset.play(FRAME_S)
            self._return_marks()
            loud = any(begin <= self.now < end for begin, end in self._speech)
            payload = b64encode(LOUD if loud else self.line).decode()
            self._phone({"event": "media", "media": {"payload": payload, "track": "inbound"}})
        deadline = self.call.deadline()
        if deadline is not None and deadline <= self.now:
            self._feed(events.Tick())
        self._flush()

    # -- plumbing -----------------------------------------------------------------------------

    def _soon(self, seconds: float, thing: Callable[[], None]) -> None:
        self._order += 1
        self._later.append((self.now + seconds, self._order, thing))

    def _phone(self, frame: dict[str, Any]) -> None:
        raw, stream = json.dumps({"streamSid": SID, **frame}), self.streams

        def arrive() -> None:
            if stream == self.streams:  # what was under way on a broken stream never comes
                self._feed(events.FromPhone(twilio.read(raw)))

        self._soon(self.latency, arrive)

    def _return_marks(self) -> None:
        marks, self.handset.marks[:] = self.handset.marks[:], []
        for name in marks:
            self._phone({"event": "mark", "mark": {"name": name}})

    def _feed(self, event: events.Event) -> None:
        if self.ended is None or isinstance(event, events.FromPhone):
            self._do(self.call.handle(event, self.now))

    def _do(self, actions: list[events.Action]) -> None:
        for action in actions:
            if isinstance(action, events.ToPhone):
                self._soon(self.latency, partial(self._to_phone, action.frame, self.streams))
                self.frames_out.append((self.now, json.loads(action.frame)["event"]))
            elif isinstance(action, events.ToModel):
                session = self.sessions.get(action.session)
                if session is not None:
                    self.sent.append((self.now, json.loads(action.raw)))
                    session.receive(action.raw, self.now)
            elif isinstance(action, events.OpenModel):
                self._soon(action.delay + 0.02, lambda n=action.session: self._open(n))  # type: ignore[misc]
            elif isinstance(action, events.CloseModel):
                gone = self.sessions.pop(action.session, None)
                if gone is not None:
                    gone.lost("closed")
            elif isinstance(action, events.RunTool):
                self.ran.append((self.now, action.name, action.arguments, action.key))
                self._run_tool(action)
            elif isinstance(action, Note):
                self.notes.append((self.now, action))
            elif isinstance(action, events.EndCall):
                self.ended = action
            elif isinstance(action, events.DropSocket):
                self.dropped = True
            elif isinstance(action, events.KeepLine):
                self.kept[action.text] = action.audio

    def _to_phone(self, frame: str, stream: int) -> None:
        if not self.gone and stream == self.streams:
            self.handset.take(frame)
            self._return_marks()

    def _run_tool(self, action: events.RunTool) -> None:
        output = self.tool(action.name, action.arguments) if self.tool else None
        if output is not None:
            done = events.ToolDone(action.tool_call_id, bool(output.get("ok", True)), output)
            self._soon(self.tool_s, lambda: self._feed(done))

    def _open(self, number: int) -> None:
        if self.refuse:
            self.refuse -= 1 if self.refuse > 0 else 0
            self._feed(events.ModelLost(number, "unreachable"))
            return
        session = Session(
            self.stage,
            "gpt-realtime-2.1",
            number=self.stage.next_number(),
            now=self.now,
            wall_at_start=self.now,
            faults=self.stage.faults.at_connect(self.stage.opened),
        )
        self.sessions[number] = session
        session.open()
        self._feed(events.ModelOpened(number))

    def _flush(self) -> None:
        for number, session in list(self.sessions.items()):
            while session.channel.out or session.channel.utterances:
                for request, utterance in session.channel.utterances:
                    utterance.audio, utterance.ready = self.voice.speak(request), True
                    session.voiced(request, self.now)
                session.channel.utterances.clear()
                out, session.channel.out = session.channel.out, []
                for raw in out:
                    if isinstance(raw, Drop):
                        self.sessions.pop(number, None)
                        self._feed(events.ModelLost(number, str(raw.code)))
                        break
                    self._feed(events.FromModel(number, raw))

    # -- looking ------------------------------------------------------------------------------

    @property
    def violations(self) -> list[dict[str, Any]]:
        """What the model's server refused."""
        return list(self.stage.violations)

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The notes of one kind."""
        return [note.about for _, note in self.notes if note.kind == kind]

    def types(self) -> list[str]:
        """The events sent to the model, audio left out."""
        return [e["type"] for _, e in self.sent if e["type"] != "input_audio_buffer.append"]

    @property
    def heard(self) -> list[list[str]]:
        """The transcript as heard."""
        return self.call.record.as_heard()

    @property
    def items(self) -> list[tuple[str, str]]:
        """The newest session's messages: (role, words)."""
        session = self.sessions[max(self.sessions)]
        out = []
        for item in session.channel.conversation:
            wire = item.as_seen()
            if wire["type"] == "message":
                part = wire["content"][0] if wire["content"] else {}
                out.append((wire["role"], str(part.get("text") or part.get("transcript") or "")))
        return out
