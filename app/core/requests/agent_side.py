"""What a turn of the agent's does to the claims."""

from __future__ import annotations

import datetime as dt

from app.core.requests import agent_turn, fold, moments, naming
from app.core.requests.agent_turn import (
    ASKS_DAY,
    ASKS_NAME,
    ASKS_OTHER,
    ASKS_SERVICE,
    ASKS_TIME,
    ASKS_WHICH,
    AgentTurn,
)
from app.core.requests.caller_turn import Said
from app.core.requests.evidence import (
    BOOK,
    CANCEL,
    MOVE,
    Claim,
    Part,
    Place,
    Span,
    Utterance,
    quote,
)
from app.core.requests.moments import Moment
from app.core.requests.state import State, as_place, distinct, merged

_BOOKING = frozenset((ASKS_DAY, ASKS_TIME, ASKS_WHICH, ASKS_SERVICE))


def hear(state: State, said: Utterance) -> None:
    """Take one turn of the agent's in."""
    if agent_turn.only_checks_the_line(said.text):
        return
    turn = agent_turn.read(
        said.index, said.text, lambda text: state.moments_in(text, said), state.services_in
    )
    state.asked = turn
    _complete_name(state, turn)
    if turn.slots:
        state.offer = turn
    if turn.asks & _BOOKING:
        state.pending = turn.asks & _BOOKING
    told = () if state.live or state.owned is not None else turn.slots
    for slot in (*turn.existing, *told):
        state.told.append(Part(as_place(slot), Span(turn.index, slot.words)))
    if turn.done in (MOVE, CANCEL) and (state.claim is None or state.claim.state == "stopped"):
        _open_by_report(state, turn)
    for claim in state.live:
        if ASKS_SERVICE in turn.asks:
            claim.wish.service_asked = True
        spoken = turn.done if turn.done in (MOVE, CANCEL) else turn.speaks_of
        if not any(other.kind == spoken for other in state.live):
            _becomes(claim, turn)
        for event in _events(claim, turn):
            claim.state = fold.after(claim.state, event)


def _complete_name(state: State, turn: AgentTurn) -> None:
    """The agent says the whole of a name of which one word was understood."""
    if state.name is None:
        return
    whole = naming.completed(state.name.value, turn.text, state.rules.agent_name)
    if whole is None:
        return
    held, state.name = state.name.value, Part(whole, Span(turn.index, whole))
    for claim in state.live:
        if claim.wish.name is not None and claim.wish.name.value == held:
            claim.wish.name = state.name


def _open_by_report(state: State, turn: AgentTurn) -> None:
    """The agent says that an appointment is changed, right after the caller spoke of it."""
    if state.heard is None or state.claim is not None:
        return
    said, sentences = state.heard
    about = [s for s in sentences if (s.names_object or s.cannot_come) and not _is_beside(s)]
    if not about:
        return
    kind = MOVE if turn.done == MOVE else CANCEL
    told = list(state.told)
    claim = state.add(kind, strong=False, asked=quote(said, about[0].text), beside=False)
    for moment in (moment for s in about for moment in s.moments.wanted):
        place = Part(as_place(moment), Span(said.index, moment.words), not moment.weekday)
        claim.meant.mentioned.append(place)
    claim.meant.objects.extend(told[-4:])
    named = [name for s in about for name in s.services]
    if named:
        claim.wish.service = Part(named[-1], quote(said, about[0].text))


def _is_beside(sentence: Said) -> bool:
    """Whether it asks for nothing of the caller's own."""
    if sentence.denies and not sentence.cannot_come:
        return True
    return sentence.told or sentence.conditional or sentence.refused or sentence.question


def _becomes(claim: Claim, turn: AgentTurn) -> None:
    """Where the agent speaks of a change of an appointment, no booking was asked for."""
    spoken = turn.done if turn.done in (MOVE, CANCEL) else turn.speaks_of
    if claim.kind != BOOK or spoken not in (MOVE, CANCEL) or claim.state in ("done", "stopped"):
        return
    unnamed = claim.wish.service is None and (turn.services or not claim.strong)
    if unnamed or turn.existing or turn.done == CANCEL or _leaves_another(claim, turn):
        claim.kind = CANCEL if spoken == CANCEL else MOVE
        place = (
            claim.wish.day.value if claim.wish.day else None,
            claim.wish.time.value if claim.wish.time else None,
        )
        if any(place):
            span = claim.wish.day.span if claim.wish.day else claim.asked
            claim.meant.mentioned.append(Part(place, span, not claim.wish.weekday))
        claim.wish.day = claim.wish.time = None
        claim.strong = False


def _leaves_another(claim: Claim, turn: AgentTurn) -> bool:
    """ "From the 21st to the 19th": it comes from a day that was not asked for."""
    held = (claim.wish.day.value if claim.wish.day else None), None
    sources = [slot for slot in turn.left if slot.day is not None]
    if claim.state == "open" and not claim.reopened:
        return bool(sources)
    return any(slot.day != held[0] for slot in sources) and len(distinct(turn.slots)) == 1


def _events(claim: Claim, turn: AgentTurn) -> list[str]:
    """What the turn is to a claim, in order."""
    events: list[str] = []
    if turn.leaves and turn.done is None and not turn.slots:
        events.append(fold.LEAVES)
    if claim.kind != BOOK:
        _tell_object(claim, turn)
    if claim.kind == CANCEL:
        events += _to_cancel(turn)
    elif turn.slots:
        events += _to_slots(claim, turn)
    elif turn.refuses and turn.done is None:
        events.append(fold.REFUSES)
    elif turn.wants_yes and turn.speaks_of in (None, claim.kind):
        events.append(fold.CHECKS)
    elif turn.asks & {ASKS_NAME, ASKS_OTHER} or turn.goes_on or (turn.services and not turn.asks):
        if not turn.leaves:
            events.append(fold.TAKES_UP)
    elif turn.assents and not turn.leaves:
        events.append(fold.ASSENTS)
    if fold.ASSENTS in events and claim.kind != BOOK and claim.state == "open":
        claim.confirmed = claim.confirmed or Span(turn.index, turn.text)
    if _reports(claim, turn):
        events = [item for item in events if item not in (fold.CHECKS, fold.LEAVES, fold.OFFERS)]
        events.append(fold.REPORTS)
        if claim.state not in ("stopped", "left", "doubtful", "refused"):
            claim.confirmed = Span(turn.index, turn.text)
    return events


def _to_cancel(turn: AgentTurn) -> list[str]:
    if turn.refuses and turn.done is None:
        return [fold.REFUSES]
    if (turn.wants_yes and turn.speaks_of != MOVE) or turn.offers_to:
        return [fold.CHECKS]
    if turn.asks & {ASKS_NAME, ASKS_OTHER} and not turn.leaves:
        return [fold.TAKES_UP]
    return [fold.ASSENTS] if turn.assents and not turn.leaves else []


def _to_slots(claim: Claim, turn: AgentTurn) -> list[str]:
    slot = fitting(claim, turn)
    if slot is not None:
        if claim.state not in ("done", "stopped", "doubtful", "left"):
            _adopt(claim, slot, turn)
        return [fold.CHECKS if turn.wants_yes else fold.STATES]
    if claim.state == "done":
        if claim.kind == BOOK and not turn.refuses and not turn.asks:
            claim.wish.doubts.append("the agent named another time later")
        return []
    return [*([fold.REFUSES] if turn.refuses else []), fold.OFFERS]


def _reports(claim: Claim, turn: AgentTurn) -> bool:
    """Whether the turn says that just this claim is done."""
    if turn.gone and claim.kind == CANCEL and not turn.refuses:
        return claim.state not in ("stopped", "left", "doubtful", "refused")
    if turn.done is None or (turn.refuses and not turn.slots):
        return False
    moved = claim.kind == MOVE and turn.done == BOOK
    if turn.done not in ("", claim.kind) and not moved:
        if claim.strong or turn.done == BOOK:
            return False
        claim.kind = MOVE if turn.done == MOVE else CANCEL
    if claim.state in ("stopped", "left", "doubtful", "refused"):
        return False
    if claim.kind == CANCEL:
        return turn.done == CANCEL or "see you" not in turn.text.lower()
    if turn.slots:
        return fitting(claim, turn) is not None
    return claim.kind == MOVE or (claim.wish.day is not None and claim.wish.time is not None)


def _tell_object(claim: Claim, turn: AgentTurn) -> None:
    """The appointment that the agent says is meant."""
    told = turn.existing if claim.kind == MOVE else (*turn.existing, *turn.slots)
    if len(turn.services) > 1 or (len(told) > 1 and claim.state != "done"):
        return
    for slot in told:
        claim.meant.objects.append(Part(as_place(slot), Span(turn.index, slot.words)))
    if len(turn.services) == 1 and claim.wish.service is None and (told or claim.kind == CANCEL):
        claim.wish.service = Part(turn.services[0], Span(turn.index, turn.services[0]))


def new_slots(claim: Claim, turn: AgentTurn) -> list[Moment]:
    """The slots of a turn that a claim can take; for a move without those it comes from."""
    options = distinct(turn.slots)
    if claim.kind != MOVE or len(options) < 2:
        return options
    old = [part.value for part in (*claim.meant.mentioned[:-1], *claim.meant.objects)]
    left = [option for option in options if not any(_is_old(option, *place) for place in old)]
    return left or options


def _is_old(slot: Moment, day: dt.date | None, time: dt.time | None) -> bool:
    """Whether a slot is the day and time that an appointment is moved from."""
    if day is None or slot.day != day:
        return False
    return slot.time is None or time is None or moments.same_clock(slot.time, time, True)


def fitting(claim: Claim, turn: AgentTurn) -> Moment | None:
    """The one slot of a turn that is what the claim asks for."""
    if claim.kind == CANCEL:
        return None
    options = new_slots(claim, turn)
    if not options:
        return None
    whole = merged(options)
    if whole is None:
        exact = [o for o in options if o.time is not None and asked_for(claim, o)]
        return exact[0] if len(exact) == 1 and turn.done is not None else None
    return whole if asked_for(claim, whole) else None


def asked_for(claim: Claim, slot: Moment) -> bool:
    """Whether a slot is what the caller said, in the agent's words, and nothing new is in it."""
    if claim.kind == MOVE:
        return any(_fits_move(claim, part, slot) for part in claim.meant.mentioned)
    if claim.wish.options:
        return any(
            option.day is not None and slot.day is not None and option.is_day(slot.day)
            and ((option.time is None and claim.wish.time is not None) or option.time is not None)
            and slot.time is not None
            and moments.same_clock(option.time or claim.wish.time.value, slot.time, True)  # type: ignore[union-attr]
            for option in claim.wish.options
        )  # fmt: skip
    if claim.wish.day is None and claim.wish.time is None:
        return False
    if claim.wish.day is not None and slot.day is not None and not _is_day(claim, slot):
        return False
    if claim.wish.day is None and slot.day is not None:
        return False
    if claim.wish.time is None or slot.time is None:
        return (claim.wish.time is None and slot.time is None) or claim.wish.time is not None
    return moments.same_clock(claim.wish.time.value, slot.time, not claim.wish.time.sure)


def _is_day(claim: Claim, slot: Moment) -> bool:
    assert claim.wish.day is not None
    assert slot.day is not None
    if same_weekday(claim, slot):
        return True
    said = Moment(claim.wish.day.value, None, "", weekday=claim.wish.weekday)
    return said.is_day(slot.day)


def same_weekday(claim: Claim, slot: Moment) -> bool:
    """Whether a slot's day is the day asked for, told by its weekday alone. Said after midnight,
    "Tuesday" is still the one that was agreed."""
    held = claim.wish.day
    if held is None or claim.wish.weekday or claim.kind != BOOK or not slot.weekday:
        return False
    return slot.day is not None and slot.day.weekday() == held.value.weekday()


def _fits_move(claim: Claim, part: Part[Place], slot: Moment) -> bool:
    day, time = part.value
    if day is None and time is None:
        return False
    said = Moment(day, None, "", weekday=not part.sure)
    if slot.day is not None and not said.is_day(slot.day):
        return False
    if time is not None and slot.time is not None:
        return moments.same_clock(time, slot.time, True)
    return time is not None or slot.time is None or claim.meant.same_time is not None or any(
        other.value[0] is None and other.value[1] is not None
        and moments.same_clock(other.value[1], slot.time, True)
        for other in claim.meant.mentioned
    )  # fmt: skip


def _adopt(claim: Claim, slot: Moment, turn: AgentTurn) -> None:
    """The agent named what was asked for: its words are the exact ones."""
    span = Span(turn.index, slot.words)
    if slot.day is not None and not same_weekday(claim, slot):
        claim.wish.day = Part(
            slot.day, claim.wish.day.span if claim.wish.day and claim.kind == BOOK else span
        )
        claim.wish.weekday = False
    if slot.time is not None:
        claim.wish.time = Part(
            slot.time, claim.wish.time.span if claim.wish.time and claim.kind == BOOK else span
        )
    if slot.day is not None and slot.time is not None:
        claim.wish.doubts, claim.wish.options = [], []
        if claim.kind == MOVE and not turn.wants_yes:
            claim.confirmed = claim.confirmed or span
    if len(turn.services) == 1 and claim.kind == BOOK and claim.wish.service is None:
        claim.wish.service = Part(turn.services[0], Span(turn.index, turn.services[0]))
