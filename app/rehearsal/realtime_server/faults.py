"""Faults that the rehearsal model can play: what they are, and when one strikes.

A fault has a kind and its settings; it can be limited to sessions, responses, a number of times
and a probability. Sessions are numbered from 1 since the server started, the default
conversation's responses from 1 within their session.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rehearsal.realtime_server.protocol.refusal import Refusal

#: Kinds that strike while a client connects.
CONNECT: dict[str, str] = {
    "refuse": "answer the handshake with `status` (401, 403, 429, 503, ...)",
    "hang": "accept the TCP connection and never answer the handshake",
    "slow_connect": "answer the handshake after `seconds`",
    "error_at_start": "an error event with `code` after session.created, then a close with `close`",
    "mute": "say nothing at all after the handshake, not even session.created",
    "expire": "the session ends after `seconds`: error session_expired, then close 1001",
    "slow_reader": "stop reading (no pongs either) for `seconds` after `after` client events",
    "drop_after": "drop the connection `how` (rst, fin, close) after `seconds`, `code` for close",
}
#: Kinds that strike in one response.
RESPONSE: dict[str, str] = {
    "slow_first": "wait `seconds` longer before the first delta",
    "slow_deltas": "wait `seconds` longer before each delta",
    "no_created": "the request vanishes: no response.created, no error, nothing",
    "stall": "nothing more after `after` deltas (0: created, then silence); cancel still works",
    "deaf_stall": "as stall, and response.cancel is not answered either",
    "mute_response": "nothing more of any kind is sent on the connection after `after` deltas",
    "drop": "drop the connection `how` (rst, fin, close with `code`) after `after` deltas",
    "error": "an error event with `code` instead of a response; `close` closes with a code",
    "failed": "status failed with `code` after `after` deltas",
    "incomplete": "status incomplete with `reason` after `after` deltas",
    "done_without_created": "leave out response.created",
    "duplicate": "send every event whose type is in `types` twice (all when empty)",
    "preamble": "a message item of phase commentary with `text` before the answer",
    "split": "give the answer as two message items",
    "repeat_call": "make every function call twice in the response, with different call ids",
    "resend_call": "send response.output_item.done of a function call twice, same call id",
    "rate_limits": "where rate_limits.updated goes: `place` first, created, none, twice",
    "swap_done": "response.output_item.done before conversation.item.done",
    "slow_cancel": "the cancelled response goes on for `seconds` before it ends",
    "late_deltas": "`after` more deltas of the item after a cancelled response's done",
}
KINDS = {**CONNECT, **RESPONSE}
_NUMBERS = {"seconds": float, "after": int, "status": int, "close": int, "probability": float}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault with its settings. `count` is how often it strikes at most, None is no limit."""

    kind: str
    count: int | None = None
    probability: float = 1.0
    sessions: frozenset[int] | None = None
    responses: frozenset[int] | None = None
    seconds: float = 1.0
    after: int = 0
    status: int = 503
    how: str = "rst"
    code: str = "server_error"
    message: str = "The server had an error while processing your request."
    close: int | None = None
    reason: str = "max_output_tokens"
    text: str = "One moment."
    types: frozenset[str] = field(default_factory=frozenset)
    place: str = "first"

    @property
    def error_type(self) -> str:
        """The `type` of the error that the code belongs to."""
        return "server_error" if self.code == "server_error" else "invalid_request_error"

    def as_error(self, event_id: str | None) -> dict[str, Any]:
        """The error event that the fault stands for."""
        refusal = Refusal(self.message, code=self.code, kind=self.error_type)
        return refusal.as_event(event_id)

    @property
    def close_code(self) -> int:
        """The code of a close that was asked for as ``how=close``."""
        return int(self.code) if self.code.isdigit() else 1011

    @classmethod
    def parse(cls, spec: Mapping[str, Any]) -> Fault:
        """A fault from its JSON form; raises ValueError that names what is wrong.

        ``{"kind": "drop", "how": "rst", "after": 3, "session": 2, "response": [1, 2],
        "count": 1, "probability": 0.5}``
        """
        values = dict(spec)
        kind = values.pop("kind", None)
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; there are: {', '.join(KINDS)}")
        count = values.pop("count", None)
        types = values.pop("types", ())
        settings: dict[str, Any] = {
            "count": None if count is None else int(count),
            "sessions": _numbers(values.pop("session", None)),
            "responses": _numbers(values.pop("response", None)),
            "types": frozenset(types.split("+") if isinstance(types, str) else types),
        }
        for name, value in values.items():
            if name not in _SETTINGS:
                raise ValueError(f"fault {kind}: no setting {name!r}")
            if name in _NUMBERS and value is not None:
                value = _NUMBERS[name](value)
            settings[name] = value if name in _NUMBERS else str(value)
        return cls(kind, **settings)

    @classmethod
    def parse_flag(cls, flag: str) -> Fault:
        """A fault from its command line form: ``drop:how=rst,after=3,session=2``."""
        kind, _, rest = flag.partition(":")
        pairs = (pair.partition("=") for pair in rest.split(",") if pair)
        return cls.parse({"kind": kind, **{name.strip(): value for name, _, value in pairs}})


_SETTINGS = frozenset(
    {"probability", "seconds", "after", "status", "how", "code", "message", "close", "reason"}
    | {"text", "place"}
)


def _numbers(value: Any) -> frozenset[int] | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = value.split("+")
    return frozenset(int(n) for n in value) if isinstance(value, Iterable) else frozenset({value})


@dataclass(slots=True)
class Armed:
    """A fault that is switched on: how often it may still strike, and how often it has."""

    fault: Fault
    left: int | None
    struck: int = 0

    def as_json(self) -> dict[str, Any]:
        """What the control endpoint shows of it."""
        fault = self.fault
        return {
            "kind": fault.kind,
            "count": self.left,
            "probability": fault.probability,
            "session": sorted(fault.sessions) if fault.sessions else None,
            "response": sorted(fault.responses) if fault.responses else None,
            "struck": self.struck,
        }

    def is_for(self, session: int, response: int | None) -> bool:
        """Whether it may strike there, before the dice are cast."""
        fault = self.fault
        if self.left == 0 or (fault.sessions is not None and session not in fault.sessions):
            return False
        return not response or fault.responses is None or response in fault.responses

    def strike(self) -> None:
        """Count one time."""
        if self.left is not None:
            self.left -= 1
        self.struck += 1


class Faults:
    """The faults now switched on. `seed` makes the dice repeat."""

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._armed = [Armed(fault, fault.count) for fault in faults]
        self._dice = random.Random(seed)

    def __iter__(self) -> Iterator[Armed]:
        return iter(self._armed)

    def add(self, fault: Fault) -> None:
        self._armed.append(Armed(fault, fault.count))

    def clear(self) -> None:
        self._armed.clear()

    def reseed(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def at_connect(self, session: int) -> dict[str, Fault]:
        """The faults that strike this connection, by kind."""
        if not self._armed:
            return {}
        return self._strike(CONNECT, session, None)

    def in_response(self, session: int, response: int) -> dict[str, Fault]:
        """The faults that strike this response, by kind."""
        if not self._armed:
            return {}
        return self._strike(RESPONSE, session, response)

    def _strike(
        self, kinds: Mapping[str, str], session: int, response: int | None
    ) -> dict[str, Fault]:
        struck: dict[str, Fault] = {}
        for armed in self._armed:
            fault = armed.fault
            if fault.kind not in kinds or fault.kind in struck:
                continue
            if not armed.is_for(session, response):
                continue
            if fault.probability < 1.0 and self._dice.random() >= fault.probability:
                continue
            armed.strike()
            struck[fault.kind] = fault
        return struck
