"""The sockets to the model's server of one call, by the numbers that its core gave them."""

from __future__ import annotations

from collections.abc import Callable

import gevent

from app import logs
from app.adapters.realtime.client import RealtimeModel, Upstream
from app.bridges.tasks import Tasks
from app.core.call import events
from app.errors import ModelError

#: How the service says that another attempt cannot help.
FATAL_CLOSE = 4000

log = logs.get(__name__)


class ModelSockets:
    """Opens, feeds and closes them; what happens to them is given to `feed`."""

    def __init__(
        self, model: RealtimeModel, tasks: Tasks, feed: Callable[[events.Event], None]
    ) -> None:
        self._model = model
        self._tasks = tasks
        self._feed = feed
        self._open: dict[int, Upstream] = {}
        self._over = False

    def use(self, model: RealtimeModel) -> None:
        """Open sessions with this model from here on."""
        self._model = model

    def send(self, action: events.ToModel) -> None:
        """Send to the session of that number, if there still is one."""
        upstream = self._open.get(action.session)
        if upstream is not None:
            upstream.send(action.raw)

    def open(self, action: events.OpenModel, safety_identifier: str) -> None:
        """Open a session, after its delay. Waits for it."""
        if action.delay:
            gevent.sleep(action.delay)
        number = action.session
        try:
            upstream = self._model.open(
                lambda raw: self._feed(events.FromModel(number, raw)),
                lambda code, reason: self._lost(number, code, reason),
                safety_identifier=safety_identifier,
            )
        except ModelError as error:
            extra = {"code": error.code, "fatal": error.fatal}
            log.warning("the model's session could not be opened", extra=extra)
            self._feed(events.ModelLost(number, error.code, error.fatal))
            return
        if self._over:
            upstream.close()
            return
        self._open[number] = upstream
        self._feed(events.ModelOpened(number))

    def _lost(self, number: int, code: int, reason: str) -> None:
        log.warning("model session lost", extra={"close_code": code, "reason": reason})
        self._open.pop(number, None)
        self._feed(events.ModelLost(number, str(code), fatal=code == FATAL_CLOSE))

    def close(self, number: int) -> None:
        """Close one session."""
        upstream = self._open.pop(number, None)
        if upstream is not None:
            self._tasks.spawn(upstream.close)

    def close_all(self) -> None:
        """Close all sessions; none is opened any more."""
        self._over = True
        for number in tuple(self._open):
            self.close(number)
