"""The caller's leg of a call: who it is, and what its addresses carry."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked
from app.errors import BadRequest, Unavailable
from app.protocol import twiml
from app.web.addresses import base_url, stream_url
from app.web.agents import PAGE_CALL
from app.web.edge import edge
from app.web.guard.signer import agent_for

CALL_SID = re.compile(r"[A-Za-z0-9_]{2,64}")
#: How the `CallStatus` of a call that is over is told.
OVER = frozenset(("completed", "busy", "failed", "no-answer", "canceled"))


@dataclass(frozen=True, slots=True)
class Leg:
    """One caller's leg.

    agent_given: the agent as the address names it; blank where the dialled number tells it. times:
    how often the call was connected to a stream again. target: whom it is being transferred to;
    tried: those before.
    """

    call_sid: str
    caller: str
    called: str
    agent_given: str = ""
    times: int = 0
    target: str = ""
    tried: tuple[str, ...] = ()
    outbound: bool = False

    @classmethod
    def of_request(cls, form: dict[str, str]) -> Leg:
        """The leg that a request of Twilio's is about. Raises `BadRequest`."""
        args = request.args
        return cls(
            read_call_sid(form.get("CallSid", "")),
            form.get("From", "")[:64],
            form.get("To", "")[:64],
            args.get("agent", "")[:100],
            _number(args.get("times")),
            args.get("target", "")[:60],
            tuple(name[:60] for name in args.getlist("tried")[:20]),
            form.get("Direction", "").startswith("outbound"),
        )

    @property
    def agent(self) -> Agent:
        """The call's agent in its version; of a call that has not begun, the one that the address
        names, else the one of the line. Raises `NotFound`."""
        line = self.caller if self.outbound else self.called
        return agent_for(Asked(self.agent_given, number=line), self.call_sid)

    def address(self, path: str, **more: str) -> str:
        """An address of ours for this leg."""
        query: list[tuple[str, str]] = [("agent", self.agent.id), ("times", str(self.times))]
        if self.target:
            query.append(("target", self.target))
        query += [("tried", name) for name in self.tried]
        return f"{base_url()}{path}?{urlencode([*query, *more.items()])}"

    def stream(self, *, back_from: str = "", back_why: str = "") -> str:
        """TwiML that connects the call to its stream, and asks again when that has ended."""
        parameters = {
            "token": edge().media_tokens.mint(self.call_sid),
            "from": self.caller,
            "to": self.called,
            "agent": self.agent.id,
            "back_from": back_from,
            "back_why": back_why,
        }
        leg = replace(self, target="", tried=())
        return twiml.connect_twiml(
            stream_url(),
            {name: value for name, value in parameters.items() if value},
            action_url=leg.address("/twilio/next"),
        )

    def end(self, **fields: Any) -> None:
        """The call is over, if it is known at all."""
        calls = services().calls
        with suppress(Unavailable):
            if calls.summary(self.call_sid) is not None:
                calls.end(self.call_sid, fields=fields)

    def note(self, kind: str, **about: Any) -> None:
        """Add something that happened to the call's story."""
        with suppress(Unavailable):
            services().calls.add_event(self.call_sid, {"at": time.time(), "kind": kind, **about})


def read_call_sid(text: str) -> str:
    """The SID of a telephone call. Raises `BadRequest`."""
    if not CALL_SID.fullmatch(text) or text.startswith(PAGE_CALL):
        raise BadRequest("CallSid is missing or malformed")
    return text


def answer(text: str) -> Response:
    """TwiML as an answer."""
    return Response(text, content_type="text/xml; charset=utf-8")


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 4 else 0
