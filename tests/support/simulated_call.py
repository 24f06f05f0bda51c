"""A whole call in one thread and no real time: the core against the rehearsal model's session."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any

import orjson

from app.adapters.agents import prices
from app.core.agent.definition import Agent, Budget, TurnTaking
from app.core.call import events
from app.core.call.notes import Note
from app.core.call.setup import Setup
from app.core.text.call import TextCall
from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.faults import Fault, Faults
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Call, Part, Prompt, Say
from app.rehearsal.realtime_server.session import Session
from app.rehearsal.realtime_server.stage import Scripted, Stage

START = 1_795_212_000.0
MODEL = "gpt-realtime-2.1"
PRICES = prices.load().on(date(2026, 11, 21))


def make_agent(budget: Budget | None = None, **turn_taking: Any) -> Agent:
    """An agent for tests; keywords change its turn taking."""
    return Agent(
        name="Mia",
        business="Harbor Dental",
        instructions="Book appointments.",
        time_zone="America/Los_Angeles",
        transfer_number="+14155550177",
        turn_taking=TurnTaking(**turn_taking),
        budget=budget or Budget(),
    )


class Echo:
    """A brain that answers with what it was last told, unless a script says otherwise."""

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        last = prompt.items[-1] if prompt.items else {}
        content = last.get("content") or [{}]
        return [Say(f"You said {content[0].get('text') or last.get('output')}.")]


class SimulatedCall:
    """Drives a `TextCall`. Times are virtual; `advance` lets seconds pass."""

    def __init__(
        self,
        agent: Agent | None = None,
        *,
        pace: Pace | None = None,
        tool: Callable[[events.RunTool], dict[str, Any]] | None = None,
        tool_s: float = 0.05,
        start: bool = True,
    ) -> None:
        self.now = self.began = START
        self.agent = agent or make_agent()
        self.stage = Stage(Echo(), pace or Pace(), Faults())
        self.call = TextCall(self.setup())
        self.tool = tool or (lambda run: {"ok": True, "tool": run.name})
        self.tool_s = tool_s
        self.frames: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.notes: list[Note] = []
        self.ran: list[events.RunTool] = []
        self.events: list[tuple[float, events.Event]] = []
        self.actions: list[events.Action] = []
        self.sessions: dict[int, Session] = {}
        self.dropped = False
        self.transcript: list[dict[str, Any]] = []
        self.response_id = 0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._outbox: list[events.Action] = []
        if start:
            self.begin()

    def begin(self, *, greet: bool = True) -> None:
        """The first socket of the call is there."""
        self.call = TextCall(self.setup(greet=greet))
        self._perform(self.call.start(self.now))

    def setup(self, *, greet: bool = True) -> Setup:
        """What a socket of this call begins with."""
        return Setup("call_1", self.agent, MODEL, PRICES, greet=greet)

    # -- the caller's side ----------------------------------------------------------------

    def say(self, text: str, *, wait: float = 1.0, response_id: int | None = None) -> None:
        """The caller has heard all the agent said, says `text`, and a response is required."""
        self.hear()
        self.transcript.append({"role": "user", "content": text})
        self.request(response_id)
        self.advance(wait)

    def hear(self, words: int | None = None) -> None:
        """The agent's newest speech is in the transcript, or its first `words` only."""
        spoken = self.unheard()
        if words is not None:
            spoken = "".join(w + " " for w in spoken.split()[:words])
        if spoken.strip():
            self.transcript.append({"role": "agent", "content": spoken})
        self._heard_frames = len(self.frames)

    _heard_frames = 0

    def unheard(self) -> str:
        """What was sent since the last `hear`."""
        new = [f for f in self.frames[self._heard_frames :] if f["response_type"] == "response"]
        newest = max((f["response_id"] for f in new), default=0)
        return "".join(f["content"] for f in new if f["response_id"] == newest)

    def request(self, response_id: int | None = None, *, reminder: bool = False) -> int:
        """`response_required` (or `reminder_required`) with the transcript as it stands."""
        self.response_id = response_id if response_id is not None else self.response_id + 1
        kind = "reminder_required" if reminder else "response_required"
        self.retell(interaction_type=kind, response_id=self.response_id, transcript=self.transcript)
        return self.response_id

    def retell(self, **frame: Any) -> None:
        """A frame from Retell."""
        self.feed(events.FromRetell(orjson.dumps(frame)))

    # -- the model's side -----------------------------------------------------------------

    def script(self, *replies: Sequence[Part] | str) -> None:
        """What the model's next responses are."""
        for reply in replies:
            parts = [Say(reply)] if isinstance(reply, str) else list(reply)
            self.stage.script.append(Scripted(parts))

    def fault(self, kind: str, **settings: Any) -> None:
        """A fault of the model's server."""
        self.stage.faults.add(Fault.parse({"kind": kind, **settings}))

    @property
    def session(self) -> Session:
        """The newest session that was opened."""
        return self.sessions[max(self.sessions)]

    def model_view(self) -> list[tuple[str, str]]:
        """The messages that the newest session holds."""
        seen = [item.as_seen() for item in self.session.channel.conversation]
        return [
            (wire["role"], "".join(part.get("text") or "" for part in wire["content"]))
            for wire in seen
            if wire["type"] == "message" and wire["role"] != "system"
        ]

    # -- time -----------------------------------------------------------------------------

    def feed(self, event: events.Event) -> None:
        """One event now."""
        self.events.append((self.now, event))
        self._perform(self.call.handle(event, self.now))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while."""
        heapq.heappush(self._agenda, (self.now + seconds, next(self._order), act))

    def advance(self, seconds: float) -> None:
        """Let time pass; all that is due happens in order."""
        end = self.now + seconds
        for _ in range(100_000):
            due = [(self._agenda[0][0], "agenda", 0)] if self._agenda else []
            deadline = self.call.deadline()
            if deadline is not None and not self.dropped:
                due.append((deadline, "call", 0))
            due += [(s.deadline(), "model", n) for n, s in self.sessions.items() if s.live]
            at, kind, number = min(due, default=(end + 1, "", 0))
            if at > end:
                break
            self.now = max(self.now, at)
            if kind == "agenda":
                heapq.heappop(self._agenda)[2]()
            elif kind == "call":
                self.feed(events.Tick())
                after = self.call.deadline()
                assert after is None or after > at or after > self.now, "a tick that does nothing"
            else:
                self.sessions[number].tick(self.now)
                self._pump(number)
        else:
            raise AssertionError("time does not pass")
        self.now = end

    def moved(self) -> SimulatedCall:
        """The same call in another process, which knows only the state that was saved."""
        other = SimulatedCall(
            self.agent, pace=self.stage.pace, tool=self.tool, tool_s=self.tool_s, start=False
        )
        other.now = self.now
        other.transcript, other.response_id = self.transcript, self.response_id
        other.resume(self.call.to_state())
        return other

    def resume(self, state: dict[str, Any]) -> None:
        """The call goes on on a new socket, from what was saved."""
        self._perform(self.call.resume(orjson.loads(orjson.dumps(state)), self.now))

    # -- plumbing -------------------------------------------------------------------------

    def _perform(self, actions: list[events.Action]) -> None:
        self._outbox += actions
        while self._outbox:
            action = self._outbox.pop(0)
            self.actions.append(action)
            if isinstance(action, events.ToRetell):
                self.frames.append(orjson.loads(action.frame))
                self.times.append(self.now)
            elif isinstance(action, events.ToModel):
                session = self.sessions.get(action.session)
                if session is not None and session.live:
                    session.receive(action.raw, self.now)
                    number = action.session
                    self.later(0.0, partial(self._pump, number))
            elif isinstance(action, events.OpenModel):
                number = action.session
                self.later(action.delay + 0.01, partial(self._open, number))
            elif isinstance(action, events.CloseModel):
                session = self.sessions.get(action.session)
                if session is not None:
                    session.lost("client")
            elif isinstance(action, events.RunTool):
                self.ran.append(action)
                self.later(self.tool_s, partial(self._tool_done, action))
            elif isinstance(action, Note):
                self.notes.append(action)
            elif isinstance(action, events.DropSocket):
                self.dropped = True

    def _tool_done(self, run: events.RunTool) -> None:
        output = self.tool(run)
        self.feed(events.ToolDone(run.tool_call_id, output.get("ok") is True, output))

    def _open(self, number: int) -> None:
        faults = self.stage.faults.at_connect(self.stage.next_number())
        if "refuse" in faults:
            self.feed(events.ModelLost(number, f"http_{faults['refuse'].status}", False))
            return
        session = Session(
            self.stage,
            "gpt-realtime-2.1",
            number=self.stage.opened,
            now=self.now,
            wall_at_start=self.now,
            faults=faults,
        )
        self.sessions[number] = session
        session.open()
        self.feed(events.ModelOpened(number))
        self._pump(number)

    def _pump(self, number: int) -> None:
        session = self.sessions[number]
        while session.channel.out:
            out = session.channel.out.pop(0)
            if isinstance(out, Drop):
                code = str(out.code) if out.how == "close" else "1006"
                self.feed(events.ModelLost(number, code, code == "4000"))
            else:
                self.feed(events.FromModel(number, out))

    # -- what was seen --------------------------------------------------------------------

    def responses(self, response_id: int | None = None) -> list[dict[str, Any]]:
        """The `response` frames, of one id or all."""
        return [
            f
            for f in self.frames
            if f["response_type"] == "response"
            and (response_id is None or f["response_id"] == response_id)
        ]

    def text(self, response_id: int) -> str:
        """All content that was sent for that id."""
        return "".join(f["content"] for f in self.responses(response_id))

    def completed(self, response_id: int) -> int:
        """How many frames completed that id."""
        return sum(f["content_complete"] for f in self.responses(response_id))

    def asked_model(self) -> int:
        """How many responses the model was asked for."""
        sent = [a.raw for a in self.actions if isinstance(a, events.ToModel)]
        return sum(orjson.loads(raw)["type"] == "response.create" for raw in sent)

    def noted(self, kind: str) -> list[dict[str, Any]]:
        """What was told under this kind."""
        return [note.about for note in self.notes if note.kind == kind]


def tool_call(name: str, /, **arguments: Any) -> list[Part]:
    """A scripted reply that calls a tool."""
    return [Call(name, orjson.dumps(arguments).decode())]
