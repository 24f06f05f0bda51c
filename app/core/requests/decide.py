"""Whether what is asked for may be done: a pure function of the call and the caller's calendar."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.language.name_match import same_name
from app.core.requests import standing
from app.core.requests.evidence import (
    AGENT,
    BOOK,
    CANCEL,
    MOVE,
    Claim,
    Decision,
    Known,
    Part,
    Place,
    Span,
)
from app.core.requests.state import State
from app.core.requests.turns import moments

_ALL = re.compile(r"\b(?:both|all of|everything|all (?:my|the|our)|all (?:two|three))\b")
_AGREED = ("agreed", "done")
_WHY = {
    "open": "it was not taken up in the call",
    "taken": "the caller did not say yes to it",
    "checked": "the agent asked for a yes and got none",
    "offered": "the caller chose none of the offers",
    "unclear": "what the caller said after it is unclear",
    "undone": "the agent said that it is not done",
    "doubtful": "the caller put it off or was not sure",
    "refused": "the agent said that it cannot be had",
    "left": "the agent left it as it was",
    "stopped": "the caller took it back",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a decision depends on beside the call.

    default_service: what is booked where only an "appointment" was asked for; None where the
    service has to be named. told_name: the caller's name as the call's variables tell it. over: the
    caller has left, so nothing will be corrected any more. agreed: the numbers of the claims that
    the second reader found as well. unsure: of those that the intent engine did not find. confirm:
    the kinds that need a yes in the call.
    """

    default_service: str | None = None
    told_name: str = ""
    over: bool = True
    agreed: frozenset[int] = frozenset()
    unsure: frozenset[int] = frozenset()
    confirm: frozenset[str] = frozenset()


def decide(state: State, appointments: Sequence[Known], asked: Asked) -> list[Decision]:
    """One decision for each claim, in order. `appointments` are those of the caller's number that
    stand."""
    out: list[Decision] = []
    taken: set[str] = set()
    for read in state.claims:
        claim = standing.about_one(state, read, appointments)
        if claim.kind in asked.confirm and claim.confirmed is None:
            why = "waits for the caller's confirmation"
            out.append(Decision("ask", why, claim, spans={"request": claim.asked}))
        elif claim.kind == BOOK and not standing.was_a_move(claim, appointments):
            found = _book(state, claim, asked)
            out.append(standing.unless_it_stands(found, appointments))
        else:
            claim = replace(claim, kind=MOVE) if claim.kind == BOOK else claim
            changes = _change(claim, state, appointments, asked, taken)
            taken.update(item.target.id for item in changes if item.target and item.kind == "act")
            out.extend(changes)
    return out


def _book(state: State, claim: Claim, asked: Asked) -> Decision:
    spans = {"request": claim.asked}
    stopped = _stopped(state, claim, asked.over)
    if stopped and claim.state != "open":
        return Decision("leave", stopped, claim, spans=spans)
    missing = []
    name = claim.wish.name or (None if claim.wish.for_other else state.name)
    for label, part in (("day", claim.wish.day), ("time", claim.wish.time)):
        if part is None:
            missing.append(label)
        else:
            spans[label] = part.span
    told = claim.wish.service or claim.wish.understood
    service = told.value if told else None
    if service is None and claim.wish.general and not claim.wish.service_asked:
        service = asked.default_service
    if service is None and not claim.wish.general and len(state.services) == 1:
        told, service = state.service, state.service.value if state.service else None
    if service is None:
        missing.append("service")
    elif told:
        spans["service"] = told.span
    if name is not None:
        spans["name"] = name.span
    elif claim.wish.for_other or (state.has_agent and not asked.told_name):
        missing.append("name")
    if claim.confirmed:
        spans["confirmed"] = claim.confirmed
    if missing:
        return Decision("ask", f"waits for {' and '.join(missing)}", claim, spans=spans)
    if stopped:
        return Decision("leave", stopped, claim, spans=spans)
    if claim.number in asked.unsure:
        return Decision("ask", "not sure enough that it is a request", claim, spans=spans)
    if claim.wish.doubts:
        return Decision(
            "ask",
            f"the day or time is not clear: {', '.join(claim.wish.doubts)}",
            claim,
            spans=spans,
        )
    whose = name.value if name else asked.told_name
    why = _why_act(claim)
    return Decision("act", why, claim, service or "", claim.start, whose, spans=spans)


def _stopped(state: State, claim: Claim, over: bool) -> str:
    """Why the claim may not be acted upon as it stands; blank where it may."""
    if claim.state in _AGREED:
        return ""
    if not state.has_agent:
        return "" if claim.state == "open" and claim.strong and claim.wish.whole else _said(claim)
    if claim.state == "taken" and over and claim.strong:
        return ""
    return _said(claim)


def _said(claim: Claim) -> str:
    why = _WHY.get(claim.state, claim.state)
    return f"{why}: {claim.why!r}" if claim.why else why


def _why_act(claim: Claim) -> str:
    return f"asked for, complete, {claim.state}"


def _change(
    claim: Claim, state: State, appointments: Sequence[Known], asked: Asked, taken: set[str]
) -> list[Decision]:
    spans = {"request": claim.asked}
    sure = claim.number in asked.agreed
    over = asked.over
    own = [item for item in appointments if item.own]
    alone = bool(own) and len(own) == len(appointments)
    sure = sure or alone
    told = claim.state == "taken" and over and claim.strong and claim.confirmed is not None
    asked_twice = sure and claim.strong and claim.state in ("open", "taken")
    if claim.state not in _AGREED and not told and not asked_twice:
        return [Decision("leave", _said(claim), claim, spans=spans)]
    if claim.wish.doubts:
        why = f"it is not clear which appointment is meant: {', '.join(claim.wish.doubts)}"
        return [Decision("ask", why, claim, spans=spans)]
    name = claim.wish.name or state.name
    standing = [item for item in appointments if item.id not in taken]
    if name is not None:
        fitting = [item for item in standing if same_name(name.value, item.name)]
        if not fitting and standing:
            return [Decision("ask", "the name does not fit the appointment", claim, spans=spans)]
        standing = fitting
        spans["name"] = name.span
    if not standing:
        return [Decision("ask", "no such appointment of the caller's is known", claim, spans=spans)]
    others = [item for item in appointments if item not in standing]
    named, how = _named(claim, standing, others, _told_times(state, claim))
    if how is not None:
        spans["object"] = how
    if not named:
        return [
            Decision(
                "ask", "the appointment that was named is not the caller's", claim, spans=spans
            )
        ]
    if claim.confirmed:
        spans["confirmed"] = claim.confirmed
    if claim.kind == CANCEL:
        return _cancel(claim, named, how, name is not None, appointments, spans)
    if len(named) > 1:
        return [Decision("ask", "it is not clear which appointment is meant", claim, spans=spans)]
    if how is None and name is None and not _only_one(claim, named, appointments):
        return [Decision("ask", "the appointment was not named", claim, spans=spans)]
    return [_move(claim, named[0], spans)]


def _only_one(claim: Claim, named: list[Known], appointments: Sequence[Known]) -> bool:
    """Whether "my appointment" can mean one only: one of this call, or the single one that the
    caller's number has, where the call confirms it."""
    if all(item.own for item in named):
        return True
    return len(appointments) == 1 and claim.confirmed is not None


def _cancel(
    claim: Claim,
    named: list[Known],
    how: Span | None,
    has_name: bool,
    appointments: Sequence[Known],
    spans: dict[str, Span],
) -> list[Decision]:
    if how is None and not has_name and not _only_one(claim, named, appointments):
        return [Decision("ask", "the appointment was not named", claim, spans=spans)]
    days = {day for day, _ in (item.value for item in claim.meant.mentioned) if day is not None}
    both = _ALL.search(claim.asked.words.lower()) is not None
    if len(named) > 1 and not (both and {item.start.date() for item in named} == days):
        return [Decision("ask", "it is not clear which appointment is meant", claim, spans=spans)]
    return [
        Decision("act", _why_act(claim), claim, item.service, item.start, item.name, item, spans)
        for item in named
    ]


def _told_times(state: State, claim: Claim) -> list[dt.time]:
    """The times of day at which the agent says that the appointment is."""
    roles = {item.index: item.role for item in state.utterances}
    return [
        part.value[1] for part in claim.meant.objects
        if part.value[1] is not None and roles.get(part.span.utterance) == AGENT
    ]  # fmt: skip


def _named(
    claim: Claim, standing: list[Known], others: list[Known], told_times: Sequence[dt.time]
) -> tuple[list[Known], Span | None]:
    """The appointments that fit what was said about which one is meant, and where it was said.
    `others` are those under another name."""
    how: Span | None = None
    found = standing
    if claim.wish.service is not None:
        of_service = [item for item in found if item.service == claim.wish.service.value]
        if of_service:
            found, how = of_service, claim.wish.service.span
        elif claim.kind == CANCEL:
            return [], claim.wish.service.span
    if claim.kind == CANCEL and told_times:
        found = [
            item for item in found
            if any(moments.same_clock(time, item.start.time(), True) for time in told_times)
        ]  # fmt: skip
        if not found:
            return [], how
    hits, place, missed = _hits(claim, claim.meant.mentioned, found)
    also, beside, _ = _hits(claim, claim.meant.objects, found)
    if hits:
        narrowed = [item for item in hits if item in also]
        return narrowed or hits, how or place
    if also:
        return also, how or beside
    told = [part for part in claim.meant.objects if None not in part.value]
    if claim.kind == CANCEL and (missed or _hits(claim, told, others)[0]):
        return [], how
    return found, how


def _hits(
    claim: Claim, parts: Sequence[Part[tuple[dt.date | None, dt.time | None]]], found: list[Known]
) -> tuple[list[Known], Span | None, bool]:
    """The appointments at the days and times said, where it was said, and whether a day was named
    on which there is none."""
    hits: list[Known] = []
    how: Span | None = None
    missed = False
    for part in parts:
        fitting = [item for item in found if _is_at(item, *part.value)]
        if not fitting and claim.kind == CANCEL and not part.sure:
            fitting = [item for item in found if _is_weekday(item, *part.value)]
        if not fitting:
            missed = missed or part.value[0] is not None
            continue
        how = how or part.span
        narrowed = [item for item in hits if item in fitting]
        if claim.kind == MOVE:
            hits = narrowed or hits or fitting
        else:
            hits = narrowed or [*hits, *(item for item in fitting if item not in hits)]
    return hits, how, missed


def _is_weekday(item: Known, day: dt.date | None, time: dt.time | None) -> bool:
    """Whether a weekday alone can mean the appointment's, in a week beside the one that it was
    read in."""
    return (
        day is not None
        and abs((item.start.date() - day).days) in (7, 14)
        and (time is None or moments.same_clock(time, item.start.time(), True))
    )


def _is_at(item: Known, day: dt.date | None, time: dt.time | None) -> bool:
    return (
        (day is None or item.start.date() == day)
        and (time is None or moments.same_clock(time, item.start.time(), True))
        and not (day is None and time is None)
    )


def _told_beside(
    claim: Claim, target: Known, spans: dict[str, Span]
) -> tuple[dt.date | None, dt.time | None]:
    """The new day and time, where they were told before a change was spoken of: the only ones that
    are not the appointment's own."""
    others = [part for part in claim.meant.objects if not _is_at(target, *part.value)]
    if len({part.value for part in others}) != 1 or None in others[0].value:
        return None, None
    spans["day"] = spans["time"] = others[0].span
    return others[0].value


def _may_be_old(target: Known, part: Part[Place]) -> bool:
    """Whether a weekday alone can mean the day of the appointment itself: "Tuesday's fine"."""
    return not part.sure and part.value[1] is None and _is_weekday(target, *part.value)


def _move(claim: Claim, target: Known, spans: dict[str, Span]) -> Decision:
    """The new time: what the agent named and the caller agreed to, else what the caller asked for
    that is not the old time."""
    day = claim.wish.day.value if claim.wish.day else None
    time = claim.wish.time.value if claim.wish.time else None
    new = [
        part for part in claim.meant.mentioned
        if not (_is_at(target, *part.value) or _may_be_old(target, part))
        or (part.value[0] is None and len(claim.meant.mentioned) == 1)
    ]  # fmt: skip
    for part in reversed(new):
        if day is None and part.value[0] is not None:
            day = part.value[0]
            spans.setdefault("day", part.span)
        if time is None and part.value[1] is not None:
            time = part.value[1]
            spans.setdefault("time", part.span)
    if day is None and time is None:
        day, time = _told_beside(claim, target, spans)
    if claim.wish.day:
        spans["day"] = claim.wish.day.span
    if claim.wish.time:
        spans["time"] = claim.wish.time.span
    if time is None and day is not None and claim.meant.same_time is not None:
        time = target.start.time()
        spans["time"] = claim.meant.same_time.span
    if day is None and time is not None:
        day = target.start.date()
    if day is None or time is None:
        lacks = " and ".join(
            label for label, value in (("day", day), ("time", time)) if value is None
        )
        return Decision("ask", f"waits for the new {lacks}", claim, target=target, spans=spans)
    start = dt.datetime.combine(day, time)
    if start == target.start:
        return Decision("ask", "the new time is the old one", claim, target=target, spans=spans)
    return Decision(
        "act", _why_act(claim), claim, target.service, start, target.name, target, spans
    )
