"""What the caller's words are to a request, sentence by sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from app.core.language.agreement import Sense, senses
from app.core.language.agreement import withdraws as takes_back
from app.core.language.text import plain, sentences
from app.core.requests.evidence import BOOK, CANCEL, MOVE
from app.core.requests.turns import cues, stop_cues
from app.core.requests.turns.moments import Moments

_NEXT_REQUEST = re.compile(
    r",? (?:and|then|but) (?=(?:please |also |just |then ){0,3}(?:could|can|move|cancel|book"
    r"|reschedule|i'd (?:also )?like|i (?:also |then |still )?(?:would like|want|need))\b)"
    r"|, (?=so (?:i|we)(?:'ll|'d|'m|'ve)?\b)"
)
_TITLE = re.compile(r"\b(mr|mrs|ms|dr|st)\.")
_THING = r"(?:appointment|booking|visit|cleaning|check ?-?up|filling|consultation|exam|zz)"
_HAVE = r"(?<!can )(?<!could )(?<!may )(?<!might )(?<!if )(?<!shall )\bi (?:have|have got|got)"
#: The caller tells of an appointment that stands.
_EXISTS = re.compile(
    rf"{_HAVE} (?:an? |my |the )?(?:\w+ )?{_THING}\b"
    rf"|{_HAVE} the (?:\w+ )?\w+(?:th|st|nd|rd|ird|first|second)\b"
    rf"|{_HAVE} (?:mon|tues|wednes|thurs|fri)day"
    rf"|(?:^|xx )(?:have )?got (?:an? |my |the ){_THING}\b"
    rf"|{_HAVE} (?:on|for) (?:\w+ ){{1,3}}(?:an? |my |the ){_THING}\b"
    r"|\b(?:i|we) (?:have |had )+(?:you )?down (?:\w+ ){0,4}(?:for|on|at)\b"
    r"|\b(?:i|we) had you down\b"
    rf"|\b(?:i|we) (?:have )?(?:booked|made|scheduled|arranged) (?:an? |the |my ){_THING}\b"
    r"|\bi am (?:down|booked|scheduled|supposed to (?:come|be)) (?:\w+ )?(?:for|on|at|in)\b"
    rf"|\bmy (?:\w+ )?{_THING} is (?:on|at|for)\b"
    r"|(?<!can )(?<!could )(?<!may )(?<!might )\bi come (?:on|at|in)\b"
    r"|(?<!can )(?<!could )(?<!would )(?<!will )(?<!if )\byou (?:have got|have put|have booked"
    r"|have|got|put|booked) (?:me|us|him|her)\b"
    r"(?! (?:in|down) please)"
    r"|\b(?:i|we|he|she) (?:am|are|is) (?:in|due|slated|set|meant|supposed|signed up|on the \w+)"
    r" (?:to (?:come|be) (?:in )?)?(?:on|at|for|with|next)\b"
    rf"|\b(?:today|tomorrow|(?:mon|tues|wednes|thurs|fri)day)'s (?:\w+ )?{_THING}\b"
    r"|\bi am in your (?:book|diary|calendar)\b"
    r"|\b(?:i am|we are) coming (?:in )?(?:on|this|next|at)\b"
    rf"|\b(?:the|that|this) (?:\w+ )?{_THING} (?:that )?(?:i|we) "
    r"(?:am|are|have|had|got|booked|made)\b|\b(?:about|regarding) (?:the|my|that|our)\b"
    r"|\bi (?:have got|have|had) (?:\w+ ){1,6}"
    r"with you\b"
)
_BOOKS_MINE = re.compile(
    r"\b(?:book|schedule|make|set up|for|get|have) my\b|\bcome (?:in|by|over|for|get)\b"
)
_AS_SAID = re.compile(r"\b(?:that|it) is what i (?:said|told you|want(?:ed)?)\b|\bdid i say\b")
_THIS_ONE = re.compile(
    r"\b(?:appointment|booking|visit|it|that|one|them|both|something|(?:me|us) (?:there|off|out))\b"
)
_SAYS_CANCEL = re.compile(r"\bcancel|\bnot\b")
_MY_DAY = re.compile(r"\bmy (?:mon|tues|wednes|thurs|fri)day\b.{0,60}\b(?:put (?:me|us)|for|to)\b")
_PUT_IT = re.compile(
    r"\b(?:put|make|have|set|get|take|do) (?:it|that) (?:on|to|for|at|back|over)\b"
)
_HEDGE = re.compile(r"\b(?:but|though|however|except|only if|unless|until)\b(?! only in)")
_OF_MINE = (
    r"(?!last|previous|first|old|needs?\b|wants?\b|gets?\b|has\b|have\b|is\b|was\b|had\b|likes?\b"
    r"|would\b|could\b|can\b|to\b|for\b|on\b|in\b|and\b|a\b|an\b)"
)
_MINE = re.compile(rf"\bmy (?:{_OF_MINE}\w+ ){{0,3}}(?:{_THING}|one)\b")
_NO_LONGER = re.compile(r"\b(?:any ?more|no longer|any longer)\b")
_WAS = re.compile(r"\b(?:was|were|had been|used to)\b")
_PLAIN = 2
"""A statement with no more words beside a service and a time asks for it: "Checkup, Friday"."""
_SHORT = 4
"""A sentence that says so much beside a service asks for it."""
_SOFT = frozenset(
    """
        a an the at on in for to of and so well um uh er hm hmm mm oh ah okay ok please thanks
        thank you hi hello hey good morning afternoon evening i am is it that this would be like
        want need could can do we my me let us say make all right alright how about what then
        just around about
        maybe sort yeah yes no not actually wait sorry mean rather or instead better change day
        date time works work fine great if s ll d m re ve there some with come have
    """.split()
)


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of the caller's. `strong`: asked for, not only asked about. `bare`: it says
    nothing beside days, times, services and small words."""

    text: str
    words: str
    moments: Moments
    services: tuple[str, ...] = ()
    request: str = ""
    strong: bool = False
    conditional: bool = False
    told: bool = False
    refused: str = ""
    """The kind of request that it refuses: "don't cancel it"."""
    question: bool = False
    withdraws: bool = False
    postpones: bool = False
    doubts: bool = False
    keeps: bool = False
    not_yet: bool = False
    agrees: bool = False
    commits: bool = False
    denies: bool = False
    corrects: bool = False
    corrects_plainly: bool = False
    closes: bool = False
    cannot_come: bool = False
    mine: bool = False
    exists: bool = False
    """It tells of an appointment of the caller's that stands, and asks for nothing."""
    greets: bool = False
    bare: bool = False
    alone: bool = False
    """It says nothing but days, times and small words."""
    names: bool = False
    """It holds the caller's name, which is blanked."""

    @property
    def weakens(self) -> bool:
        """Whether it takes back, puts off or doubts."""
        return self.withdraws or self.postpones or self.doubts

    @property
    def names_object(self) -> bool:
        """Whether it names an appointment: by its service, its day or time, or as one."""
        return bool(
            self.services
            or self.moments
            or re.search(r"(?<!that )(?<!this )\b(?:appointment|booking|visit)\b", self.words)
        )


def read(
    text: str,
    moments_in: Callable[[str], Moments],
    services_in: Callable[[str], tuple[str, ...]],
    mask: Callable[[str], str] = str,
) -> tuple[Said, ...]:
    """The sentences of one turn."""
    out: list[Said] = []
    for sentence in sentences(_TITLE.sub(r"\1", " ".join(plain(text, 8000).split()))):
        for clause in _NEXT_REQUEST.split(sentence):
            if clause.strip(" .,!?-"):
                masked = cues.spelled(mask(clause))
                out.append(_read(clause, masked, moments_in(clause), services_in(clause)))
    return tuple(out)


def _read(text: str, masked: str, moments: Moments, services: tuple[str, ...]) -> Said:
    """One sentence; `masked` are its words without the names of services."""
    words = cues.spelled(text)
    polite = stop_cues.POLITE_IF.sub(" ", masked)
    conditional = bool(stop_cues.CONDITIONAL.search(polite))
    told = bool(stop_cues.TOLD.search(_AS_SAID.sub(" ", words)))
    question = text.rstrip().endswith("?")
    no_words = cues.HARMLESS_NO.sub(" ", words)
    denies = bool(cues.NO.search(no_words))
    withdraws = bool(stop_cues.WITHDRAWS.search(no_words))
    postpones = bool(stop_cues.POSTPONES.search(words))
    doubts = bool(stop_cues.DOUBTS.search(words))
    heard = {item.sense for item in senses(text)}
    hedged = bool(_HEDGE.search(words))
    request, strong, refused = "", False, ""
    if not told:
        request, strong, refused = _request(masked, polite, moments, services, question)
    if conditional:
        request, strong = (request and ""), False
    return Said(
        text=text,
        words=words,
        moments=moments,
        services=services,
        request=request,
        strong=strong and not doubts,
        conditional=conditional,
        told=told,
        refused=refused,
        question=question,
        withdraws=withdraws or Sense.TAKEN_BACK in heard or takes_back(text),
        postpones=postpones or Sense.LATER in heard,
        doubts=doubts or Sense.UNSURE in heard,
        keeps=bool(stop_cues.KEEPS.search(no_words)),
        not_yet=bool(stop_cues.NOT_YET.search(words)),
        agrees=not hedged and (cues.says_yes(words, question) or words in ("mm", "mm hm")),
        commits=not hedged and bool(cues.COMMITS.search(words)),
        denies=denies,
        corrects=bool(cues.CORRECTS.search(words)),
        corrects_plainly=bool(cues.CORRECTS_PLAINLY.search(words)),
        closes=bool(cues.CLOSES.search(words)),
        mine=bool(_MINE.search(masked)),
        exists=not request and not told and bool(_EXISTS.search(masked) or _MINE.search(masked)),
        cannot_come=bool(cues.CANNOT_COME.search(words)),
        greets=bool(re.search(r"\b(?:happy|merry)\b", words)) and not services,
        bare=_bare(moments, services),
        alone=bool(moments) and not services and _left(moments, services) == 0,
        names="xx" in words,
    )


def _request(
    words: str, polite: str, moments: Moments, services: tuple[str, ...], question: bool
) -> tuple[str, bool, str]:
    """The kind of request in a sentence, whether it is made in so many words, and the kind that
    is refused."""
    said_no = cues.HARMLESS_NO.sub(" ", words)
    refused = bool(stop_cues.REFUSED.search(said_no))
    asks_only = bool(cues.ASKS_ONLY.search(polite))
    about_other = bool(cues.OBJECT_OTHER.search(words)) and not services
    if _goes_from_to(moments) and not _SAYS_CANCEL.search(words):
        return MOVE, not asks_only or question, ""
    mine = bool(services) or bool(moments) or bool(_THIS_ONE.search(words))
    for kind, cue in ((CANCEL, cues.CANCEL), (MOVE, cues.MOVE)):
        if cue.search(words) and not about_other:
            if refused or stop_cues.REFUSED_BY_KIND[kind].search(said_no):
                return "", False, kind
            return kind, mine and not asks_only, ""
    wants = bool(cues.WANTS.search(words))
    if len(moments.days) > 1 and (_PUT_IT.search(words) or _MY_DAY.search(words)):
        return MOVE, not asks_only or question, ""
    about_mine = bool(_MINE.search(words))
    if _left_behind(moments, words):
        return MOVE, not asks_only, ""
    misses = cues.CANNOT_COME.search(words)
    named = services or moments.wanted or moments.gone or _THIS_ONE.search(words) or about_mine
    if misses and not named and moments.bounded:
        return "", False, ""  # "I'm away until Wednesday"
    if misses and not (wants and services and not about_mine):
        return MOVE, wants and bool(moments.wanted), ""
    if refused or stop_cues.REFUSED_BY_KIND[BOOK].search(said_no):
        return "", False, BOOK
    if about_other:
        return "", False, ""
    existing = _of_existing(words, moments, wants)
    if existing is not None:
        return (existing, False, "")
    return (*_booking(words, moments, services, question, wants, asks_only), "")


def _of_existing(words: str, moments: Moments, wants: bool) -> str | None:
    """What a sentence about an appointment that stands asks for, which may be nothing; None where
    it is not about one."""
    exists = bool(_EXISTS.search(words))
    if exists and not moments.wanted and not wants:
        return ""
    if exists and moments.wanted:
        return MOVE if wants or len(moments.wanted) > 1 else ""
    if _MINE.search(words) and not _BOOKS_MINE.search(words):
        return MOVE if wants else ""
    return None


def _booking(
    words: str,
    moments: Moments,
    services: tuple[str, ...],
    question: bool,
    wants: bool,
    asks_only: bool,
) -> tuple[str, bool]:
    """Whether a sentence asks for a booking, and whether in so many words."""
    books = bool(cues.BOOK.search(words))
    subject = bool(services) or bool(moments)
    if (wants and (books or services)) or (books and subject) or (services and moments.wanted):
        plain = not question and _left(moments, services) <= _PLAIN
        return BOOK, not asks_only and (wants or books or plain)
    short = _left(moments, services) <= _SHORT and not _WAS.search(words)
    if services and (question or wants or moments or short):
        return BOOK, False
    if asks_only and moments and cues.AVAILABLE.search(words):
        return BOOK, False
    return "", False


def _left_behind(moments: Moments, words: str) -> bool:
    """ "Not Tuesday at three any more, Wednesday at three": one day in the place of another."""
    days = any(item.day is not None for item in moments.gone)
    return days and any(item.day for item in moments.wanted) and bool(_NO_LONGER.search(words))


def _goes_from_to(moments: Moments) -> bool:
    """ "From the 16th at three to the 18th at ten": days on both ends."""
    held = (*moments.gone, *moments.wanted)
    return any(item.source and item.day is not None for item in held) and any(
        item.day is not None and not item.source for item in moments.wanted
    )


def _bare(moments: Moments, services: tuple[str, ...]) -> bool:
    return _left(moments, services) <= 1


def _left(moments: Moments, services: tuple[str, ...]) -> int:
    """How many words are left beside days, times, services and small words."""
    known = {word for name in services for word in name.split()}
    return sum(
        word not in _SOFT and word not in known and set(word) != {"x"}
        for word in re.findall(r"[a-z']+", moments.rest)
    )
