"""Yes, no, taken back: one vocabulary for everything that reads a caller's answer.

A phrase has one `Sense`. `senses` finds all phrases in a text; `answer` says what an answer to a
yes-or-no question comes to; `withdraws` tells whether what was asked for before no longer stands.
The longest phrase at a place counts, so "no problem" is not a "no". Time grows with the length of
the text and no text raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from app.core.language.text import EXPANSIONS, level, vocabulary

MAX_CHARS = 2000
"""Of a longer text the last so many characters are read."""


class Sense(StrEnum):
    """What a phrase does to what is being asked or arranged."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"
    """The caller has not made up their mind: "maybe", "I'm not sure"."""
    TAKEN_BACK = "taken_back"
    """What was asked for is not wanted any more: "never mind", "forget it", "cancel that"."""
    HOLD_ON = "hold_on"
    """The caller wants a pause, or breaks off: "wait", "hang on", "one second"."""
    LATER = "later"
    """Put off: "not yet", "let me ask my wife first", "I'll call back"."""
    CHANGE = "change"
    """Something else is wanted than what was said: "actually", "instead", "another"."""


@dataclass(frozen=True, slots=True)
class Said:
    """One phrase that was found: its sense, its words, and its characters in the text."""

    sense: Sense
    phrase: str
    start: int
    end: int


#: Sense -> phrases, separated by commas. "a/b" stands for either word, "word?" may be left out.
#: Short forms are spelled out before anything is compared ("don't" is "do not").
_TABLE: dict[Sense | None, str] = {
    Sense.YES: """
        yes, yeah, yep, yup, yea, ya, yah, aye, sure, sure thing, of course, correct, right, all
        right, alright, ok, okay, okey dokey, fine, good, great, lovely, wonderful, perfect,
        excellent, brilliant, exactly, absolutely, definitely, certainly, indeed, totally,
        confirm, confirmed, agreed, deal, mhm, mm hmm, mm hm, uh huh, you bet, by all means, yes
        please, please do, please, go ahead, go for it, do it, do that, do so, book it, book that,
        book me in, let us do it/that, let us go with it/that/this, works, that works, works for
        me/us, suits me/us, sounds fine/good/great/perfect/lovely, i will take it/that/this, i
        will take, that is it/right/correct/fine/good/great/perfect/true, why not, i guess so, i
        think so, i believe so, i suppose so, i do, i did, i am, it is, we are, that will do, that
        would be fine/good/great/perfect/lovely, no problem, not a problem, no worries, no doubt,
        no that is all/fine/great/right/correct/it/everything, no it is
        fine/ok/okay/right/correct, no objection/objections, do not mind if i do, could not be
        better, can not wait
    """,
    Sense.NO: """
        no, nope, nah, not, never, none, neither, nor, without, wrong, incorrect, uh uh, no way,
        no thanks, no thank you, not really, not quite, not that, not right, not at all,
        absolutely/certainly/definitely/of-course not, i do not think so, i think not, i would
        rather not, i had rather not, rather not
    """,
    Sense.UNSURE: """
        maybe, perhaps, possibly, i am? not so?/too?/quite?/really? sure/certain, i? do not know,
        not know yet, no idea, hard to say, it depends, that depends, depends, not decided, have
        not decided, undecided, i might, we might, i may or may not, i guess, i wonder, in two
        minds, not convinced
    """,
    Sense.TAKEN_BACK: """
        never mind, never mind that/it, forget it/that/this, forget about it/that/this, forget i
        said/asked anything/it/that, forget the whole thing, leave it, leave it be, just? leave it
        at that, leave that, scratch that/it, strike that, drop it, drop that, skip it, skip that,
        ignore that/it, disregard that/it/this, cancel that, cancel it, cancel this, cancel the
        request, undo that/it, do not bother, no need, not needed, not necessary, no longer
        need/want/wanted/needed, not need/want it/that/one any? more?, not any more, i have?
        changed my mind, change my mind, do not book/do/make/schedule it/that/anything/this, do
        not want to/it/that/this, do not do that, let us not, on second thought/thoughts no, i
        will pass, i pass, take that back, i take it/that back, not after all, not interested,
        call it off, call that off, that was a mistake, do not worry about it/that, not going to
        happen, better not, i had better not
    """,
    Sense.HOLD_ON: """
        wait, wait a second/sec/minute/moment, wait up, hold on, hold it, hold up, hold the line,
        hold that thought, hang on, hang on a second/sec/minute/moment, stop, one
        second/sec/minute/moment, just? a second/sec/minute/moment, give me a/one
        second/sec/minute/moment, bear with me, not so fast
    """,
    Sense.LATER: """
        hold off, hold that, not yet, not now, not right now, not just yet, not quite yet, before
        you do, first let me, let me just?/first?/quickly?
        ask/check/think/confirm/consult/discuss, let me just?/first? talk/speak to/with my, let me
        see if/whether/what, i/we need/have/ought to just?/first? ask/check/think/consult/discuss,
        i/we need/have/ought to just?/first? talk/speak to/with my, i/we should/must/better
        just?/first? ask/check/think/consult, i/we will/would have/need to just?/first?
        ask/check/think/consult/discuss/see, i/we got to just?/first? ask/check/think, i will
        just?/first? ask/check, think about it/that, think it over, sleep on it, i/we will
        call/ring/phone you? back/again, i/we can call you? back, call back later, call again
        later, try again later, get back to you, come back to you/it/this, i/we will let you know,
        maybe another time, perhaps another time, some other time, maybe later, later perhaps, do
        it/that later
    """,
    Sense.CHANGE: """
        actually, instead, rather, different, another, other, otherwise, change, switch, swap,
        cancel, make it, make that, i mean, i meant, sorry no, on second thought/thoughts,
        correction, or rather, better, but, except, later, earlier, sooner
    """,
    None: """
        right now/away/after/before/then/here/there/side/hand/by/at/next/to, can not wait to,
        number, no one, no matter, no more than, no later than, no earlier than, no sooner than,
        not before, not until, not only, not later than, not earlier than, whether or not, if not,
        why do not you/we, why not you, do not forget, do not you, can not you, good
        morning/afternoon/evening/day/night, hold the appointment/slot/table, without a doubt,
        without fail, better is, no wonder, last but not least, first thing
    """,
}

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_FILLERS = frozenset(
    vocabulary(
        "oh um uh er erm hm hmm ah well so then and just please thanks thank you sorry that the "
        "all today now for me my mistake bad know what like at anyway any i we us have would am "
        "will it about do let"
    )
)
"""Words that may stand around a withdrawal without asking for something else."""

_Phrases = dict[str, tuple[tuple[tuple[str, ...], Sense | None], ...]]


def _spellings(phrase: str) -> Iterator[tuple[str, ...]]:
    """All ways to say an entry of the table."""
    choices = [
        {part.rstrip("?") for part in word.split("/")} | ({""} if "?" in word else set())
        for word in phrase.split()
    ]
    for said in product(*choices):
        yield tuple(part for word in said if word for part in word.split("-"))


def _compiled() -> _Phrases:
    found: dict[str, dict[tuple[str, ...], Sense | None]] = {}
    for sense, listed in _TABLE.items():
        for phrase in vocabulary(" ".join(listed.split()), ","):
            for spelling in _spellings(phrase):
                known = found.setdefault(spelling[0], {})
                if known.setdefault(spelling, sense) is not sense:
                    raise ValueError(f"{' '.join(spelling)!r} has two senses")
    return {
        first: tuple(sorted(some.items(), key=lambda item: len(item[0]), reverse=True))
        for first, some in found.items()
    }


_PHRASES = _compiled()


def senses(text: str) -> tuple[Said, ...]:
    """Every phrase of the vocabulary in `text`, in order, the longest one at each place."""
    skipped = max(0, len(text) - MAX_CHARS)
    read = _words(text[skipped:])
    return tuple(
        Said(
            sense,
            " ".join(phrase),
            read[i][1] + skipped,
            read[i + len(phrase) - 1][2] + skipped,
        )
        for i, phrase, sense in _phrases([word for word, _, _ in read])
        if sense is not None
    )


def _words(text: str) -> list[tuple[str, int, int]]:
    """The words of a text with their places, short forms spelled out."""
    out: list[tuple[str, int, int]] = []
    for match in _WORD.finditer(level(text)):
        for word in EXPANSIONS.get(match[0], (match[0],)):
            out.append((word, match.start(), match.end()))
    return out


def _phrases(words: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], Sense | None]]:
    """The words cut into phrases, with the place of each; words of no phrase stand alone."""
    i = 0
    while i < len(words):
        phrase, sense = _match(words, i) or ((words[i],), None)
        yield i, phrase, sense
        i += len(phrase)


def _match(words: Sequence[str], i: int) -> tuple[tuple[str, ...], Sense | None] | None:
    for phrase, sense in _PHRASES.get(words[i], ()):
        if tuple(words[i : i + len(phrase)]) == phrase:
            return phrase, sense
    return None


_CANCELS = ("cancel", "call it off", "call that off")
_AGAINST = (Sense.TAKEN_BACK, Sense.LATER, Sense.HOLD_ON, Sense.UNSURE, Sense.NO, Sense.CHANGE)
"""What outweighs a yes, the weightiest first."""


def answer(text: str, *, cancelling: bool = False) -> Sense | None:
    """What an answer to a yes-or-no question comes to; None when it is neither.

    A yes counts only alone: whatever else is in the answer outweighs it. cancelling: the question
    was whether to cancel something, so "cancel it" and "call it off" are a yes.
    """
    heard = {
        Sense.YES if cancelling and said.phrase.startswith(_CANCELS) else said.sense
        for said in senses(text)
    }
    for sense in _AGAINST:
        if sense in heard:
            return sense
    return Sense.YES if Sense.YES in heard else None


def agrees(text: str, *, cancelling: bool = False) -> bool:
    """Whether an answer says yes and takes nothing back; see `answer`."""
    return answer(text, cancelling=cancelling) is Sense.YES


def objects(text: str) -> bool:
    """Whether the words hold anything against what was proposed."""
    return answer(text) in _AGAINST


def opening(text: str) -> tuple[Sense, ...]:
    """The senses that a text begins with, up to the first words that say something else."""
    found: list[Sense] = []
    for _, phrase, sense in _phrases([word for word, _, _ in _words(text[:MAX_CHARS])]):
        if sense is not None:
            found.append(sense)
        elif phrase[0] not in _FILLERS:
            break
    return tuple(found)


def withdraws(text: str) -> bool:
    """Whether the whole of a remark takes back what was asked for before it.

    "Never mind", "oh no, actually don't": nothing in it asks for something else.
    """
    return is_withdrawal([word for word, _, _ in _words(text[-MAX_CHARS:])])


def is_withdrawal(words: Sequence[str]) -> bool:
    """The same for spelled-out words in lower case, without marks."""
    taken, bare = False, list[str]()
    for i, phrase, sense in _phrases(words):
        taken = taken or sense is Sense.TAKEN_BACK
        if not _goes_with_withdrawal(phrase, sense):
            return False
        if words[i] not in _SOFT:
            bare.extend(phrase)
    doubted = "actually" in words or "wait" in words
    return taken or tuple(bare) in _BARE or (doubted and bare == ["no"])


def _goes_with_withdrawal(phrase: tuple[str, ...], sense: Sense | None) -> bool:
    if phrase in (("cancel", "it"), ("cancel", "this")):
        return False  # as well the answer to "shall I cancel it?"
    if sense is Sense.CHANGE:
        return phrase in (("actually",), ("but",), ("rather",))
    return sense is not None or all(word in _FILLERS for word in phrase)


def postpones(text: str) -> bool:
    """Whether the words put off what is being arranged: "hang on, let me ask first"."""
    return is_postponed([word for word, _, _ in _words(text[-MAX_CHARS:])])


def is_postponed(words: Sequence[str]) -> bool:
    """The same for spelled-out words in lower case, without marks."""
    return any(sense is Sense.LATER for _, _, sense in _phrases(words))


_SOFT = frozenset(vocabulary("oh um uh er well sorry please thanks thank you ok okay actually"))
_BARE = frozenset(
    tuple(words.split())
    for words in vocabulary("do not|no do not|wait do not|no wait do not|no wait|wait no", "|")
)
"""A refusal of an act that is not named again: "don't", "no wait"."""
