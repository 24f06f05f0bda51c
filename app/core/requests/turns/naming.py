"""The caller's name in one of their turns, also where it only stands at the end of a request."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.core.language import names
from app.core.language.name_words import GIVEN, ORDINAL_SUFFIXES, looks_ordinary
from app.core.language.names import Name

_SEGMENT = re.compile(r"[^.,!?;]+")
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_LAST = re.compile(
    r"(?<=\w) (?:please|thanks|thank you|here|speaking|that's me|thats me|uh|um) ?$", re.IGNORECASE
)
_NO_DAY = (
    r"(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August"
    r"|September|October|November|December)"
)
_NAMES = rf"(?P<name>(?:[A-Z][\w\u2019-]+ ){{1,2}}{_NO_DAY}[A-Z]['\u2019]?[\w-]+?)"
_FOR_WHOM = (
    re.compile(
        r"\b(?:[Pp]ut|[Bb]ook|[Gg]et|[Pp]encil|[Ss]queeze|[Ff]it|[Ss]ign|[Ww]rite|[Ss]lot|[Pp]op"
        rf"|[Ss]chedule|[Cc]ancel|[Mm]ove|[Hh]ave) {_NAMES}(?:['\u2019]s)?"
        r"(?= (?:down|in|up|for|there|on|at|to|from|out|off)\b|[.,?!]|$)"
    ),
    re.compile(rf"\b(?:[Cc]ancel|[Mm]ove|[Dd]rop|[Tt]ake|[Rr]eschedule) {_NAMES}['\u2019]s\b"),
    re.compile(rf"\bfor {_NAMES}(?= |[.,?!]|$)"),
    re.compile(
        rf"(?:^|[.!?,] ){_NAMES}"
        r"(?= (?:wants|needs|would like|here to|for an?|has (?:an?|the)|is (?:down|in|booked)"
        r"|again|back again|calling)\b)"
    ),
)
_CAPITALS = re.compile(
    r"\b[A-Z][\w'\u2019-]+(?: (?:(?:van|de|der|la|von|al|da) )?[A-Z][\w'\u2019-]+)+"
)
_PERSON = rf"{_NO_DAY}[A-Z][\w'\u2019-]+"
_PERSONS = re.compile(rf"\b{_PERSON}(?: (?:van |de |von |al |da )?{_PERSON})+")
_OPENS = frozenset(
    ("And", "For", "Take", "Cancel", "Then", "Also", "My", "Put", "Book", "Move", "It's", "I'm")
)
_ANOTHER = re.compile(r"\b(?:another|also|too|as well|one|for my|both)\b")
_AND = re.compile(
    rf"\b(?:(?P<before>{_PERSON}) )?(?P<given>{_PERSON}) and "
    rf"(?={_NO_DAY}[A-Z]\S+ (?P<family>{_PERSON}))"
)
_RATHER = re.compile(r"\b(?:no|sorry|actually|rather|wait|i mean)\b", re.IGNORECASE)
_TIMES = frozenset(
    """
        monday tuesday wednesday thursday friday saturday sunday today tomorrow one two three four
        five six seven eight nine ten eleven twelve noon thirty
    """.split()
)
_PLACES = frozenset(
    """
        street avenue road boulevard hospital clinic university college school church station
        airport hotel dental care
    """.split()
)
_ORDINALS = frozenset(("first", "next", "last", *ORDINAL_SUFFIXES))
MIN_WORD = 3
_FULL_NAME = "May I have your full name?"
_PARTICLES = frozenset(("van", "der", "de", "la", "den", "von", "del", "da", "al", "bin", "ter"))


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a turn: what the agent asked right before, where it asked for a name; the
    agent's own name; what the agent says afterwards; words that are no names here."""

    question: str | None
    agent: str
    later: str
    ordinary: Sequence[str] = ()
    known: bool = False
    """The caller has given a name already: only words that announce one give another."""


def name_in(text: str, context: Context) -> Name | None:
    """The name the caller gives as theirs, or as that of whom they book for."""
    found = names.read_name(text, context.question, agent=context.agent)
    if found is not None:
        found = Name(_said_once(found.text), found.spans)
    if found is not None and len(found.text.split()) == 1:
        found = _with_the_rest(text, found, context)
        if len(found.text.split()) == 1 and context.question is None:
            found = _asked_for(text, context) or found
    if found is not None or context.question is not None:
        return found
    if context.known and not _ANOTHER.search(text.casefold()):
        return None
    return _asked_for(text, context) or _at_the_end(text, context)


def _said_once(name: str) -> str:
    """A name without the surname that was said, or spelled, before it: "Ng, N G, Thomas Ng"."""
    words = name.split()
    letters = [word.rstrip(".") for word in words]
    count = next((at for at, word in enumerate(letters) if len(word) != 1), 0)
    if count > 1 and "".join(letters[:count]).casefold() == words[-1].casefold():
        words = words[count:]
    if len(words) > 2 and words[0].casefold() == words[-1].casefold():
        words = words[1:]
    return " ".join(words)


def completed(known: str, said: str, agent: str) -> str | None:
    """The whole name in the agent's words, where only one word of it was understood: "Siobhan" in
    "Thursday at ten, Siobhan O'Dwyer."."""
    if len(known.split()) != 1 or len(known) < MIN_WORD:
        return None
    for match in _CAPITALS.finditer(said):
        words = match[0].split()
        places = [at for at, word in enumerate(words) if word.casefold() == known.casefold()]
        if not places or len(words) < 2:
            continue
        start = max(0, places[0] - 1) if places[0] else 0
        name = names.read_name(" ".join(words[start : start + 3]), _FULL_NAME, agent=agent)
        whole = name.text.split() if name is not None else []
        if len(whole) > 1 and known.casefold() in (word.casefold() for word in whole):
            return " ".join(whole)
    return None


def of_the_family(said: str, agent_said: str, family: str, agent: str) -> str | None:
    """ "My son Emil", and the agent says "Emil Diehl", where the caller is a Diehl."""
    for match in _CAPITALS.finditer(agent_said):
        words = match[0].split()
        if words[-1].casefold() != family.casefold() or len(words) < 2:
            continue
        if re.search(rf"\b{re.escape(words[-2])}\b", said, re.IGNORECASE):
            name = names.read_name(" ".join(words[-2:]), _FULL_NAME, agent=agent)
            return name.text if name is not None and " " in name.text else None
    return None


def turned_round(known: str, said: str) -> str | None:
    """Two words of a name in the agent's order, where the caller said the surname first."""
    words = known.split()
    if len(words) != 2 or known.casefold() in said.casefold():
        return None
    other = f"{words[1]} {words[0]}"
    found = re.search(rf"(?<!\w){re.escape(other)}(?!\w)", said, re.IGNORECASE)
    return other if found else None


def taken_up(said: str, agent_said: str, greeting: str, agent: str) -> str | None:
    """The name among the caller's words that the agent calls them, or whom they book for, by."""
    heard = f" {' '.join(_WORD.findall(said)).casefold()} "
    for match in _CAPITALS.finditer(agent_said):
        words = match[0].split()
        for count in range(min(len(words), 4), 1, -1):
            for start in range(len(words) - count + 1):
                run = " ".join(words[start : start + count])
                if f" {run.casefold()} " not in heard or run in greeting:
                    continue
                name = names.read_name(run, _FULL_NAME, agent=agent)
                if name is not None and len(name.text.split()) == count:
                    return name.text
    return None


def every_name(text: str, context: Context) -> list[str]:
    """The full names in a turn, in order: written as names, none of a service or a day."""
    low = {word for phrase in context.ordinary for word in phrase.lower().split()}
    found: list[str] = []

    def whole(match: re.Match[str]) -> str:
        before = match["before"]
        if before and before not in _OPENS and before.lower() not in low:
            return match[0]
        return f"{before + ' ' if before else ''}{match['given']} {match['family']} and "

    text = _AND.sub(whole, text)  # "Joan and Peter Webb"
    for match in _PERSONS.finditer(text):
        words = re.sub(r"['\u2019]s$", "", match[0]).split()
        while words and (words[0].lower() in low or words[0] in _OPENS):
            words = words[1:]
        if len(words) < 2 or any(word.lower() in low for word in words):
            continue
        if context.agent and context.agent in words:
            continue
        name = names.read_name(" ".join(words), _FULL_NAME, agent=context.agent)
        if name is not None and len(name.text.split()) == len(words) and name.text not in found:
            found.append(name.text)
    return found


def corrected(text: str, first: str, last: str) -> bool:
    """Whether the last of two names in a text takes the place of the first one."""
    begin, end = text.find(first), text.rfind(last)
    return 0 <= begin < end and _RATHER.search(text, begin + len(first), end) is not None


def _with_the_rest(text: str, found: Name, context: Context) -> Name:
    """A name of which only a spelled word was taken, with the words it stands beside: "Jasper
    Nwosu, that's N W O S U", "Siobhan, S I O B H A N, O'Dwyer"."""
    word = re.escape(found.text)
    for pattern in (
        rf"(?:\b[A-Z][\w'\u2019-]+ ){{1,2}}{word}(?=[\s,.]|$)",
        rf"\b{word}\b(?=,? (?:[A-Za-z]\b[ ,.-]*){{3,20}}([A-Z][\w'\u2019-]+)(?:[.,]|$))",
    ):
        match = re.search(pattern, text)
        if match is None:
            continue
        said = f"{match[0]} {match[1]}" if match.lastindex else match[0]
        for words in (said.split(), said.split()[1:]):
            name = names.read_name(" ".join(words), _FULL_NAME, agent=context.agent)
            if name is not None and len(words) > 1 and len(name.text.split()) == len(words):
                spans = ((match.start(), match.end()), *found.spans)
                if match.lastindex:
                    spans = (*spans, match.span(1))
                return Name(name.text, spans)
    return found


def _asked_for(text: str, context: Context) -> Name | None:
    """ "Put Marta Hollis down", "Mitchell Garvey wants a cleaning": whom it is asked for."""
    low = {word for phrase in context.ordinary for word in phrase.lower().split()}
    for pattern in _FOR_WHOM:
        matches = list(pattern.finditer(text))
        if len(matches) > 1 and _RATHER.search(text, matches[0].end(), matches[-1].start()):
            matches.reverse()  # "Put Ida Brenner down. No, put Hanna Brenner down."
        for match in matches:
            said = match["name"]
            if any(word.lower() in low for word in said.split()):
                continue
            name = names.read_name(said, _FULL_NAME, agent=context.agent)
            if name is not None and len(name.text.split()) == len(said.split()):
                return Name(name.text, (match.span("name"),))
    return None


def _at_the_end(text: str, context: Context) -> Name | None:
    """ "A cleaning on Monday at ten, Ana Diaz.": words that are nothing but a name, written as one
    or taken up by the agent."""
    low = {word for phrase in context.ordinary for word in phrase.lower().split()}
    for segment in reversed(list(_SEGMENT.finditer(text))):
        words = list(_WORD.finditer(_LAST.sub("", segment[0])))
        for count in (4, 3, 2):
            tail = words[-count:]
            if len(tail) < count or any(word[0].lower() in low for word in tail):
                continue
            start = segment.start() + tail[0].start()
            said = text[start : segment.start() + tail[-1].end()]
            if tail[-1][0].lower() in _PLACES or tail[0][0] in ("Christmas", "Thanksgiving"):
                continue
            if _cuts_a_name(words[:-count], low):
                continue
            known = _plainly_a_name(text, segment[0], tail)
            if not (_written_as_name(tail) or known or _taken_up(tail, context.later)):
                continue
            if tail[-1][0].islower() and any(word[0] in _TIMES for word in tail):
                continue
            if len({word[0][0].isupper() for word in tail if word[0] not in _PARTICLES}) > 1:
                continue  # "at ten Leah Stokes"
            name = names.read_name(said, _FULL_NAME, agent=context.agent)
            if name is not None and len(name.text.split()) == count:
                return Name(name.text, tuple((start + a, start + b) for a, b in name.spans))
    return None


def _cuts_a_name(before: Sequence[re.Match[str]], ordinary: Collection[str]) -> bool:
    """Whether a word with a capital stands right before it, so that it is a part only: "I wanted
    Harbor Eye Care"."""
    if len(before) < 2 or not before[-1][0][0].isupper() or len(before[-1][0]) < MIN_WORD:
        return False
    word = before[-1][0]
    return not (word.isupper() or word.lower() in ordinary or re.match(rf"(?!{_NO_DAY})", word))


def _plainly_a_name(text: str, segment: str, words: list[re.Match[str]]) -> bool:
    """Whether nothing but a known given name and a possible surname stand there, in a text without
    capitals."""
    alone = len(_WORD.findall(_LAST.sub("", segment))) == len(words) == 2
    surname = words[-1][0] not in _ORDINALS and not looks_ordinary(words[-1][0])
    return alone and surname and text == text.lower() and words[0][0] in GIVEN


def _written_as_name(words: list[re.Match[str]]) -> bool:
    return (
        words[0][0][0].isupper()
        and words[-1][0][0].isupper()
        and all(word[0][0].isupper() or word[0] in _PARTICLES for word in words)
    )


def _taken_up(words: list[re.Match[str]], later: str) -> bool:
    """Whether the agent calls the caller by it."""
    spoken = re.findall(r"\b[A-Z]\w+", later)
    first, last = words[0][0].capitalize(), words[-1][0].capitalize()
    return first in spoken or last in spoken
