"""Drives a rehearsal `Session` by hand and checks every event it sends against the SDK's types."""

from __future__ import annotations

import base64
import typing
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import BaseModel, TypeAdapter

from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.faults import Fault, Faults
from app.rehearsal.realtime_server.pace import AT_ONCE, Pace
from app.rehearsal.realtime_server.reply import Brain, Call, Part, Prompt, Say
from app.rehearsal.realtime_server.session import Session
from app.rehearsal.realtime_server.stage import Stage

#: Fields that the service documents or sends although the SDK's types do not have them.
UNTYPED = {
    "session": {"id", "object", "expires_at"},
    "item": {"phase"},
    "output": {"phase"},
}


def _adapters() -> dict[str, TypeAdapter[Any]]:
    union = typing.get_args(typing.get_args(RealtimeServerEvent)[0])
    return {
        typing.get_args(model.model_fields["type"].annotation)[0]: TypeAdapter(model)
        for model in union
    }


ADAPTERS = _adapters()


def check(raw: bytes) -> dict[str, Any]:
    """The event, after it was found valid for its SDK type with no field too many."""
    event: dict[str, Any] = orjson.loads(raw)
    typed = ADAPTERS[event["type"]].validate_json(raw)
    surplus = sorted(_surplus(typed, ""))
    assert not surplus, f"{event['type']} has untyped fields {surplus}"
    assert event["event_id"]
    return event


def _surplus(value: Any, name: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for extra in value.model_extra or {}:
            if extra not in UNTYPED.get(name, ()):
                yield f"{name}.{extra}"
        for field in type(value).model_fields:
            yield from _surplus(getattr(value, field), field)
    elif isinstance(value, list):
        for member in value:
            yield from _surplus(member, name)


class Echo:
    """A brain that repeats the last text of a user, and remembers its prompts."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        self.prompts.append(prompt)
        for item in reversed(prompt.items):
            if item.get("role") == "user":
                part = item["content"][0]
                text = part.get("text") or part.get("transcript") or ""
                if text.startswith("call "):
                    return [Call(text.split()[1], '{"date":"2026-11-24","part":"morning"}')]
                return [Say(text)]
        return [Say("hello")]


class Probe:
    """One session on a clock that only moves when told to."""

    def __init__(
        self,
        *faults: dict[str, Any],
        brain: Brain | None = None,
        pace: Pace = AT_ONCE,
        model: str = "gpt-realtime-2.1",
        stage: Stage | None = None,
        **settings: Any,
    ) -> None:
        self.brain = brain or Echo()
        parsed = [Fault.parse(fault) for fault in faults]
        self.stage = stage or Stage(self.brain, pace=pace, faults=Faults(parsed), **settings)
        self.now = 100.0
        number = self.stage.next_number()
        self.session = Session(
            self.stage,
            model,
            number=number,
            now=self.now,
            wall_at_start=1_795_000_000.0,
            faults=self.stage.faults.at_connect(number),
        )
        self.drops: list[Drop] = []
        self.audio = b"\x10\xef" * 12_000
        self.session.open()
        self.opening = self.read()

    # -- driving --------------------------------------------------------------------------

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a client event; what comes back at once."""
        return self.send_raw(orjson.dumps({"type": kind, **fields}))

    def send_raw(self, raw: bytes) -> list[dict[str, Any]]:
        self.session.receive(raw, self.now)
        return self.read()

    def read(self) -> list[dict[str, Any]]:
        """All that the session has to send, checked."""
        while self.session.channel.utterances:
            request, utterance = self.session.channel.utterances.pop(0)
            utterance.audio, utterance.ready = self.audio, True
            self.session.voiced(request, self.now)
        out, events = self.session.channel.out, []
        self.session.channel.out = []
        for entry in out:
            if isinstance(entry, Drop):
                self.drops.append(entry)
            else:
                events.append(check(entry))
        return events

    def advance(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass, ticking exactly when the session wants to."""
        end, events = self.now + seconds, []
        for _ in range(100_000):
            due = self.session.deadline()
            if due > end or not self.session.live:
                break
            self.now = max(self.now, due)
            self.session.tick(self.now)
            events += self.read()
        self.now = end
        return events

    # -- shorthands -----------------------------------------------------------------------

    def text_mode(self, **session: Any) -> Probe:
        events = self.send(
            "session.update",
            session={"type": "realtime", "output_modalities": ["text"], **session},
        )
        assert kinds(events) == ["session.updated"], events
        return self

    def user(self, text: str, item_id: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        item: dict[str, Any] = {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": text}],
        }
        if item_id is not None:
            item["id"] = item_id
        return self.send("conversation.item.create", item=item, **fields)

    def respond(self, **response: Any) -> list[dict[str, Any]]:
        return self.send("response.create", response=response)

    def ask(self, text: str) -> list[dict[str, Any]]:
        self.user(text)
        return self.respond()

    def hear(self, samples: bytes, chunk_ms: int = 100) -> list[dict[str, Any]]:
        """Append mu-law audio, in chunks."""
        events = []
        for at in range(0, len(samples), chunk_ms * 8):
            audio = base64.b64encode(samples[at : at + chunk_ms * 8]).decode()
            events += self.send("input_audio_buffer.append", audio=audio)
        return events

    @property
    def texts(self) -> list[str]:
        """The conversation as the model perceives it."""
        return [
            part.get("text") or part.get("transcript") or ""
            for item in self.session.channel.conversation
            for part in item.as_seen().get("content", ())
        ]


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    """The events' types."""
    return [event["type"] for event in events]


def error(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one error among the events."""
    found = [event["error"] for event in events if event["type"] == "error"]
    assert len(found) == 1, kinds(events)
    return dict(found[0])


def done(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The response of the one response.done among the events."""
    found = [event["response"] for event in events if event["type"] == "response.done"]
    assert len(found) == 1, kinds(events)
    return dict(found[0])


def said(events: Sequence[dict[str, Any]]) -> str:
    """The text of all text deltas."""
    return "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
