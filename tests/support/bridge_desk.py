"""A bridge in process: a scripted socket and a scripted model, and a store that can be away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import gevent
import orjson
from gevent.queue import Queue

from app.adapters.calls.leases import Lease
from app.adapters.tools.execution import Effect
from app.adapters.tools.replies import Reply
from app.bridges.channels.live_call import Channel, LiveCall
from app.bridges.drain import Drain
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.core.call.events import StepIn
from app.errors import ModelError, Unavailable
from tests.support.simulated_call import make_agent


def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Let greenlets run until something is so."""
    with gevent.Timeout(seconds):
        while not condition():
            gevent.sleep(0.002)


class ScriptedSocket:
    """The caller's socket: `put` what it sends, look at `sent`."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.writes = 0
        self.accepted = False
        self.close_code: int | None = None
        self.aborted = ""
        self._inbox: Queue[str | None] = Queue()

    def put(self, frame: dict[str, Any]) -> None:
        """A frame of the caller's."""
        self._inbox.put(orjson.dumps(frame).decode())

    def hang_up(self, code: int | None = 1000) -> None:
        """The caller's side is closed; None is a line that was cut."""
        self.close_code = code if code is not None else 1006
        self._inbox.put(None)

    def accept(self) -> None:
        self.accepted = True

    def receive(self) -> str | None:
        return self._inbox.get()

    def send(self, text: str | bytes) -> bool:
        self.writes += 1
        self.sent.append(orjson.loads(text))
        return True

    def send_all(self, texts: list[str]) -> bool:
        self.writes += 1
        self.sent += [orjson.loads(text) for text in texts]
        return True

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.hang_up(code)

    def abort(self, why: str = "") -> None:
        self.aborted = why
        self.hang_up(None)

    def flush(self, timeout: float) -> bool:
        return True


@dataclass
class ScriptedSession:
    """One session of the model's: `say` what it says, look at `got`."""

    on_event: Callable[[bytes], None]
    on_lost: Callable[[int, str], None]
    safety_identifier: str
    got: list[dict[str, Any]] = field(default_factory=list)
    closed: bool = False

    def send(self, raw: bytes) -> None:
        self.got.append(orjson.loads(raw))

    def close(self) -> None:
        self.closed = True

    def say(self, kind: str, **members: Any) -> None:
        """An event of the session's."""
        self.on_event(orjson.dumps({"type": kind, "event_id": f"e{len(self.got)}", **members}))

    def types(self) -> list[str]:
        """The kinds of events it got."""
        return [event["type"] for event in self.got]

    def asked_key(self) -> str:
        """The key of the newest response it was asked for."""
        created = [e for e in self.got if e["type"] == "response.create"]
        return str(created[-1]["response"]["metadata"]["k"])

    def answer(self, text: str, response_id: str = "resp_1") -> None:
        """A whole answer to the newest request."""
        meta = {"metadata": {"k": self.asked_key()}}
        self.say("response.created", response={"id": response_id, **meta})
        where = {"response_id": response_id, "item_id": f"item_{response_id}"}
        self.say("response.output_text.delta", delta=text, **where)
        done = {"id": response_id, "status": "completed", "output": [], **meta}
        self.say("response.done", response={**done, "usage": {"input_tokens": 5}})

    def call_tool(self, name: str, arguments: str, call_id: str = "call_1") -> None:
        """The newest request is answered with a tool call."""
        meta = {"metadata": {"k": self.asked_key()}}
        item = {"id": "fc_1", "type": "function_call", "call_id": call_id, "name": name}
        self.say("response.created", response={"id": "resp_t", **meta})
        output = [{**item, "arguments": arguments}]
        done = {"id": "resp_t", "status": "completed", "output": output, **meta}
        self.say("response.done", response=done)


class ScriptedModel:
    """The model's server. `failures` are raised by the next connections, in order."""

    def __init__(self) -> None:
        self.sessions: list[ScriptedSession] = []
        self.failures: list[ModelError] = []

    def open(
        self,
        on_event: Callable[[bytes], None],
        on_lost: Callable[[int, str], None],
        *,
        safety_identifier: str = "",
    ) -> ScriptedSession:
        gevent.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        self.sessions.append(ScriptedSession(on_event, on_lost, safety_identifier))
        return self.sessions[-1]


class Store:
    """`CallStore` in memory. While `away` every command fails; with `stalled` the next ones are
    done although their answers are given up, as when Redis is stopped for a while."""

    def __init__(self) -> None:
        self.fence = 0
        self.holder = ""
        self.state: dict[str, Any] | None = None
        self.fields: dict[str, Any] = {}
        self.turns: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.transcript: list[dict[str, Any]] = []
        self.lines: list[bytes] = []
        self.ended = self.released = False
        self.away = False
        self.stalled = 0
        self.told: list[tuple[str, int]] = []
        self.held_s = 60.0

    def _check(self) -> None:
        if self.away:
            raise Unavailable("Redis is away", code="redis")

    def take(self, call_id: str, process: str) -> Lease:
        self._check()
        self.fence += 1
        before, self.holder = self.holder, process
        if before:
            self.told.append((before, self.fence))
        if self.stalled:
            self.stalled -= 1
            raise Unavailable("no answer in time", code="redis")
        return Lease(call_id, process, self.fence, before, self.state, held_s=self.held_s)

    def was_handed(self, lease: Lease) -> bool:
        return False

    def save(
        self, call_id: str, state: dict[str, Any], *, fence: int, fields: dict[str, Any]
    ) -> bool:
        self._check()
        if fence != self.fence:
            return False
        self.state, self.fields = orjson.loads(orjson.dumps(state)), dict(fields)
        return True

    def merge(self, call_id: str, fields: dict[str, Any]) -> None:
        self._check()
        self.fields.update(fields)

    def renew(self, leases: list[Lease]) -> list[Lease]:
        self._check()
        return [lease for lease in leases if lease.fence != self.fence]

    def release(self, lease: Lease) -> bool:
        self._check()
        self.released = True
        return True

    def end(self, call_id: str, *, fields: dict[str, Any] | None = None) -> None:
        self._check()
        self.ended = True
        self.fields |= fields or {}

    def append_turn(self, call_id: str, *turns: dict[str, Any]) -> None:
        self._check()
        self.turns += turns

    def add_event(self, call_id: str, *events: dict[str, Any]) -> None:
        self._check()
        self.events += events

    def set_transcript(self, call_id: str, transcript: list[dict[str, Any]]) -> None:
        self._check()
        self.transcript = transcript

    def record(self, call_id: str, lines: list[bytes]) -> bool:
        self._check()
        self.lines += lines
        return True


class Effects:
    """Tools: what was asked for; `settled` answers at once."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.error: Exception | None = None
        self.result: dict[str, Any] | None = None

    def ask(
        self,
        call_id: str,
        key: str,
        tool: str,
        arguments: dict[str, Any],
        tool_call_id: str,
        context: dict[str, Any],
        **more: Any,
    ) -> Effect:
        if self.error is not None:
            raise self.error
        self.asked.append({"key": key, "tool": tool, "id": tool_call_id, "context": context})
        state = "asked" if self.result is None else "done"
        return Effect(call_id, key, cast(Any, state), tool, arguments, result=self.result)


class Replies:
    """The replies of this process; a test plays the worker."""

    def __init__(self) -> None:
        self.on_reply: Callable[[Reply], None] | None = None
        self.on_taken: Callable[[int], None] | None = None
        self.on_step_in: Callable[[StepIn], None] | None = None
        self.expected: list[str] = []
        self.closed = False

    def start(self) -> None:
        pass

    def subscribe(
        self,
        call_id: str,
        on_reply: Any,
        *,
        fence: int = 0,
        on_taken: Any = None,
        on_step_in: Any = None,
    ) -> Replies:
        self.on_reply, self.on_taken, self.on_step_in = on_reply, on_taken, on_step_in
        return self

    def expect(self, key: str, tool_call_id: str) -> None:
        self.expected.append(tool_call_id)

    def close(self) -> None:
        self.closed = True


class Desk:
    """One call on a scripted socket, with a scripted model."""

    def __init__(self, channel: Channel, agent: Agent | None = None, **parts: Any) -> None:
        self.agent = agent or make_agent()
        self.ws = ScriptedSocket()
        self.model = parts.get("model") or ScriptedModel()
        self.store: Store = parts.get("store") or Store()
        self.effects, self.replies = Effects(), Replies()
        self.drain = Drain(limit_s=5.0)
        agents = parts.get("agents") or Directory([self.agent], default=self.agent)
        settings = SimpleNamespace(
            realtime_model="gpt-realtime-2.1",
            record_retention_s=60,
            live_call_ttl_s=60,
            twilio_account_sid="",
            twilio_auth_token="",
        )
        services = SimpleNamespace(
            settings=settings,
            agents=agents,
            catalog=SimpleNamespace(equip=lambda agent: agent),
            redis=None,
            calls=self.store,
            effects=self.effects,
            replies=self.replies,
            model=self.model,
            model_of=lambda agent: self.model,
            settings_of=lambda agent: settings,
            drain=self.drain,
            process_id=parts.get("process", "p1"),
        )
        self.live = LiveCall(cast(Services, services), cast(Connection, self.ws), "call_1", channel)
        self.greenlet = gevent.spawn(self.live.run)

    @property
    def session(self) -> ScriptedSession:
        """The newest session of the model's, once there is one."""
        until(lambda: self.model.sessions)
        return self.model.sessions[-1]

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for a state."""
        until(condition)

    def end(self, code: int | None = 1000) -> None:
        """Close the caller's side, and wait for the call to leave."""
        self.ws.hang_up(code)
        self.greenlet.join(10)
        assert self.greenlet.dead
        if self.greenlet.exception is not None:
            raise self.greenlet.exception

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of the call's record."""
        return [event for event in self.store.events if event["kind"] == kind]
