"""What the agent's words are to a request: a question, an offer, a read-back, a report, a refusal.

The agent's questions are part of the evidence: "two" is a time of day after "What time?" and a
number of teeth after "How many teeth?".
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from app.core.language.text import plain, sentences
from app.core.requests.moments import Moment, Moments

ASKS_DAY, ASKS_TIME, ASKS_SERVICE, ASKS_NAME = "day", "time", "service", "name"
ASKS_WHICH, ASKS_MORE, ASKS_YES, ASKS_OTHER = "which", "more", "yes", "other"

_OTHER_THINGS = re.compile(
    r"\b(?:birth|born|birthday|dob|how (?:many|much|old|often|long|bad|did|is|are)|since when"
    r"|number|zip|address|insur\w*|member|plan|charge[ds]?|digits|dose|last "
    r"(?:cleaning|visit|time)"
    r"|did|(?:was|were) (?:it|your|the|that|they|made|done|he|she)|scale|tooth"
    r"|teeth|package|coming from|hear about|treated|reason|phone|email"
    r"|e-mail|room|people|persons|attend)\b"
)
_NAME = re.compile(
    r"\b(?:name|names|spell|who is (?:it|this|that) for|who's (?:it|this|that) for"
    r"|who am i (?:speaking|talking)|who (?:is|would be) (?:the|this) (?:appointment|visit) for"
    r"|whom? (?:is|should|shall|do|am) .{0,40}(?:for|under)|for whom|who is (?:calling|speaking)"
    r"|who do i have)\b"
)
_DAY = re.compile(
    r"\b(?:(?:what|which) (?:day|date|days)|what (?:about|works|would work|suits)"
    r"|when (?:would|do|can|could|should|shall|are|is|were you thinking|works|suits)"
    r"|(?:day|date) (?:works|suits|would|do|were|are)|where to|what day and time|what day)\b"
)
_TIME = re.compile(
    r"\b(?:(?:what|which) (?:time|hour)|at what time|day and time|morning or (?:the )?afternoon"
    r"|time (?:of (?:the )?day|works|would|do you|suits)|when (?:would|do|can|could) you)\b"
)
_SERVICE = re.compile(
    r"\b(?:what (?:is|would|'s)? ?(?:it|this|that) (?:be )?for|what (?:is|are) you coming in for"
    r"|what would you like to (?:come in|book|have|be seen) ?(?:for)?|what for|what's it for"
    r"|(?:what|which) (?:kind|type|sort|service|treatment)|what (?:do|did) you need"
    r"|what can we (?:do|help)|what (?:are|would) you (?:like|need)|for what)\b"
)
_WHICH = re.compile(r"\b(?:which (?:one|of|do|would|shall|appointment)|do you mean|or for)\b")
_MORE = re.compile(
    r"\b(?:anything else|something else|how (?:can|may|could) (?:i|we) help|what can i do"
    r"|how can i|what else)\b"
)
_CONFIRM = re.compile(
    r"\b(?:(?:shall|should|can|may|could) (?:i|we)\b(?! (?:help|ask|have|get you|get your|see"
    r"|know|take (?:your|a)|do for))|(?:is|are) (?:that|this|it|you) (?:all )?"
    r"(?:right|correct|good|ok|okay|fine|alright|sure)|correct|right|okay|ok"
    r"|(?:would|does|will|do)"
    r" (?:that|this|it|one of|either)\b.{0,60}\b(?:work|suit|do|be)|would you like "
    r"(?:it|that|me to|this|one|to (?:book|take|move|cancel|go|schedule|confirm"
    r"|reschedule|have (?:it|that)|keep))"
    r"|(?:does that )?sounds? (?:good|right|okay)|are you sure|just to confirm|to confirm"
    r"|(?:cancel|move|book|change|delete|keep) (?:it|that|them|your|the|this)"
    r"|(?:do )?you want (?:me|to)|want me to|is that what you mean|good|stays|agreed|confirm"
    r"|deal|so you(?:'d| would) (?:like|want))\b"
    r"|^(?:booked|done|sorted|confirmed|agreed|settled)\b"
)
_DONE = {
    "cancel": re.compile(
        r"\b(?:cancel+ed|removed|deleted|deleting|cancel+ing|removing|releasing|released"
        r"|taken (?:\w+ ){0,2}(?:off|out)|called off|is off|off the (?:books|schedule|calendar"
        r"|list)|scratched|struck|scrapped|wiped|crossed (?:\w+ )?(?:off|out)|off (?:it|that|you)"
        r" (?:comes|goes|are|is)|out (?:it|that) (?:comes|goes)|freed up|given up)\b"
    ),
    "move": re.compile(
        r"\b(?:moved|changed|swapped|switched|rescheduled|shifted|rebooked|postponed|pushed"
        r"|bumped|rearranged|transferred|brought (?:\w+ )?forward|is now (?:on|at|for)"
        r"|instead of \d+)\b"
    ),
    "book": re.compile(
        r"\b(?:booked|scheduled|reserved|you're (?:down|in|confirmed|on)"
        r"|you are (?:down|in|confirmed)|put (?:you|him|her|them) (?:down|in)"
        r"|(?:have|got|have got) (?:you|him|her|them) (?:down|in)|in the (?:book|diary|calendar)"
        r"|(?:is|'s) (?:all )?yours|added|written (?:you )?down|penciled|pencilled|noted down"
        r"|signed up|locked in|in you go|entered|secured)\b"
    ),
    "": re.compile(
        r"\b(?:done|all done|all set|you're set|you are set|got it|gotcha|see you|see "
        r"(?:him|her|them|both)|consider it done|will do|i'll (?:do|get|sort) that"
        r"|take care of (?:that|it)|that's (?:confirmed|fixed"
        r"|settled|arranged)|confirmed|taken care of|sorted|that's you)\b"
    ),
}
_GONE = re.compile(
    r"\b(?:(?:is|it's|that's|'s|are|consider (?:it|that)|comes?) (?:gone|out|off|dropped|struck"
    r"|scratched|freed)|dropped|off (?:\w+ )?(?:comes|goes|you are)|call(?:ing)? off|free up"
    r"|let (?:it|that) go|drop(?:ping)? (?:it|that)|strik(?:e|ing) (?:it|that)"
    r"|scratch(?:ing)? (?:it|that)|take (?:\w+ ){1,3}(?:off|out))\b"
)
_UNDONE = re.compile(
    r"\b(?:not|won't|can't|cannot|n't|no longer|never|if|once|until|unless|before "
    r"i|be) (?:\w+ )?"
    r"(?:cancel+ed|booked|moved|changed|scheduled|done)\b"
)
_REFUSES = re.compile(
    r"\b(?:taken(?! (?:care|(?:\w+ ){0,2}(?:off|out)))|full|fully booked|closed|we close|we open"
    r"|not "
    r"(?:open|available|free|possible|at)"
    r"|isn't (?:open|available|free|possible)|can't|cannot|unable|i'm afraid|i am afraid|passed"
    r"|unfortunately|don't (?:have|see|find)|do not (?:have|see|find)|no openings?"
    r"|nothing (?:is )?"
    r"(?:open|free|available)|only book|has only|we're on a break|is away|no such)\b"
)
_LEAVES = re.compile(
    r"\b(?:i(?:'ll| will) leave|leave it|i won't|will not (?:book|move|cancel)|(?:just )?call us"
    r"|(?:just )?call (?:any|again|back|when)|do call|let us know|give us a (?:call|ring)|ring us"
    r"|call you(?: back)?|when you(?:'re| are) ready|we're here|take care"
    r"|pass (?:it|that|this)|make a note|made a note|for now|as (?:it|they) (?:is|was|are)"
    r"|try another time|another time|put you on the list|you can do it|up to you)\b"
)
_GOES_ON = re.compile(
    r"\b(?:thank you|thanks|great|perfect|wonderful|lovely|excellent|got it"
    r"|congratulations|gracias"
    r"|brilliant|super|fantastic|happy new year|get well|safe travels)\b"
)
_ASSENTS = re.compile(
    r"\b(?:certainly|sure|of course|gladly|happy to|absolutely|okay|ok|all right|alright|yes)\b"
)
_GREETS = re.compile(
    r"\b(?:happy|merry) (?:\w+ ){0,3}(?:thanksgiving|christmas|new year|holidays?|birthday|easter)"
)
_EXTRA = re.compile(r"\b(?:as well|also|too|another one)\b")
_ANOTHER_TIME = re.compile(
    r"\b(?:(?:an)?other|new|different|better) (?:time|day|date|one|appointment"
    r"|slot)\b|\brebook\b|\bcome instead\b|\breplacement\b"
)
_PROMISES = re.compile(
    r"\b(?:i'll|i will|i'm|we'll|let me|let's|going to|i can)(?: \w+){0,3} "
    r"(?:cancel|cancelling|canceling|delete|remove|take (?:it|that|you) off)\b"
)
_PROMISES_MOVE = re.compile(
    r"\b(?:i'll|i will|we'll|let me|let's)(?: \w+){0,2} "
    r"(?:move|push|bump|change|switch|swap|shift|reschedule|rebook) (?:it|you|that|your|him|her"
    r"|them)\b"
)
_PROMISES_BOOK = re.compile(
    r"\b(?:i'll|i will|we'll|i'm|let me|let's)(?: \w+){0,1} "
    r"(?:book|put|pop|get|pencil|write|slot|booking|putting|popping) (?:it|you|that|him|her|them)"
    r" (?:in|down|up)\b"
)
_INSTEAD = re.compile(r"\b(?:in place of|free(?:ing)? up|giv(?:e|ing) up|release|replacing)(?= )")
_STAYS = re.compile(r"\b(?:still|stays?|stands?|remains?|keep(?:ing)?|kept|left as)\b")
_GOES = re.compile(r"\b(?:goes|cancel\w*|off|out|gone|dropped?)\b")
_CLAUSE = re.compile(r",? (?:and|but|while) |[,;:] | - ")
_TITLE = re.compile(r"\b(mr|mrs|ms|dr|st)\.")
_OFFERS_TO = re.compile(r"\bi (?:can|could) (?:\w+ ){0,2}(?:cancel|take care of|remove|delete)\b")
_WH = re.compile(r"^(?:and |so |okay,? |sure,? )*(?:what|which|when|where|who|why|how|whose)\b")
_ABOUT_IT = re.compile(r"\b(?:it|that|this|everything|all|both|them|deal|shall i)\b")
_OF_THE_CALLER = re.compile(
    r"(?:and |so |ok(?:ay)?,? )?(?:are|were|have|did|had|do) you (?!want|like|wish|agree|confirm)"
)
_CANCELS = re.compile(
    r"\b(?:cancel|delete|remove|release|scratch|scrap|call (?:it|that) off|calling off"
    r"|take (?:you|it|that|them) (?:off|out)|comes? (?:off|out)|get rid)"
)
_MOVES = re.compile(
    r"\b(?:mov(?:e|ed|ing)|chang(?:e|ed|ing)|reschedul\w+|come instead|switch|swap|bump|push"
    r"|shift|instead of|in place of|postpon\w+|bring (?:\w+ )?forward|goes from)\b"
)
_LINE_CHECK = re.compile(
    r"^(?:hello|hi|are you (?:still )?(?:there|with me)|can you hear me|is anyone there"
    r"|sorry for the wait|one moment|just a (?:second|moment)|let me (?:see|check"
    r"|look)\b[^?.!]*)[?.!]*$"
)
_EXISTING = re.compile(
    r"\b(?:i (?:can )?see (?:a|an|your|two|three|four|that|it|the|\w+ "
    r"appointments?)\b|i (?:have )?found|you (?:have|are booked|are down)|you've "
    r"got"
    r"|you're (?:booked|down) (?:for|on)|currently|cancel your|move your|you mean your"
    r"|your \w+ (?:is |was )?(?:on|at|for)\b)"
)
_NEW = re.compile(r"\b(?:is now|now on|moved|changed|to)\b")
_NOT_OFFERED = re.compile(
    r"\b(?:we (?:close|open)|(?:is|are|'re|we're) (?:open|closed) (?:until|till"
    r"|from|at|late|on)|closes?"
    r"|until|please (?:come|arrive|be here)|forms?|paperwork|reference|takes? "
    r"(?:about )?(?:an?|one)"
    r"|dollars|fee|after (?:noon|that)|before your|hours?|break|since|expired|was|birth)\b"
)


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


ReadMoments = Callable[[str, dt.datetime], Moments]


def only_checks_the_line(text: str) -> bool:
    """Whether it says nothing but "Are you still there?"."""
    return all(_LINE_CHECK.match(sentence) for sentence in sentences(" ".join(plain(text).split())))


def read(
    index: int,
    text: str,
    moments_in: Callable[[str], Moments],
    services_in: Callable[[str], tuple[str, ...]],
) -> AgentTurn:
    """Classify one turn of the agent's."""
    asks: set[str] = set()
    slots: list[Moment] = []
    existing: list[Moment] = []
    left: list[Moment] = []
    services: list[str] = []
    done: str | None = None
    refuses = leaves = goes_on = assents = offers_to = gone = False
    speaks_of: str | None = None
    for whole in sentences(_TITLE.sub(r"\1", " ".join(plain(text).split()))):
        question = whole.endswith("?")
        sentence = _without_what_stays(_INSTEAD.sub("instead of", whole), question)
        found = _asked(sentence, question)
        if question and slots and _EXTRA.search(sentence):
            asks.add(ASKS_MORE)
            continue
        services_here = services_in(sentence)
        if question and len(services_here) > 1 and not found & {ASKS_WHICH}:
            found = {ASKS_SERVICE}
        services += [name for name in services_here if name not in services]
        if found == {ASKS_MORE}:
            asks |= found
            continue
        beside = _NOT_OFFERED.search(sentence) or _GREETS.search(sentence)
        heard = Moments() if beside else moments_in(sentence)
        said = heard.wanted
        left += [moment for moment in (*heard.gone, *said) if moment.source]
        refused = bool(_REFUSES.search(sentence)) and not question
        if said and _EXISTING.search(sentence) and not _NEW.search(sentence):
            existing += said
        elif not refused:
            slots += said
        other = _OTHER_THINGS.search(sentence) is not None
        named = bool(said) or (len(services_here) == 1 and not _WH.search(sentence))
        if named and question and (found <= {ASKS_WHICH} or (found == {ASKS_OTHER} and not other)):
            found = {*(found - {ASKS_OTHER}), ASKS_YES}
        if found == {ASKS_OTHER} and question and (slots or services) and _asks_about_it(sentence):
            found = {ASKS_YES}
        asks |= found
        if question or ASKS_YES in found:
            speaks_of = _kind(sentence) or speaks_of
        else:
            done = _done(sentence, done)
            gone = gone or (bool(_GONE.search(sentence)) and not _UNDONE.search(sentence))
        refuses = refuses or refused
        leaves = leaves or (not question and bool(_LEAVES.search(sentence)))
        goes_on = goes_on or bool(_GOES_ON.search(sentence))
        assents = assents or bool(_ASSENTS.search(sentence))
        offers_to = offers_to or bool(_OFFERS_TO.search(sentence))
    both = re.search(r"\b(?:is that right|correct|okay), and\b", plain(text))
    if asks & {ASKS_NAME, ASKS_OTHER} and not both:
        asks.discard(ASKS_YES)
    if ASKS_DAY in asks or ASKS_TIME in asks:
        asks.discard(ASKS_YES)
    return AgentTurn(
        index, text, frozenset(asks), tuple(slots), tuple(existing), tuple(left), tuple(services),
        done, refuses, leaves, goes_on, assents, gone, offers_to, speaks_of,
    )  # fmt: skip


def _asked(sentence: str, question: bool) -> set[str]:
    wants = question or re.search(
        r"\bplease\.?$|^(?:and )?(?:your|the|a|may|what|which)\b", sentence
    )
    if not wants:
        return set()
    if _NAME.search(sentence):
        return {
            ASKS_NAME,
            *([ASKS_YES] if re.search(r"\b(?:is that right|correct),? and\b", sentence) else []),
        }
    if _MORE.search(sentence):
        return {ASKS_MORE}
    if not question:
        return {ASKS_OTHER} if _OTHER_THINGS.search(sentence) else set()
    asks: set[str] = set()
    other = bool(_OTHER_THINGS.search(sentence))
    if _SERVICE.search(sentence) and not other:
        asks.add(ASKS_SERVICE)
    if not other:
        if _DAY.search(sentence):
            asks.add(ASKS_DAY)
        if _TIME.search(sentence):
            asks.add(ASKS_TIME)
        if _WHICH.search(sentence):
            asks.add(ASKS_WHICH)
        if not asks and (
            _CONFIRM.search(sentence) or (_kind(sentence) and not _WH.search(sentence))
        ):
            asks.add(ASKS_YES)
    return asks or {ASKS_OTHER}


def _without_what_stays(sentence: str, question: bool) -> str:
    """ "The 13th stays and the 20th goes": without the clause that leaves one as it is."""
    if not _STAYS.search(sentence) or (question and not _GOES.search(sentence)):
        return sentence
    left = [part for part in _CLAUSE.split(sentence) if not _STAYS.search(part)]
    return ", ".join(left) or ("?" if question else ".")


def _asks_about_it(sentence: str) -> bool:
    """Whether a question can be about what was named right before it: "Final answer?"."""
    if _OTHER_THINGS.search(sentence) or _WH.search(sentence) or _OF_THE_CALLER.match(sentence):
        return False
    return len(sentence.split()) <= 3 or _ABOUT_IT.search(sentence) is not None


def _kind(sentence: str) -> str | None:
    if _ANOTHER_TIME.search(sentence):
        return "move"
    moves = _MOVES.search(sentence)
    if _CANCELS.search(sentence):
        return "cancel" if not moves else None
    if moves:
        return "move"
    if re.search(r"\b(?:book|put you|schedule|reserve)\b", sentence):
        return "book"
    return None


def _done(sentence: str, before: str | None) -> str | None:
    if _UNDONE.search(sentence):
        return before
    if _PROMISES.search(sentence) and not re.search(r"\b(?:i can|could|if)\b", sentence):
        return "cancel"
    if _PROMISES_MOVE.search(sentence):
        return "move"
    if _PROMISES_BOOK.search(sentence):
        return "book"
    for kind, pattern in _DONE.items():
        if pattern.search(sentence):
            return kind or before or ""
    return before
