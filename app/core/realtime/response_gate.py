"""One response of the model at a time.

The server refuses a second response while one runs, ignores a cancel that overtakes its create, may
finish a response that it never announced, and may run one that nobody here asked for. The gate
knows which request the session is busy with and what still has to be cancelled (OpenAI reference,
`response.create`, `response.cancel`; error `conversation_already_has_active_response`).

Rules of the table: a response may be asked for in IDLE only; what was cancelled before it was
announced is cancelled when it is; a response that is not ours holds the gate, unwanted, until it is
done. Requests are told apart by a key in their metadata. Some servers give no metadata back: with
one request outstanding, a response without metadata is taken for its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Where the life of a response is."""

    IDLE = "idle"
    ASKED = "asked"
    ASKED_UNWANTED = "asked_unwanted"
    RUNNING = "running"
    RUNNING_UNWANTED = "running_unwanted"


class Moment(StrEnum):
    """What can happen to it."""

    ASK = "ask"
    CANCEL = "cancel"
    ANNOUNCED = "announced"
    FOREIGN = "foreign"
    DONE = "done"


_S, _M = Stage, Moment
#: (stage, moment) -> stage. What is not here cannot happen, or changes nothing.
RESPONSE: dict[tuple[Stage, Moment], Stage] = {
    (_S.IDLE, _M.ASK): _S.ASKED,
    (_S.ASKED, _M.CANCEL): _S.ASKED_UNWANTED,
    (_S.RUNNING, _M.CANCEL): _S.RUNNING_UNWANTED,
    (_S.ASKED, _M.ANNOUNCED): _S.RUNNING,
    (_S.ASKED_UNWANTED, _M.ANNOUNCED): _S.RUNNING_UNWANTED,
    **{(stage, _M.FOREIGN): _S.RUNNING_UNWANTED for stage in Stage},
    **{(stage, _M.DONE): _S.IDLE for stage in Stage},
}


@dataclass(slots=True)
class ResponseGate:
    """The gate of one session. Keys are our own, response ids the server's.

    `since` is when the present stage began, Unix seconds.
    """

    stage: Stage = Stage.IDLE
    key: str | None = None
    response_id: str | None = None
    since: float = 0.0
    finished_id: str | None = None
    """The response that ended last: a late end of it is not the end of another."""
    echoes: bool = False
    """Whether the server gives metadata back: then a response without it is not ours."""

    @property
    def free(self) -> bool:
        """Whether a response may be asked for."""
        return self.stage is Stage.IDLE

    @property
    def cancelled(self) -> bool:
        """Whether what holds the gate is unwanted."""
        stage = self.stage
        return stage is Stage.RUNNING_UNWANTED or stage is Stage.ASKED_UNWANTED

    @property
    def asked(self) -> bool:
        """Whether a request is not announced yet."""
        return self.stage is Stage.ASKED or self.stage is Stage.ASKED_UNWANTED

    @property
    def running(self) -> bool:
        """Whether a response is announced and not over."""
        return self.stage is Stage.RUNNING or self.stage is Stage.RUNNING_UNWANTED

    def _ours(self, key: str | None) -> bool:
        """Whether a response of that key is the one that was asked for."""
        if key is not None:
            self.echoes = True
        return self.asked and (key == self.key or (key is None and not self.echoes))

    def _on(self, moment: Moment) -> None:
        self.stage = RESPONSE.get((self.stage, moment), self.stage)

    def ask(self, key: str, now: float) -> None:
        """A `response.create` with this key is being sent. Only when `free`."""
        assert self.free, "one response at a time"
        self._on(Moment.ASK)
        self.key, self.response_id, self.since = key, None, now

    def cancel(self, now: float) -> str | None:
        """The current response is unwanted. The id to cancel at once, where it is known.

        Where the response is not announced yet, `created` gives the id to cancel.
        """
        if self.free or self.cancelled:
            return None
        self._on(Moment.CANCEL)
        self.since = now
        return self.response_id

    def created(self, response_id: str, key: str | None, now: float) -> str | None:
        """The server announced a response. The id to cancel, where it is unwanted.

        `key` is None where the response carries no metadata.
        """
        if self._ours(key):
            self._on(Moment.ANNOUNCED)
            self.response_id, self.since = response_id, now
            return response_id if self.cancelled else None
        if self.running and response_id == self.response_id:
            return None
        # Not asked for by this side: it holds the session until it is done.
        self._hold(response_id, key, now)
        return response_id

    def blocked(self, response_id: str | None, now: float) -> None:
        """The server refused our request because `response_id` (None: unknown) still runs."""
        self._hold(response_id, None, now)

    def _hold(self, response_id: str | None, key: str | None, now: float) -> None:
        self._on(Moment.FOREIGN)
        self.key, self.response_id, self.since = key, response_id, now

    def refused(self) -> str | None:
        """The server refused the request for another reason. The key that is given up."""
        key = self.key
        self.reset()
        return key

    def wants(self, response_id: str) -> bool:
        """Whether this response's output may be spoken."""
        return self.stage is Stage.RUNNING and self.response_id == response_id

    def done(self, response_id: str, key: str | None) -> tuple[bool, str | None, bool]:
        """A response ended. Whether it held the gate, its key, and whether it was unwanted."""
        if self.running:
            # A block by an unknown response ends with whichever response ends next.
            held = self.response_id in (response_id, None)
        else:
            held = self._ours(key) and response_id != self.finished_id
        if not held:
            return False, key, True
        ours, unwanted = self.key, self.cancelled
        self.finished_id = response_id
        self.reset()
        return True, ours, unwanted

    def reset(self) -> None:
        """Nothing runs any more: the response is over, or its session is gone."""
        if self.response_id is not None:
            self.finished_id = self.response_id
        self._on(Moment.DONE)
        self.key = self.response_id = None
