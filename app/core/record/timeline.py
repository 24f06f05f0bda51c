"""A call as one line of time: what was said and heard, tools, bookings, interruptions, faults.

Made of the call's story alone (`GET /api/calls/<id>`), so that it costs no replay. The transcript
is what was heard and has no times; turns have times and hold what was generated. The words of both
are laid side by side: what was generated and not heard is the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.language.words import cut_after, words

EntryKind = Literal["caller", "agent", "tool", "intent", "booking", "interruption", "fault", "note"]

#: What an event of the story is to somebody who reads it; everything else is a note.
_INTERRUPTIONS = frozenset({"barge_in", "backchannel"})
_FAULTS = frozenset(
    {
        "bad_event", "bad_frame", "gave_up", "model_error", "model_lost", "recording_stopped",
        "response_failed", "response_incomplete", "response_stalled", "tool_late",
        "transcription_failed",
    }
)  # fmt: skip
#: Told by the entries of tools and turns.
_TOLD_ELSEWHERE = frozenset({"tool_asked", "tool_done", "turn", "heard", "usage", "cost"})
_ABOUT = frozenset({"at", "kind"})


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long the caller waited in one turn, in milliseconds from the request.

    `first_ms` is None where nothing was said, `sentence_ms` where no sentence was complete.
    `pause_ms` is how long the caller had been silent at the request, None where it is not known.
    `tools` holds name, begin and end of each tool.
    """

    first_ms: float | None
    total_ms: float
    tools: tuple[tuple[str, float, float], ...] = ()
    sentence_ms: float | None = None
    pause_ms: float | None = None

    @property
    def tools_ms(self) -> float:
        """For how long tools were waited for, several at a time counted once."""
        spent = until = 0.0
        for _, begin, end in sorted(self.tools, key=lambda tool: tool[1]):
            end = min(end, self.total_ms)
            spent += max(0.0, end - max(begin, until))
            until = max(until, end)
        return spent

    @property
    def model_ms(self) -> float | None:
        """For how long the model was waited for until the first word; None where none came."""
        if self.first_ms is None:
            return None
        before = tuple((n, b, min(e, self.first_ms)) for n, b, e in self.tools if b < self.first_ms)
        return self.first_ms - Waiting(None, self.total_ms, before).tools_ms


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `at` is Unix seconds; None where it is not known.

    text: what was said and heard, or what happened; unheard: what of the agent's words was
    generated and not heard; about: members to show beside it; turn: the number of its request.
    """

    kind: EntryKind
    at: float | None
    text: str
    unheard: str = ""
    turn: int | None = None
    waiting: Waiting | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


def timeline(story: Mapping[str, Any]) -> list[Entry]:
    """Everything of `story` in order of time."""
    spoken = _spoken(story)
    rest = sorted([*_tools(story), *_events(story), *_intents(story)], key=lambda one: one.at or 0)
    return _merged(spoken, rest)


def waits(story: Mapping[str, Any]) -> list[tuple[int, Waiting]]:
    """How long the caller waited in each turn, by the turn's number."""
    return [(_number(turn), _waiting(turn, story)) for turn in story.get("turns") or () if turn]


def _spoken(story: Mapping[str, Any]) -> list[Entry]:
    """Both sides' words. The caller's come before the turn that answers them."""
    transcript = [one for one in story.get("transcript") or () if isinstance(one, Mapping)]
    turns = [one for one in story.get("turns") or () if isinstance(one, Mapping)]
    stream, caller, greeting = _streams(transcript)
    if turns and _number(turns[0]) == 0:
        greeting = (
            ""  # on a media stream the greeting is a turn of its own, the one before the first
        )
    out: list[Entry] = []
    if greeting:
        out.append(Entry("agent", _time(story.get("started_at")), greeting))
    position, said = len(words(greeting)), 0
    for turn in turns:
        while said < len(caller) and caller[said][0] <= position:
            out.append(Entry("caller", _time(turn.get("asked_at")), caller[said][1]))
            said += 1
        text = str(turn.get("text") or "").strip()
        generated = words(text)
        heard = _common(generated, stream[position:])
        position += heard
        cut = cut_after(text, heard)
        asked, first = _time(turn.get("asked_at")), turn.get("first_ms")
        at = asked + float(first) / 1000 if asked is not None and first is not None else asked
        out.append(
            Entry(
                "agent",
                at,
                text[:cut].strip() if heard else "",
                text[cut:].strip() if heard else text,
                _number(turn),
                _waiting(turn, story),
                {"ended": turn.get("ended")},
            )
        )
    last = _time(story.get("ended_at"))
    out += [Entry("caller", last, text) for _, text in caller[said:]]
    left = _left_words(transcript, position)
    return [*out, Entry("agent", last, left)] if left else out


def _streams(
    transcript: Sequence[Mapping[str, Any]],
) -> tuple[list[str], list[tuple[int, str]], str]:
    """The agent's words as heard; what the caller said, each with the number of agent's words
    before it; and what the agent said first of all."""
    stream: list[str] = []
    caller: list[tuple[int, str]] = []
    greeting = ""
    for one in transcript:
        text = str(one.get("content") or "").strip()
        if one.get("role") == "user":
            caller.append((len(stream), text))
            continue
        if not caller and not stream:
            greeting = text
        stream += words(text)
    return stream, caller, greeting


def _left_words(transcript: Sequence[Mapping[str, Any]], position: int) -> str:
    """What the agent was heard to say that no turn accounts for, at the end of the call."""
    text = " ".join(
        str(one.get("content") or "").strip() for one in transcript if one.get("role") == "agent"
    )
    return text[cut_after(text, position) :].strip() if position else ""


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many words both begin with."""
    same = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        same += 1
    return same


def _waiting(turn: Mapping[str, Any], story: Mapping[str, Any]) -> Waiting:
    asked = _time(turn.get("asked_at")) or 0.0
    total = float(turn.get("total_ms") or 0.0)
    first = turn.get("first_ms")
    tools = []
    for call in story.get("tool_calls") or ():
        began, ended = _time(call.get("asked_at")), _time(call.get("ended_at"))
        if began is None or not asked <= began <= asked + total / 1000 + 0.001:
            continue
        end_ms = ((ended or began) - asked) * 1000
        tools.append((str(call.get("tool")), (began - asked) * 1000, end_ms))
    return Waiting(
        _float(first),
        total,
        tuple(tools),
        _float(turn.get("sentence_ms")),
        _float(turn.get("pause_ms")),
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _tools(story: Mapping[str, Any]) -> Iterable[Entry]:
    for call in story.get("tool_calls") or ():
        if not isinstance(call, Mapping):
            continue
        result = call.get("result") or {}
        output = result.get("output") if isinstance(result, Mapping) else None
        yield Entry(
            "tool",
            _time(call.get("asked_at")),
            str(call.get("tool")),
            about={
                "state": call.get("state"),
                "ok": bool(isinstance(result, Mapping) and result.get("ok")),
                "arguments": call.get("arguments") or {},
                "output": output or {},
                "say": result.get("say") if isinstance(result, Mapping) else None,
                "attempts": call.get("attempts"),
                "error": call.get("error"),
                "seconds": _seconds(call),
            },
        )
        if call.get("state") == "done" and isinstance(output, Mapping) and "booking_id" in output:
            yield Entry(
                "booking",
                _time(call.get("ended_at")),
                str(output.get("status") or "booked"),
                about={name: output.get(name) for name in _BOOKED if output.get(name)},
            )


_BOOKED = ("booking_id", "service", "name", "date", "time", "say")


def _seconds(call: Mapping[str, Any]) -> float | None:
    began, ended = _time(call.get("asked_at")), _time(call.get("ended_at"))
    return None if began is None or ended is None else round(ended - began, 3)


def _events(story: Mapping[str, Any]) -> Iterable[Entry]:
    for event in story.get("events") or ():
        if not isinstance(event, Mapping):
            continue
        kind = str(event.get("kind") or "")
        if kind in _TOLD_ELSEWHERE:
            continue
        about = {name: value for name, value in event.items() if name not in _ABOUT}
        yield Entry(_kind_of(kind), _time(event.get("at")), kind.replace("_", " "), about=about)


def _kind_of(kind: str) -> EntryKind:
    if kind in _INTERRUPTIONS:
        return "interruption"
    return "fault" if kind in _FAULTS else "note"


def _intents(story: Mapping[str, Any]) -> Iterable[Entry]:
    for found in story.get("intents") or ():
        if isinstance(found, Mapping):
            about = {name: value for name, value in found.items() if name not in ("at", "intent")}
            yield Entry(
                "intent", _time(found.get("at")), str(found.get("intent") or "none"), about=about
            )


def _merged(spoken: list[Entry], rest: list[Entry]) -> list[Entry]:
    """Both in order of time; words stay in the order in which they were said."""
    out: list[Entry] = []
    position = 0
    for one in spoken:
        while position < len(rest) and _before(rest[position].at, one.at):
            out.append(rest[position])
            position += 1
        out.append(one)
    return out + rest[position:]


def _before(at: float | None, other: float | None) -> bool:
    return other is not None and (at or 0.0) < other


def _number(turn: Mapping[str, Any]) -> int:
    try:
        return int(turn.get("response_id") or 0)
    except (TypeError, ValueError):
        return 0


def _time(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
