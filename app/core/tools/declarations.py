"""The tools an agent can use, declared once for all channels.

The Realtime session, Retell's custom functions over HTTP and intents found in webhooks share them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

Kind = Literal["read", "write", "action"]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A tool the model calls. `arguments` is JSON text as the model wrote it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Policy:
    """How a tool may be run, whoever made it."""

    confirm: bool = False
    """The caller must agree to what is about to be done before it is done."""
    timeout_s: float | None = None
    """One attempt may take this long; None is the workers' own limit."""
    attempts: int | None = None
    """Attempts while the tool's server is away, a refusal being final; None is the workers' own."""
    runs_per_call: int | None = None
    """How often one call may run it; None is no limit."""
    holding_line: str = ""
    """Said while it takes long; empty takes one of the agent's lines."""
    channels: frozenset[str] = frozenset()
    """The channels it is offered on (`retell`, `audio`, `function`); empty is all of them."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `parameters` is a JSON schema.

    `kind`: a *read* changes nothing, a *write* is a side effect run by a worker exactly once, an
    *action* is done to the call itself (hang up, transfer) without a worker.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    kind: Kind
    policy: Policy = Policy()

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` understands."""
        value = asdict(self)
        value["policy"]["channels"] = sorted(self.policy.channels)
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tool:
        """The tool that `to_json` was given. Raises KeyError or TypeError for anything else."""
        policy = Policy(**{**value["policy"], "channels": frozenset(value["policy"]["channels"])})
        return cls(**{**value, "policy": policy})

    def declaration(self) -> dict[str, Any]:
        """The form the Realtime session's `tools` takes."""
        return {
            "type": "function",
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }


def _object(required: Iterable[str] = (), **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


_SLOT = _text("The id of a slot that check_availability offered in this call.")
_NAME = _text("The caller's full name.")
_BOOKING = _text("The id of the appointment, as a tool returned it. Leave out if unknown.")
_MESSAGE = _text("One short sentence to say before it happens.")

_ALL = (
    Tool(
        "check_availability",
        "Find free slots. Call it before offering any time, and offer only what it returns.",
        _object(
            date=_text("The day wanted, YYYY-MM-DD. Leave out for the next free days."),
            part_of_day={
                "type": "string",
                "enum": ["morning", "afternoon", "evening"],
                "description": "The part of the day wanted.",
            },
            time=_text("The time wanted, HH:MM in 24 hours. The nearest free slots are returned."),
            service=_text("What the appointment is for."),
            booking_id=_text("The id of the appointment to be moved, where one is."),
        ),
        "read",
    ),
    Tool(
        "book_appointment",
        "Book a slot that was offered, after the caller agreed to it and gave a name.",
        _object(
            ("slot_id", "name"),
            slot_id=_SLOT,
            name=_NAME,
            service=_text("What the appointment is for."),
            phone=_text("A call-back number, if other than the one the caller calls from."),
            notes=_text("Anything the business should know."),
        ),
        "write",
    ),
    Tool(
        "reschedule_appointment",
        "Move an existing appointment to a slot that was offered.",
        _object(("slot_id",), slot_id=_SLOT, booking_id=_BOOKING, name=_NAME),
        "write",
    ),
    Tool(
        "cancel_appointment",
        "Cancel an existing appointment, after the caller confirmed it.",
        _object(booking_id=_BOOKING, name=_NAME),
        "write",
    ),
    Tool(
        "find_appointments",
        "Find the caller's existing appointments by the number they call from and their name.",
        _object(name=_NAME),
        "read",
    ),
    Tool(
        "search_knowledge",
        "Search what the business has written down: questions and answers, prices, directions. Use "
        "it before you say that you do not know, and say only what it returns.",
        _object(("query",), query=_text("What is asked, in a few words of the caller's language.")),
        "read",
    ),
    Tool(
        "take_message",
        "Take a message for the business, or a wish to be called back. Call it as soon as you know "
        "what it is about, with all that the caller has said; it tells you what to ask. It is "
        "noted only if it says so.",
        _object(
            ("about",),
            about=_text("The message, complete, in the caller's words."),
            name=_text("Who the message is from."),
            phone=_text(
                "The number to call back, as the caller said it. Leave out for the number they "
                'call from; "none" if they want no call back.'
            ),
            urgency={
                "type": "string",
                "enum": ["normal", "urgent"],
                "description": "urgent only if the caller says that it cannot wait.",
            },
            call_back_date=_text("The day on which they want to be called back, in their words."),
            call_back_time=_text('The time of that, in their words: "after three", "at 14:00".'),
        ),
        "write",
        Policy(runs_per_call=5),
    ),
    Tool(
        "send_text",
        "Send the caller one of the texts that the business has written, to the mobile they call "
        "from. It asks for their consent; it is sent only if it says so.",
        _object(("text",), text=_text("The text to send.")),
        "write",
        Policy(runs_per_call=3),
    ),
    Tool(
        "end_call", "Hang up, after the conversation is over.", _object(message=_MESSAGE), "action"
    ),
    Tool(
        "transfer_call",
        "Connect the caller to a person, when they ask for one or cannot be helped here.",
        _object(message=_MESSAGE, reason=_text("Why, in a few words.")),
        "action",
    ),
    Tool(
        "press_digits",
        "Press keys of the telephone, for a menu that answered the call.",
        _object(("digits",), digits=_text("The keys: 0-9, *, #."), message=_MESSAGE),
        "action",
    ),
)

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}

_SPACE = re.compile(r"\s+")


def _normal(value: Any) -> Any:
    if isinstance(value, str):
        return _SPACE.sub(" ", value).strip().casefold()
    if isinstance(value, Mapping):
        return {
            str(key): _normal(item)
            for key, item in sorted(value.items())
            if item is not None and item != ""
        }
    if isinstance(value, (list, tuple)):
        return [_normal(item) for item in value]
    return value


def idempotency_key(call_id: str, tool: str, arguments: Mapping[str, Any], epoch: int = 0) -> str:
    """The key under which a tool's effect happens at most once in a call.

    Arguments that differ only in letter case, blanks, order or empty members are the same. `epoch`
    counts the cancellations and moves done so far in the call, so that booking a slot again after
    it was cancelled is a new intention.
    """
    body = orjson.dumps([call_id, tool, epoch, _normal(arguments)], option=orjson.OPT_SORT_KEYS)
    return f"{tool}-{hashlib.sha256(body).hexdigest()[:24]}"
