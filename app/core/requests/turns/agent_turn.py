"""What the agent's words are to a request: a question, an offer, a read-back, a report, a refusal.

The agent's questions are part of the evidence: "two" is a time of day after "What time?" and a
number of teeth after "How many teeth?".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.core.language.text import plain, sentences
from app.core.requests.turns import agent_cues as cues
from app.core.requests.turns.moments import Moment, Moments

ASKS_DAY, ASKS_TIME, ASKS_SERVICE, ASKS_NAME = "day", "time", "service", "name"
ASKS_WHICH, ASKS_MORE, ASKS_YES, ASKS_OTHER = "which", "more", "yes", "other"


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One turn of the agent's.

    asks: what it wants to know (`ASKS_*`). slots: days and times it names as possible or agreed, in
    order. existing: those of an appointment that stands. left: those that one is moved from.
    services: those it names. done: what it says is done ("book", "move", "cancel", "" for "all
    set"), None where it reports nothing. refuses, leaves, goes_on, assents: it cannot be had; it is
    left as it is; the agent goes on with it; the agent only says yes.
    """

    index: int
    text: str
    asks: frozenset[str] = frozenset()
    slots: tuple[Moment, ...] = ()
    existing: tuple[Moment, ...] = ()
    left: tuple[Moment, ...] = ()
    services: tuple[str, ...] = ()
    done: str | None = None
    all_done: frozenset[str] = frozenset()
    """All kinds of request that it says are done."""
    undone: frozenset[str] = frozenset()
    """Those that it says are not done: "Nothing is cancelled yet". With "left" where it leaves all
    as it is."""
    choices: tuple[str, ...] = ()
    """The services among which it lets the caller choose, in its order."""
    refuses: bool = False
    leaves: bool = False
    goes_on: bool = False
    assents: bool = False
    gone: bool = False
    """It says so of an appointment, if one is to be cancelled: "Friday's gone"."""
    offers_to: bool = False
    """It offers to do it: "I can cancel that for you"."""
    speaks_of: str | None = None
    """The kind of request it speaks of in a question: "Shall I cancel it?"."""

    @property
    def wants_yes(self) -> bool:
        """Whether the last thing it asked for is a yes."""
        return ASKS_YES in self.asks


def only_checks_the_line(text: str) -> bool:
    """Whether it says nothing but "Are you still there?"."""
    return all(cues.LINE_CHECK.match(part) for part in sentences(" ".join(plain(text).split())))


def read(
    index: int,
    text: str,
    moments_in: Callable[[str], Moments],
    services_in: Callable[[str], tuple[str, ...]],
    mask: Callable[[str], str] = str,
) -> AgentTurn:
    """Classify one turn of the agent's."""
    asks: set[str] = set()
    slots: list[Moment] = []
    existing: list[Moment] = []
    left: list[Moment] = []
    services: list[str] = []
    done: str | None = None
    all_done: set[str] = set()
    undone: set[str] = set()
    choices: tuple[str, ...] = ()
    refuses = leaves = goes_on = assents = offers_to = gone = False
    speaks_of: str | None = None
    for whole in _parts(cues.TITLE.sub(r"\1", " ".join(plain(text).split()))):
        question = whole.endswith("?")
        sentence = _without_what_stays(cues.INSTEAD.sub("instead of", whole), question)
        sentence = cues.SOONEST.sub("", sentence)
        if "cancel" in all_done and not question and cues.SEE_YOU.search(sentence):
            continue
        found = _asked(sentence, question)
        if question and slots and cues.EXTRA.search(sentence):
            asks.add(ASKS_MORE)
            continue
        services_here = services_in(sentence)
        choices = services_here if len(services_here) > 1 else choices
        if question and _offers_services(sentence, services_here, choices, found):
            found = {ASKS_SERVICE}
        services += [name for name in services_here if name not in services]
        if found == {ASKS_MORE}:
            asks |= found
            continue
        beside = cues.NOT_OFFERED.search(sentence) or cues.GREETS.search(sentence)
        heard = Moments() if beside else moments_in(sentence)
        said = heard.wanted
        left += [moment for moment in (*heard.gone, *said) if moment.source]
        refused = bool(cues.REFUSES.search(sentence)) and not question
        if said and cues.EXISTING.search(sentence) and not cues.NEW.search(sentence):
            existing += said
        elif not refused:
            slots += said
        other = cues.OTHER_THINGS.search(sentence) is not None
        named = bool(said) or (len(services_here) == 1 and not cues.WH.search(sentence))
        if named and question and (found <= {ASKS_WHICH} or (found == {ASKS_OTHER} and not other)):
            found = {*(found - {ASKS_OTHER}), ASKS_YES}
        if found == {ASKS_OTHER} and question and (slots or services) and _asks_about_it(sentence):
            found = {ASKS_YES}
        asks |= found
        if question or ASKS_YES in found:
            speaks_of = _kind(mask(sentence)) or speaks_of
        else:
            denied = _denied(mask(sentence))
            undone |= {"left"} if cues.LEAVES_IT.search(sentence) else set()
            undone |= denied
            if not denied:
                done = _done(mask(sentence), done)
                told = {kind for kind, said_so in cues.DONE.items() if said_so.search(sentence)}
                all_done |= told - {""}
                gone = gone or _is_gone(sentence)
        refuses = refuses or refused
        leaves = leaves or (not question and bool(cues.LEAVES.search(sentence)))
        goes_on = goes_on or bool(cues.GOES_ON.search(sentence))
        assents = assents or bool(cues.ASSENTS.search(sentence))
        offers_to = offers_to or bool(cues.OFFERS_TO.search(sentence))
    if speaks_of is None and ASKS_YES in asks and left and slots:
        speaks_of = "move"
    both = re.search(r"\b(?:is that right|correct|okay), and\b", plain(text))
    if asks & {ASKS_NAME, ASKS_OTHER} and not both:
        asks.discard(ASKS_YES)
    if ASKS_DAY in asks or ASKS_TIME in asks:
        asks.discard(ASKS_YES)
    return AgentTurn(
        index, text, frozenset(asks), tuple(slots), tuple(existing), tuple(left), tuple(services),
        done, frozenset(all_done), frozenset(undone), choices, refuses, leaves, goes_on, assents,
        gone, offers_to, speaks_of,
    )  # fmt: skip


def _is_gone(sentence: str) -> bool:
    return bool(cues.GONE.search(sentence)) and not cues.UNDONE.search(sentence)


def _denied(sentence: str) -> set[str]:
    """The kinds of request that a sentence says are not done."""
    if cues.NO_MORE.search(sentence):
        return set()
    kinds: set[str] = set()
    for clause in cues.REPORT_CLAUSE.split(sentence):
        for kind, pattern in (*cues.DONE.items(), ("cancel", cues.GONE)):
            report = pattern.search(clause)
            if report is not None and cues.NEGATES.search(clause[: report.start() + 1]):
                kinds.add(kind)
    return kinds


def _offers_services(
    sentence: str, named: Sequence[str], choices: Sequence[str], asks: set[str]
) -> bool:
    """ "Which would you like: a checkup or a cleaning?": a question for the service."""
    if ASKS_WHICH in asks:
        one_of_them = len(named) > 1 or (choices and not named)
        return bool(one_of_them) and cues.LISTS.search(sentence) is not None
    return len(named) > 1 and " or " in sentence


def _asked(sentence: str, question: bool) -> set[str]:
    wants = question or re.search(
        r"\bplease\.?$|^(?:and )?(?:your|the|a|may|what|which)\b", sentence
    )
    if not wants:
        return set()
    if cues.NAME.search(sentence):
        return {
            ASKS_NAME,
            *([ASKS_YES] if re.search(r"\b(?:is that right|correct),? and\b", sentence) else []),
        }
    if cues.MORE.search(sentence):
        return {ASKS_MORE}
    if not question:
        return {ASKS_OTHER} if cues.OTHER_THINGS.search(sentence) else set()
    asks: set[str] = set()
    other = bool(cues.OTHER_THINGS.search(sentence))
    if cues.SERVICE.search(sentence) and not other:
        asks.add(ASKS_SERVICE)
    if not other:
        if cues.DAY.search(sentence):
            asks.add(ASKS_DAY)
        if cues.TIME.search(sentence):
            asks.add(ASKS_TIME)
        if cues.WHICH.search(sentence):
            asks.add(ASKS_WHICH)
        if not asks and (
            cues.CONFIRM.search(sentence) or (_kind(sentence) and not cues.WH.search(sentence))
        ):
            asks.add(ASKS_YES)
    return asks or {ASKS_OTHER}


def _parts(text: str) -> list[str]:
    """The sentences of a text, and of a report of two things each."""
    out: list[str] = []
    for sentence in sentences(text):
        out += [sentence] if sentence.endswith("?") else cues.TWO_REPORTS.split(sentence)
    return out


def _without_what_stays(sentence: str, question: bool) -> str:
    """ "The 13th stays and the 20th goes": without the clause that leaves one as it is."""
    if not cues.STAYS.search(sentence) or (question and not cues.GOES.search(sentence)):
        return sentence
    left = [part for part in cues.CLAUSE.split(sentence) if not cues.STAYS.search(part)]
    return ", ".join(left) or ("?" if question else ".")


def _asks_about_it(sentence: str) -> bool:
    """Whether a question can be about what was named right before it: "Final answer?"."""
    if (
        cues.OTHER_THINGS.search(sentence)
        or cues.WH.search(sentence)
        or cues.OF_THE_CALLER.match(sentence)
    ):
        return False
    return len(sentence.split()) <= 3 or cues.ABOUT_IT.search(sentence) is not None


def _kind(sentence: str) -> str | None:
    if cues.ANOTHER_TIME.search(sentence):
        return "move"
    moves = cues.MOVES.search(sentence)
    if cues.CANCELS.search(sentence):
        return "cancel" if not moves else None
    if moves:
        return "move"
    if re.search(r"\b(?:book|put you|schedule|reserve)\b", sentence):
        return "book"
    return None


def _done(sentence: str, before: str | None) -> str | None:
    if cues.UNDONE.search(sentence):
        return before
    if cues.PROMISES.search(sentence) and not re.search(r"\b(?:i can|could|if)\b", sentence):
        return "cancel"
    if cues.PROMISES_MOVE.search(sentence):
        return "move"
    if cues.PROMISES_BOOK.search(sentence):
        return "book"
    for kind, pattern in cues.DONE.items():
        if pattern.search(sentence):
            return kind or before or ""
    return before
