"""What a turn of the agent's does to the claims."""

from __future__ import annotations

import re
from dataclasses import replace

from app.core.requests import fold, witness
from app.core.requests.evidence import (
    BOOK,
    CALLER,
    CANCEL,
    MOVE,
    Claim,
    Part,
    Span,
    Utterance,
)
from app.core.requests.fitting import fitting, new_slots, same_weekday
from app.core.requests.state import State, as_place, distinct, merged
from app.core.requests.turns import agent_cues, agent_turn, naming
from app.core.requests.turns.agent_turn import (
    ASKS_DAY,
    ASKS_NAME,
    ASKS_OTHER,
    ASKS_SERVICE,
    ASKS_TIME,
    ASKS_WHICH,
    AgentTurn,
)
from app.core.requests.turns.moments import Moment

_MOVES = re.compile(r"\bmov(?:e|ed|ing)\b|\breschedul")
_ANOTHER = re.compile(r"\b(?:next|other|another|else)\b")
_BOOKING = frozenset((ASKS_DAY, ASKS_TIME, ASKS_WHICH, ASKS_SERVICE))


def hear(state: State, said: Utterance) -> None:
    """Take one turn of the agent's in."""
    if agent_turn.only_checks_the_line(said.text):
        if _only_holds(said.text):
            _look_into(state)
        return
    turn = agent_turn.read(
        said.index,
        _without_name(state, said.text),
        lambda text: state.moments_in(text, said),
        state.services_in,
        state.without_services,
    )
    state.asked = turn
    state.agent_turns.append(turn)
    _complete_name(state, turn)
    if turn.slots:
        turn = _with_day(state, turn)
        state.asked = state.offer = state.agent_turns[-1] = turn
    if turn.asks & _BOOKING:
        state.pending = turn.asks & _BOOKING
    told = () if state.live or state.owned is not None else turn.slots
    for slot in (*turn.existing, *told):
        state.told.append(Part(as_place(slot), Span(turn.index, slot.words)))
    witness.hear_service(state, turn)
    witness.open_by_report(state, turn)
    witness.note_report(state, turn)
    for claim in state.live:
        witness.name_whom(state, claim, turn)
        if ASKS_SERVICE in turn.asks:
            claim.wish.service_asked = True
        spoken = turn.done if turn.done in (MOVE, CANCEL) else turn.speaks_of
        if not any(other.kind == spoken for other in state.live):
            _becomes(claim, turn)
        for event in _events(state, claim, turn):
            claim.state = fold.after(claim.state, event)
            if event == fold.REPORTS:
                witness.check_report(state, claim, turn)
        witness.check_name(state, claim, turn, said.text)
        if _is_undone(state, claim, turn):
            claim.state, claim.confirmed = fold.after(claim.state, fold.STOPS), None
            claim.why = turn.text


def _without_name(state: State, text: str) -> str:
    """The text without the caller's name where it is said as one: "Mr. Friday", "Mark Friday"."""
    words = state.name.value.split() if state.name is not None else []
    if len(words) < 2:
        return text
    last = re.escape(words[-1])
    pattern = rf"\b(?:(?:Mr|Mrs|Ms|Miss|Dr)\.?|{re.escape(words[0])}) {last}\b"
    return re.sub(pattern, words[0], text) if words[0] != words[-1] else text


def _with_day(state: State, turn: AgentTurn) -> AgentTurn:
    """ "Four is open as well": on the day that was offered before, where none was asked for."""
    claim, offer = state.claim, state.offer
    if offer is None or any(slot.day is not None for slot in turn.slots):
        return turn
    if claim is not None and (claim.kind != BOOK or claim.wish.day is not None):
        return turn
    days = {slot.day for slot in offer.slots if slot.day is not None}
    if len(days) != 1:
        return turn
    (day,) = days
    return replace(turn, slots=tuple(replace(slot, day=day) for slot in turn.slots))


def _complete_name(state: State, turn: AgentTurn) -> None:
    """The agent says the whole of a name of which one word was understood, or takes up as a name
    what the caller said among other words."""
    if state.name is None:
        _take_name_up(state, turn)
        return
    whole = naming.turned_round(state.name.value, turn.text) or naming.completed(
        state.name.value, turn.text, state.rules.agent_name
    )
    if whole is None:
        return
    held, state.name = state.name.value, Part(whole, Span(turn.index, whole))
    for claim in state.live:
        if claim.wish.name is not None and claim.wish.name.value == held:
            claim.wish.name = state.name


def _take_name_up(state: State, turn: AgentTurn) -> None:
    heard = [item for item in state.utterances[: turn.index] if item.role == CALLER]
    greeting = state.utterances[0].text if state.utterances else ""
    for said in reversed(heard):
        name = naming.taken_up(said.text, turn.text, greeting, state.rules.agent_name)
        if name is None:
            continue
        state.name = Part(name, Span(said.index, name, turn.index))
        for claim in state.live:
            claim.wish.name = claim.wish.name or state.name
        return


def _becomes(claim: Claim, turn: AgentTurn) -> None:
    """Where the agent speaks of a change of an appointment, no booking was asked for."""
    spoken = turn.done if turn.done in (MOVE, CANCEL) else turn.speaks_of
    if claim.kind == MOVE and not claim.strong and turn.speaks_of == CANCEL and not claim.wish.day:
        claim.kind = CANCEL
        return
    if claim.kind != BOOK or spoken not in (MOVE, CANCEL) or claim.state in ("done", "stopped"):
        return
    unnamed = claim.wish.service is None and (turn.services or not claim.strong)
    moves = not claim.strong and spoken == MOVE and _MOVES.search(turn.text.casefold())
    if unnamed or moves or turn.existing or turn.done == CANCEL or _leaves_another(claim, turn):
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
        claim.state = "open" if claim.state == "offered" else claim.state


def _is_undone(state: State, claim: Claim, turn: AgentTurn) -> bool:
    """ "Okay, taken off again": what was booked in this call, where no other visit is meant."""
    undone = turn.done == CANCEL or (turn.gone and not turn.refuses)
    if claim.kind != BOOK or not undone or turn.all_done - {CANCEL} or turn.slots:
        return False
    if any(other.kind != BOOK and other.state != "stopped" for other in state.claims):
        return False
    return claim.state in ("done", "agreed") and not turn.services and not turn.existing


def _leaves_another(claim: Claim, turn: AgentTurn) -> bool:
    """ "From the 21st to the 19th": it comes from a day that was not asked for."""
    held = (claim.wish.day.value if claim.wish.day else None), None
    sources = [slot for slot in turn.left if slot.day is not None]
    if claim.state in ("open", "unclear", "taken") and not claim.reopened:
        return bool(sources)
    return any(slot.day != held[0] for slot in sources) and len(distinct(turn.slots)) == 1


def _events(state: State, claim: Claim, turn: AgentTurn) -> list[str]:
    """What the turn is to a claim, in order."""
    events: list[str] = []
    if turn.leaves and turn.done is None and not turn.slots:
        events.append(fold.LEAVES)
    if claim.kind != BOOK:
        _tell_object(claim, turn)
    events += _to_cancel(turn) if claim.kind == CANCEL else _to_wish(state, claim, turn)
    if fold.ASSENTS in events and claim.kind != BOOK and claim.state == "open":
        claim.confirmed = claim.confirmed or Span(turn.index, turn.text)
    if _reports(claim, turn):
        events = [item for item in events if item not in (fold.CHECKS, fold.LEAVES, fold.OFFERS)]
        events.append(fold.REPORTS)
        if claim.state not in ("stopped", "left", "doubtful", "refused"):
            claim.confirmed = Span(turn.index, turn.text)
    elif _is_not_done(claim, turn):
        events.append(fold.NOT_DONE)
    return events


def _is_not_done(claim: Claim, turn: AgentTurn) -> bool:
    """Whether the turn says that just this claim is not done: "Nothing is booked yet"."""
    if turn.wants_yes or turn.done is not None:
        return False
    if "left" in turn.undone and claim.state == "agreed":
        return True
    if not turn.undone & {"", claim.kind}:
        return False
    return claim.state != "done" or not _ANOTHER.search(turn.text.casefold())


def _to_wish(state: State, claim: Claim, turn: AgentTurn) -> list[str]:
    """What the turn is to a booking or a move."""
    if turn.slots:
        return _to_slots(state, claim, turn)
    if _borne_out(state, claim, turn):
        return [fold.STATES]
    if turn.refuses and turn.done is None:
        return [] if _refuses_something_else(state, claim) else [fold.REFUSES]
    if turn.wants_yes and turn.speaks_of in (None, claim.kind):
        return [fold.CHECKS]
    if turn.asks & {ASKS_NAME, ASKS_OTHER} or (claim.strong and _goes_on(turn)):
        return [] if turn.leaves else [fold.TAKES_UP]
    if turn.assents and claim.strong and not turn.leaves:
        return [fold.ASSENTS]
    if claim.strong and claim.wish.whole and _only_holds(turn.text):
        return [fold.TAKES_UP]
    return []


def _refuses_something_else(state: State, claim: Claim) -> bool:
    """ "Not earlier?" "I'm afraid not.": what was offered stands."""
    asked = state.heard[1] if state.heard is not None else ()
    return claim.state in ("offered", "agreed") and bool(asked) and all(s.question for s in asked)


def _goes_on(turn: AgentTurn) -> bool:
    return turn.goes_on or bool(turn.services and not turn.asks)


def _look_into(state: State) -> None:
    """The agent asks to wait a moment: what was asked for outright and whole is taken up."""
    for claim in state.live:
        if claim.kind == BOOK and claim.strong and claim.wish.whole:
            claim.state = fold.after(claim.state, fold.TAKES_UP)


def _only_holds(text: str) -> bool:
    """Whether the agent says nothing but that they are looking."""
    sentences = [part.strip() for part in re.split(r"[.!?]", text) if part.strip()]
    return bool(sentences) and all(map(agent_cues.HOLDS.fullmatch, sentences))


def _to_cancel(turn: AgentTurn) -> list[str]:
    if turn.refuses and turn.done is None:
        return [fold.REFUSES]
    if (turn.wants_yes and turn.speaks_of != MOVE) or turn.offers_to:
        return [fold.CHECKS]
    if turn.asks & {ASKS_NAME, ASKS_OTHER} and not turn.leaves:
        return [fold.TAKES_UP]
    return [fold.ASSENTS] if turn.assents and not turn.leaves else []


def _borne_out(state: State, claim: Claim, turn: AgentTurn) -> bool:
    """The agent says that just what was said last is done, in whatever words it was agreed to."""
    if turn.done not in (BOOK, MOVE, "") or (turn.refuses and turn.done != BOOK):
        return False
    if claim.state in ("stopped", "left", "doubtful", "refused", "done"):
        return False
    offers = [item for item in state.agent_turns if item.slots and item.index < turn.index]
    told = new_slots(claim, turn) if turn.slots else new_slots(claim, offers[-1]) if offers else []
    slot = merged(told)
    if slot is None or slot.time is None or not witness.bears_out(state, slot, turn):
        return False
    if slot.day is None and claim.wish.day is None:
        return False
    _adopt(claim, slot, turn)
    if claim.kind == MOVE:
        span = Span(turn.index, slot.words)
        claim.meant.mentioned.append(Part(as_place(slot), span, not slot.weekday))
    return True


def _to_slots(state: State, claim: Claim, turn: AgentTurn) -> list[str]:
    slot = fitting(claim, turn)
    if slot is None and _borne_out(state, claim, turn):
        return [fold.STATES]
    if slot is not None:
        if claim.state not in ("done", "stopped", "doubtful", "left"):
            _adopt(claim, slot, turn)
        return [fold.CHECKS if turn.wants_yes else fold.STATES]
    other = merged(new_slots(claim, turn))
    if claim.state == "agreed" and claim.kind == BOOK and other is not None and other.whole:
        claim.wish.doubts += ["the agent named another time later"] if _names_another(turn) else []
    if claim.state == "done":
        if claim.kind == BOOK and turn.done == MOVE and other is not None and other.time:
            _adopt(claim, other, turn)
        elif claim.kind == BOOK and _names_another(turn):
            claim.wish.doubts.append("the agent named another time later")
        return []
    return [*([fold.REFUSES] if turn.refuses else []), fold.OFFERS]


def _names_another(turn: AgentTurn) -> bool:
    """Whether what is done seems to be at another time than was agreed. Days alone, named in
    passing ("we're closed on the 24th"), are none."""
    if turn.refuses or turn.asks:
        return False
    return turn.done is not None or any(slot.time is not None for slot in turn.slots)


def _reports(claim: Claim, turn: AgentTurn) -> bool:
    """Whether the turn says that just this claim is done."""
    if claim.kind == CANCEL and not turn.refuses and (turn.gone or witness.echoes_act(claim, turn)):
        return claim.state not in ("stopped", "left", "doubtful", "refused")
    if turn.done is None or (turn.refuses and not turn.slots):
        return False
    if claim.kind == BOOK and turn.done == BOOK and turn.existing:
        stands = fitting(claim, replace(turn, slots=turn.existing)) is not None
        if stands or not turn.slots:
            return _stands(claim, fits=stands)
    moved = claim.kind == MOVE and turn.done == BOOK
    if moved and not turn.slots and (turn.existing or not claim.meant.mentioned):
        return False
    if turn.done not in ("", claim.kind) and claim.kind not in turn.all_done and not moved:
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


def _stands(claim: Claim, *, fits: bool) -> bool:
    """Whether a report that tells the time of the booking is one of the claim: "You're booked for
    Thursday at three", where two was asked for, is a contradiction."""
    if claim.state in ("stopped", "left", "doubtful", "refused"):
        return False
    if not fits and claim.start is not None:
        claim.wish.doubts.append("the agent named another time")
    return fits


def _tell_object(claim: Claim, turn: AgentTurn) -> None:
    """The appointment that the agent says is meant."""
    told = turn.existing if claim.kind == MOVE else (*turn.existing, *turn.slots)
    if len(turn.services) > 1 or (len(told) > 1 and claim.state != "done"):
        return
    for slot in told:
        claim.meant.objects.append(Part(as_place(slot), Span(turn.index, slot.words)))
    if len(turn.services) == 1 and claim.wish.service is None and (told or claim.kind == CANCEL):
        claim.wish.service = Part(turn.services[0], Span(turn.index, turn.services[0]))


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
