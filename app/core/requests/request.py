"""What the caller asks for, read from finals alone, and whether it may be acted upon.

For calls whose model we do not host: Retell (or another sender) tells us what was said, after the
fact. The reading is a fold over everything heard so far, so events may come late, twice or in any
order: the same finals give the same request. Only what was already done is remembered apart.

Nothing here acts. A `Verdict` says what may be done, or what it waits for, or why not; the worker
performs it and files the words of the verdict with the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from app.core.language.intent.engine import (
    CANCEL,
    QUERY,
    RESCHEDULE,
    SCHEDULE,
    IntentResult,
)
from app.core.language.intent.entities import Slots

Analyse = Callable[[str, int], tuple[IntentResult, Slots]]
"""A final and when it was heard (unix milliseconds) to its intent and slots."""

#: The tool that fulfils an intent, and the slots without which it cannot be called.
TOOL_OF: Mapping[str, str] = {
    SCHEDULE: "book_appointment",
    CANCEL: "cancel_appointment",
    RESCHEDULE: "reschedule_appointment",
}
NEEDS: Mapping[str, tuple[str, ...]] = {SCHEDULE: ("date", "time"), RESCHEDULE: ("date", "time")}

_YES = frozenset({"yes", "yeah", "yep", "yup", "sure", "right", "correct", "exactly", "absolutely",
                  "definitely", "please", "okay", "ok", "perfect"})  # fmt: skip
_NO = frozenset({"no", "nope", "nah", "not", "don't", "never", "wrong"})
_TAKEN_BACK = frozenset({"never mind", "nevermind", "forget it", "forget about it", "leave it"})
#: Doubts about the time of day; all others are about the day.
_OF_TIME = frozenset(("am_pm", "zone"))
_ANOTHER = frozenset({"another", "second", "also", "additional"})
MAX_ANALYSES = 100
#: Finals that follow each other this closely are one utterance.
MERGE_MS = 1500


class Options(Protocol):
    """The part of the agent's `IntentSettings` that decides about acting."""

    @property
    def act_threshold(self) -> float: ...
    @property
    def repeat_threshold(self) -> float: ...
    @property
    def confirm(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing heard, at `at_ms` (unix). An interruption is a moment without text."""

    at_ms: int
    text: str = ""
    interruption: bool = False


@dataclass(slots=True)
class Request:
    """What the caller wants, gathered over several finals. `slots` is in public form; `number`
    counts the requests of the call."""

    number: int
    intent: str
    confidence: float
    complete: bool
    slots: dict[str, Any] = field(default_factory=dict)
    confirmed: bool = False
    repeated: bool = False
    said_at_ms: int = 0

    @property
    def missing(self) -> tuple[str, ...]:
        """The slots that are still needed."""
        return tuple(name for name in NEEDS.get(self.intent, ()) if name not in self.slots)


@dataclass(slots=True)
class Understanding:
    """The reading of a call so far. `analyses` is one JSON value a final, for the record."""

    request: Request | None = None
    earlier: list[Request] = field(default_factory=list)
    analyses: list[dict[str, Any]] = field(default_factory=list)
    name: str | None = None
    last_heard_ms: int = 0
    why: str = "nothing was asked for"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`act`: run `tool` now. `wait`: look again at `due_ms`. `none`: `why` says what is lacking."""

    kind: Literal["act", "wait", "none"]
    why: str
    due_ms: int = 0
    tool: str = ""


def understand(
    heard: Iterable[Heard], analyse: Analyse, *, merge_ms: int = MERGE_MS
) -> Understanding:
    """Read everything that was heard, in order of time."""
    seen = Understanding()
    for item in _utterances(heard, merge_ms):
        seen.last_heard_ms = max(seen.last_heard_ms, item.at_ms)
        if not item.interruption:
            _take(seen, item, *analyse(item.text, item.at_ms))
    return seen


def _utterances(heard: Iterable[Heard], merge_ms: int) -> list[Heard]:
    """Finals joined to whole utterances: callers pause inside a sentence, and a recogniser takes
    the pause for its end."""
    joined: list[Heard] = []
    for item in sorted(heard, key=lambda item: item.at_ms):
        text = item.text.strip()
        last = joined[-1] if joined else None
        if item.interruption:
            joined.append(item)
        elif text and last and not last.interruption and item.at_ms - last.at_ms <= merge_ms:
            if not f" {last.text}".endswith(f" {text}"):  # sent twice, not said twice
                joined[-1] = Heard(item.at_ms, f"{last.text} {text}")
        elif text:
            joined.append(Heard(item.at_ms, text))
    return joined


def verdict(
    seen: Understanding,
    options: Options,
    *,
    now_ms: int,
    quiet_ms: int,
    over: bool,
    done: Sequence[Mapping[str, Any]],
) -> Verdict:
    """What may be done about the request now.

    `quiet_ms` is how long the caller must have been quiet; `over` means that they have left and
    will not correct themselves. `done` are the actions this call has led to so far, oldest first,
    each with its `tool`, its `slots`, the `number` of its request, and whether it came out `ok`
    (None while it is under way), and `why` it did not.
    """
    request = seen.request
    if request is None:
        return Verdict("none", seen.why)
    tool = TOOL_OF.get(request.intent)
    if tool is None:
        reason = "asks only" if request.intent == QUERY else "has no action of its own"
        return Verdict("none", f"{request.intent} {reason}")
    threshold = options.repeat_threshold if request.repeated else options.act_threshold
    if request.confidence < threshold:
        return Verdict("none", f"not sure enough: {request.confidence:.2f} < {threshold:.2f}")
    if not request.complete:
        return Verdict("none", "incomplete: what it is about was not said")
    if request.missing:
        return Verdict("none", f"waits for {' and '.join(request.missing)}")
    if request.slots.get("ambiguous"):
        return Verdict("none", "the day or time is not clear")
    if request.intent in options.confirm and not request.confirmed:
        return Verdict("none", "waits for the caller's confirmation")
    if _done(request, tool, done):
        return Verdict("none", str(done[-1].get("why") or f"{tool} was done for this already"))
    if tool == "book_appointment" and _stands(request, done):
        tool = "reschedule_appointment"  # "no, make it eleven", after it was booked
    due_ms = seen.last_heard_ms + quiet_ms
    if now_ms < due_ms and not over:
        return Verdict("wait", "waits until the caller has been quiet", due_ms, tool)
    return Verdict("act", f"{request.intent} at {request.confidence:.2f}, complete", tool=tool)


def _done(request: Request, tool: str, done: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the newest action already came to what is asked for."""
    if not done:
        return False
    last = done[-1]
    if tool == "cancel_appointment":
        return last.get("tool") == tool and last.get("number") == request.number
    slots = last.get("slots") or {}
    return last.get("tool") != "cancel_appointment" and all(
        slots.get(name) == request.slots.get(name) for name in ("date", "time")
    )


def _stands(request: Request, done: Sequence[Mapping[str, Any]]) -> bool:
    """Whether this very request has led to a booking that still stands."""
    if not done or done[-1].get("tool") == "cancel_appointment":
        return False
    return any(
        action.get("number") == request.number and action.get("ok") is not False for action in done
    )


def _take(seen: Understanding, item: Heard, result: IntentResult, slots: Slots) -> None:
    said = slots.as_json()
    entry: dict[str, Any] = {
        "text": item.text,
        "at_ms": item.at_ms,
        "intent": result.intent,
        "confidence": round(result.confidence, 3),
        "complete": result.complete,
        "negated": result.negated,
        "slots": said,
        "reason": result.reason,
    }
    seen.analyses.append(entry)
    del seen.analyses[:-MAX_ANALYSES]
    seen.name = slots.name or seen.name
    words = item.text.casefold().replace("\u2019", "'").strip(" .,!?").split()
    request = seen.request
    if request is not None and _takes_back(request, result, " ".join(words)):
        seen.earlier.append(request)
        seen.request, seen.why = None, f"the caller took {request.intent} back"
    elif result.intent is not None and not result.negated:
        _ask(seen, item, result, words, said)
    elif request is not None:
        _answer(request, item, words, said)
    elif result.negated:
        seen.why = "the caller does not want it"


def _ask(
    seen: Understanding,
    item: Heard,
    result: IntentResult,
    words: Sequence[str],
    said: Mapping[str, Any],
) -> None:
    """An intent was said: a new request, or the same one said again, better or with more."""
    assert result.intent is not None
    request = seen.request
    if request is None or request.intent != result.intent or _ANOTHER & set(words):
        kept: dict[str, Any] = {}
        if request is not None:
            if request.intent == QUERY:
                kept = dict(request.slots)  # "is Tuesday at ten free? ... then book it"
            seen.earlier.append(request)
        seen.request = Request(
            len(seen.earlier) + 1,
            result.intent,
            result.confidence,
            result.complete,
            kept,
            said_at_ms=item.at_ms,
        )
        _merge(seen.request, said)
        return
    request.repeated = True
    request.confidence = max(request.confidence, result.confidence)
    request.complete = request.complete or result.complete
    request.confirmed = False
    request.said_at_ms = item.at_ms
    _merge(request, said)


def _answer(request: Request, item: Heard, words: Sequence[str], said: Mapping[str, Any]) -> None:
    """No intent, but something was said while a request stands: details, a yes or a no."""
    if said:
        _merge(request, said)
        request.said_at_ms = item.at_ms
    plain = [word.strip(",.!?") for word in words]
    if plain and plain[0] in _NO:
        request.confirmed = False
    elif _YES & set(plain[:1] if said else plain) and not _NO & set(plain):
        request.confirmed = True


def _merge(request: Request, said: Mapping[str, Any]) -> None:
    """The last value said counts; a new day or time makes an old window void, and with it what was
    unclear or assumed about the value it replaces."""
    slots, new = request.slots, dict(said)
    if "date" in new or "time" in new or "part_of_day" in new:
        settled = "time" in new
        if "part_of_day" in new and "time" in slots and not settled:
            settled = _settle_half(slots, str(new["part_of_day"]))
        for doubts in ("ambiguous", "assumed"):
            known = [why for why in slots.pop(doubts, ()) if why in _OF_TIME and not settled]
            found = list(dict.fromkeys((*known, *new.get(doubts, ()))))
            if found:
                new[doubts] = found
        for stale in ("window", "dates", "alternatives"):
            slots.pop(stale, None)
        request.confirmed = False
    slots.update(new)


def _settle_half(slots: dict[str, Any], part: str) -> bool:
    """ "At eight" ... "in the evening": the half of the day, told after the time. Whether it was
    still open."""
    if "am_pm" not in (*slots.get("ambiguous", ()), *slots.get("assumed", ())):
        return False
    hour, minute = str(slots["time"]).split(":")
    half = 0 if part == "morning" else 12
    slots["time"] = f"{int(hour) % 12 + half:02}:{minute}"
    return True


def _takes_back(request: Request, result: IntentResult, words: str) -> bool:
    if words in _TAKEN_BACK or (result.negated and result.intent in (None, request.intent)):
        return True
    # "cancel that": without an object it means what is being arranged, not an appointment
    return result.intent == CANCEL and not result.complete and request.intent != CANCEL
