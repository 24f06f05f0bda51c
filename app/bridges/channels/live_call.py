"""One call on one socket, whatever the channel: what its core decides is performed.

Nothing here waits on the path of a frame: sockets take what is sent at once or queue it, and
whatever talks to Redis or opens a connection has a greenlet of its own.
"""

from __future__ import annotations

import functools
from typing import Any, Protocol

from gevent.event import Event as Signal

from app import logs, metrics
from app.bridges import calls_here
from app.bridges.channels.model_sockets import ModelSockets
from app.bridges.channels.note_uses import USES, Use
from app.bridges.channels.tool_desk import ToolDesk
from app.bridges.clock import CallClock
from app.bridges.persistence.flight_recorder import FlightRecorder
from app.bridges.persistence.kept_call import KeptCall
from app.bridges.services import Services
from app.bridges.socket import Connection
from app.bridges.tasks import Tasks
from app.bridges.ticker import Ticker
from app.core.call import events, notes
from app.core.call.notes import Note
from app.core.call.setup import Call, Setup
from app.protocol.twilio import Media

#: How long what still runs beside a call may take once its socket is closed.
LAST_TASKS_S = 5.0

log = logs.get(__name__)


class Channel(Protocol):
    """What belongs to one kind of socket. `soon_s`: a deadline may be met that much late."""

    name: str
    soon_s: float

    def serve(self, live: LiveCall) -> None:
        """Begin or resume the call, then feed it the socket's frames until there are no more."""

    def perform(self, live: LiveCall, actions: events.Actions, now: float) -> None:
        """Perform what was decided, in order; `LiveCall.perform` does what all channels share."""

    def noted(self, live: LiveCall, note: Note, use: Use) -> None:
        """A note was dealt with as the table says."""

    def fed(self, live: LiveCall, event: events.Event) -> None:
        """An event was decided upon, and all that followed was performed."""

    def is_over(self, live: LiveCall, call: Call) -> bool:
        """Whether the call is over, now that its socket is closed."""


class LiveCall:
    """Runs one socket of one call; `run` returns when the socket is closed."""

    def __init__(self, services: Services, ws: Connection, call_id: str, channel: Channel) -> None:
        self.services = services
        self.ws = ws
        self.call_id = call_id
        self.channel = channel
        self.clock = CallClock()
        self.kept = KeptCall(services, call_id, channel.name, self._superseded, self.clock)
        self.recorder = FlightRecorder(functools.partial(services.calls.record, call_id))
        self.tasks = Tasks(call_id)
        self.models = ModelSockets(services.model, self.tasks, self.feed)
        self.tools = ToolDesk(services, call_id, self.kept, self.feed)
        self.ticker = Ticker(self._tick, channel.soon_s)
        self.gone = False
        self._dropped = Signal()
        self._call: Call | None = None

    @property
    def call(self) -> Call:
        """The call; only after `begin`."""
        assert self._call is not None, "the call has not begun"
        return self._call

    def run(self) -> None:
        """Serve the socket until it closes."""
        name = self.channel.name
        logs.keep(call_id=self.call_id)
        with (
            self.services.drain.call(self.ws, self._on_drain, self.call_id),
            calls_here.entered(self.call_id, self._superseded),
        ):
            metrics.CALLS_LIVE.labels(name).inc()
            try:
                self.channel.serve(self)
            finally:
                metrics.CALLS_LIVE.labels(name).dec()
                self._leave()

    def take(self) -> dict[str, Any] | None:
        """Take the call over; the state to resume from, None for a new call."""
        self.services.replies.start()  # from now on others can tell that this process lives
        state = self.kept.take()
        self.recorder.socket = self.kept.lease.fence
        how = "new" if state is None else "resumed"
        metrics.CALLS_TOTAL.labels(self.channel.name, how).inc()
        return state

    def begin(self, call: Call, setup: Setup, state: dict[str, Any] | None) -> None:
        """Start the call, or have it go on from `state`."""
        self._call = self.kept.call = call
        self.models.use(self.services.model_of(setup.agent))
        caller = self.kept.caller
        caller.details = {**setup.details, **caller.details}
        now = self.clock()
        self.recorder.begin(now, {"channel": self.channel.name, "state": state, **setup.to_json()})
        self.tools.listen()
        if state is None:
            actions = call.start(now)
        else:
            log.info("the call goes on on a new socket")
            actions = call.resume(state, now)
            self.kept.record.count_from(call.cost.as_json())
        self._decided(actions, now)

    def feed(self, event: events.Event) -> None:
        """Decide upon one event and do what follows. Never waits."""
        call = self._call
        if self.gone or call is None:
            return
        now = self.clock()
        self.recorder.event(now, event)
        actions = call.handle(event, now)
        if actions or not _is_audio(event):
            # Audio that leads to nothing brings no deadline nearer.
            self._decided(actions, now)
        self.channel.fed(self, event)

    def _decided(self, actions: events.Actions, now: float) -> None:
        for action in actions:
            self.recorder.action(now, action)
        self.channel.perform(self, actions, now)
        if not self.gone:
            self.ticker.arm(self.call.deadline, now)

    def perform(self, action: events.Action, now: float) -> None:
        """Perform one action that is common to all channels."""
        if isinstance(action, events.ToModel):
            self.models.send(action)
        elif isinstance(action, Note):
            self._note(action, now)
        elif isinstance(action, events.SaveState):
            self.kept.writer.save()
        elif isinstance(action, events.RunTool):
            self.tasks.spawn(self.tools.ask, action)
        elif isinstance(action, events.OpenModel):
            who = self.kept.caller.safety_identifier
            self.tasks.spawn(self.models.open, action, who)
        elif isinstance(action, events.CloseModel):
            self.models.close(action.session)
        elif isinstance(action, events.DropSocket):
            self._dropped.set()

    def _note(self, note: Note, now: float) -> None:
        use = USES[type(note)]
        if isinstance(note, notes.CallDetailsGiven):
            self.kept.caller.details = note.call
        if use.keep is not None:
            use.keep(self.kept.record, note, now)
        if use.count is not None:
            use.count(note, self.channel.name)
        if use.log is not None:
            log.log(*use.log, extra=note.about)
        if use.flight:
            self.recorder.keep(now, {note.kind: note.about})
        self.channel.noted(self, note, use)

    def _tick(self) -> None:
        logs.keep(call_id=self.call_id)  # the timer's greenlet begins with nothing bound
        if self.gone:
            return
        now = self.clock()
        deadline = self.call.deadline()
        if deadline is not None and deadline <= now:
            self.feed(events.Tick())
        else:
            self.ticker.arm(self.call.deadline, now)

    def _superseded(self) -> None:
        """A newer socket owns the call: this one stops at once."""
        if not self.gone:
            log.info("a newer socket took the call over")
            self._stop()
            self.kept.lease.lose()
            self.ws.abort("superseded")

    def _on_drain(self, seconds: float) -> None:
        self.feed(events.Drain())
        self._dropped.wait(seconds)
        self.kept.writer.save_now()

    def _stop(self) -> None:
        self.gone = True
        self.ticker.stop()
        self.tools.close()
        self.models.close_all()

    def _leave(self) -> None:
        """The socket is closed: write what is left, and say whether the call is over. Undoes the
        circles among this call's objects, so that they are freed at once: the garbage collector
        would have to stop all calls to find them."""
        stopped_before = self.gone
        self._stop()
        self.tasks.join(LAST_TASKS_S)
        self.recorder.flush(last=True)
        if not stopped_before and self._call is not None:
            self.kept.leave(over=self.channel.is_over(self, self._call))
        self.kept.close()


def _is_audio(event: events.Event) -> bool:
    return isinstance(event, events.FromPhone) and isinstance(event.frame, Media)
