"""One call on one socket, whatever the channel: its socket, model sessions and tools, performed.

The core decides; this class does. Nothing here waits on the path of a frame: sockets take what is
sent at once or queue it, and whatever talks to Redis or opens a connection has a greenlet of its
own.
"""

from __future__ import annotations

import functools
import time
from typing import Any, ClassVar

import gevent
from gevent.event import Event as Signal

from app import logs, metrics
from app.adapters.realtime.client import Upstream
from app.adapters.tools.replies import Reply, Subscription
from app.bridges.flight_recorder import FlightRecorder
from app.bridges.holder import Holder
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.core.agent.definition import Agent
from app.core.audio.call import AudioCall
from app.core.call import events
from app.core.text.call import TextCall
from app.errors import AppError, ModelError, TooMany, Unavailable

log = logs.get(__name__)
#: The calls of this process by id, so that a newer socket can cut off the older at once.
_live: dict[str, LiveCall] = {}


class LiveCall:
    """Runs one socket of one call; `run` returns when the socket is closed."""

    channel: ClassVar[str]
    call: TextCall | AudioCall

    def __init__(self, services: Services, ws: Connection, call_id: str) -> None:
        self.services = services
        self.ws = ws
        self.call_id = call_id
        self.holder = Holder(services, call_id, self.channel, self._superseded)
        self.recorder = FlightRecorder(functools.partial(services.calls.record, call_id))
        self.upstreams: dict[int, Upstream] = {}
        self.timer: gevent.Greenlet[..., None] | None = None
        self.timer_at = 0.0
        self.replies: Subscription | None = None
        self.gone = False
        #: Seconds since the first of the live sockets of this call that this one has replaced.
        self.replaced_s: float | None = None
        self.begun_at = time.monotonic()
        self.dropped = Signal()
        self._greenlets: set[gevent.Greenlet[..., None]] = set()

    def run(self) -> None:
        """Serve the socket until it closes."""
        with (
            logs.bind(call_id=self.call_id),
            self.services.drain.call(self.ws, self._on_drain, self.call_id),
        ):
            older = _live.get(self.call_id)
            _live[self.call_id] = self
            if older is not None:
                self.replaced_s = older.replaced_s or 0.0
                self.replaced_s += time.monotonic() - older.begun_at
                older._superseded()
            metrics.CALLS_LIVE.labels(self.channel).inc()
            try:
                self._serve()
            finally:
                metrics.CALLS_LIVE.labels(self.channel).dec()
                if _live.get(self.call_id) is self:
                    del _live[self.call_id]
                self._leave()
                self._let_go()

    def _serve(self) -> None:
        """Begin or resume the call, then feed it the socket's frames until there are no more."""
        raise NotImplementedError

    def _taken(self) -> dict[str, Any] | None:
        """Take the call over; the state to resume from, None for a new call."""
        state = self.holder.take()
        self.recorder.socket = self.holder.fence
        metrics.CALLS_TOTAL.labels(self.channel, "new" if state is None else "resumed").inc()
        return state

    def _begin_record(self, now: float, agent: Agent, more: dict[str, Any]) -> None:
        """What a replay needs beside the events. Nothing here keeps it once it is written."""
        about = {"call_id": self.call_id, "channel": self.channel, "agent": agent.model_dump()}
        self.recorder.begin(now, about | more)

    def _listen(self) -> None:
        """From here on tools' results reach the call."""
        self.replies = self.services.replies.subscribe(
            self.call_id, self._reply, fence=self.holder.fence, on_taken=self.holder.taken
        )

    @property
    def _over(self) -> bool:
        """Whether the call is over, now that its socket is closed."""
        return self.ws.close_code in (1000, 1001, 1005) and not self.call.dropped

    def feed(self, event: events.Event) -> None:
        """Decide upon one event and do what follows. Never waits."""
        if self.gone:
            return
        now = time.time()
        if self._recorded(event):
            self.recorder.event(now, event)
        self._perform(self.call.handle(event, now), now)

    def _recorded(self, thing: events.Event | events.Action) -> bool:
        """Whether an event or action belongs into the flight record."""
        return True

    def _perform(self, actions: list[events.Action], now: float) -> None:
        for action in actions:
            if self._recorded(action):
                self.recorder.action(now, action)
            self._do(action, now)
        self._arm(now)

    def _do(self, action: events.Action, now: float) -> None:
        """Perform one action that is common to all channels."""
        if isinstance(action, events.ToModel):
            upstream = self.upstreams.get(action.session)
            if upstream is not None:
                upstream.send(action.raw)
        elif isinstance(action, events.Note):
            self.holder.note(action, now)
        elif isinstance(action, events.SaveState):
            self.holder.save(self.call)
        elif isinstance(action, events.RunTool):
            self._spawn(self._run_tool, action)
        elif isinstance(action, events.OpenModel):
            self._spawn(self._open_model, action)
        elif isinstance(action, events.CloseModel):
            upstream = self.upstreams.pop(action.session, None)
            if upstream is not None:
                self._spawn(upstream.close)
        elif isinstance(action, events.DropSocket):
            self.dropped.set()

    def _arm(self, now: float) -> None:
        """See that a tick comes at the call's next deadline."""
        deadline = self.call.deadline()
        if deadline is None or self.gone:
            return
        if self.timer is not None and not self.timer.dead and self.timer_at <= deadline:
            return
        if self.timer is not None:
            self.timer.kill(block=False)
        self.timer_at = deadline
        self.timer = gevent.spawn_later(max(0.0, deadline - now) + 0.001, self._tick)

    def _tick(self) -> None:
        self.timer = None
        deadline = self.call.deadline()
        if deadline is not None and deadline <= time.time():
            self.feed(events.Tick())
        else:
            self._arm(time.time())

    def _open_model(self, action: events.OpenModel) -> None:
        if action.delay:
            gevent.sleep(action.delay)
        number = action.session
        try:
            upstream = self.services.model.open(
                lambda raw: self.feed(events.FromModel(number, raw)),
                lambda code, reason: self._model_lost(number, code, reason),
                safety_identifier=self.holder.safety_identifier,
            )
        except ModelError as error:
            self.feed(events.ModelLost(number, error.code, error.fatal))
            return
        if self.gone:
            upstream.close()
            return
        self.upstreams[number] = upstream
        self.feed(events.ModelOpened(number))

    def _model_lost(self, number: int, code: int, reason: str) -> None:
        log.warning("model session lost", extra={"close_code": code, "reason": reason})
        self.upstreams.pop(number, None)
        self.feed(events.ModelLost(number, str(code), fatal=code == 4000))

    def _run_tool(self, action: events.RunTool) -> None:
        if self.replies is None:
            return
        self.replies.expect(action.key, action.tool_call_id)
        try:
            if not self.holder.save_state(self.call):
                return
            effect = self.services.effects.ask(
                self.call_id,
                action.key,
                action.name,
                action.arguments,
                action.tool_call_id,
                self.holder.context(self.call.agent)
                | {"heard": [(u.role, u.content) for u in self.call.transcript[-10:]]},
                deadline_s=action.deadline,
            )
        except (Unavailable, TooMany) as error:
            log.warning("a tool could not be asked for", extra={"code": error.code})
            output = {
                "ok": False,
                "error": "The booking system is away. Say so; offer a call back.",
            }
            self.feed(events.ToolDone(action.tool_call_id, False, output))
            return
        if effect.settled:
            self._reply(Reply.of(effect, action.tool_call_id))

    def _reply(self, reply: Reply) -> None:
        output = {"ok": reply.ok, **reply.output}
        self.feed(events.ToolDone(reply.tool_call_id, reply.ok, output))

    def _spawn(self, function: Any, *arguments: Any) -> None:
        greenlet = gevent.spawn(self._guarded, function, *arguments)
        self._greenlets.add(greenlet)
        greenlet.link(self._greenlets.discard)

    def _guarded(self, function: Any, *arguments: Any) -> None:
        with logs.bind(call_id=self.call_id):
            try:
                function(*arguments)
            except AppError as error:
                metrics.ERRORS_TOTAL.labels("bridge").inc()
                log.warning("could not be done", extra={"code": error.code})
            except Exception:
                metrics.ERRORS_TOTAL.labels("bridge").inc()
                log.exception("unexpected error beside the call")

    def _superseded(self) -> None:
        """A newer socket owns the call: this one stops at once."""
        if not self.gone:
            log.info("a newer socket took the call over")
            self._stop()
            self.holder.taken()
            self.ws.abort("superseded")

    def _on_drain(self, seconds: float) -> None:
        self.feed(events.Drain())
        self.dropped.wait(seconds)
        self.holder.save_now(self.call)

    def _stop(self) -> None:
        self.gone = True
        if self.timer is not None:
            self.timer.kill(block=False)
        if self.replies is not None:
            self.replies.close()
        for upstream in self.upstreams.values():
            self._spawn(upstream.close)
        self.upstreams.clear()

    def _leave(self) -> None:
        """The socket is closed: write what is left, and say whether the call is over."""
        stopped_before = self.gone
        self._stop()
        gevent.joinall(list(self._greenlets), timeout=5)
        self.recorder.flush()
        if not stopped_before and hasattr(self, "call"):
            self.holder.leave(self.call, over=self._over)

    def _let_go(self) -> None:
        """Undo the circles among this call's objects, so that they are freed at once: the garbage
        collector would have to stop all calls to find them."""
        self.holder.let_go()
        self.replies = self.timer = None
