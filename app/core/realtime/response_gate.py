"""One response of the model at a time.

The server refuses a second response while one runs, ignores a cancel that overtakes its create, may
finish a response that it never announced, and may run one that nobody here asked for. The gate
knows which request the session is busy with and what still has to be cancelled (OpenAI reference,
`response.create`, `response.cancel`; error `conversation_already_has_active_response`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["idle", "asked", "running"]


@dataclass(slots=True)
class ResponseGate:
    """The gate of one session. Keys are our own, response ids the server's."""

    state: State = "idle"
    key: str | None = None
    response_id: str | None = None
    cancelled: bool = False
    since: float = 0.0

    @property
    def free(self) -> bool:
        """Whether a response may be asked for."""
        return self.state == "idle"

    def ask(self, key: str, now: float) -> None:
        """A `response.create` with this key is being sent. Only when `free`."""
        assert self.state == "idle", "one response at a time"
        self.state, self.key, self.response_id = "asked", key, None
        self.cancelled, self.since = False, now

    def cancel(self, now: float) -> str | None:
        """The current response is unwanted. The id to cancel at once, where it is known.

        Where the response is not announced yet, `created` gives the id to cancel.
        """
        if self.state == "idle" or self.cancelled:
            return None
        self.cancelled, self.since = True, now
        return self.response_id

    def created(self, response_id: str, key: str | None, now: float) -> str | None:
        """The server announced a response. The id to cancel, where it is unwanted."""
        if self.state == "asked" and key == self.key:
            self.state, self.response_id, self.since = "running", response_id, now
            return response_id if self.cancelled else None
        if self.state == "running" and response_id == self.response_id:
            return None
        # Not asked for by this side: it holds the session until it is done.
        self.state, self.key, self.response_id = "running", key, response_id
        self.cancelled, self.since = True, now
        return response_id

    def blocked(self, response_id: str | None, now: float) -> None:
        """The server refused our request because `response_id` (None: unknown) still runs."""
        self.state, self.key, self.response_id = "running", None, response_id
        self.cancelled, self.since = True, now

    def refused(self) -> str | None:
        """The server refused the request for another reason. The key that is given up."""
        key, self.state = self.key, "idle"
        self.key = self.response_id = None
        self.cancelled = False
        return key

    def wants(self, response_id: str) -> bool:
        """Whether this response's output may be spoken."""
        return self.state == "running" and not self.cancelled and self.response_id == response_id

    def done(self, response_id: str, key: str | None) -> tuple[bool, str | None, bool]:
        """A response ended. Whether it held the gate, its key, and whether it was unwanted."""
        ours = (self.state == "running" and response_id == self.response_id) or (
            self.state == "asked" and key is not None and key == self.key
        )
        # A block by an unknown response ends with whichever response ends next.
        if not ours and not (self.state == "running" and self.response_id is None):
            return False, key, True
        held, cancelled = self.key, self.cancelled
        self.state, self.key, self.response_id, self.cancelled = "idle", None, None, False
        return True, held, cancelled

    def reset(self) -> None:
        """The session is gone; nothing runs."""
        self.state, self.key, self.response_id, self.cancelled = "idle", None, None, False
