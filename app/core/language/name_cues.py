"""Words that announce a name, and the agent's questions that ask for one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.core.language.name_runs import Strength, read_run
from app.core.language.name_tokens import straighten, tokenise
from app.core.language.name_words import kind_of

Part = Literal["full", "given", "family", "nick"]
"""Which part of a name is meant; `nick` is how somebody is called besides."""
Asked = Literal["full", "given", "family", "spell", "for", "readback", "other", ""]
"""What the agent asked: for a name or a part of it, whom something is for, whether a name that was
read back is right, for something else, or nothing."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern behind which a name stands (or before which, for `BEHIND`)."""

    pattern: re.Pattern[str]
    part: Part
    strength: Strength


def _cue(part: Part, strength: Strength, *patterns: str) -> Cue:
    return Cue(re.compile(rf"(?<![\w'-])(?:{'|'.join(patterns)})(?![\w-])"), part, strength)


def _behind(part: Part, pattern: str) -> Cue:
    return Cue(re.compile(rf"(?:(?<=\w)'s|(?<![\w'-])is) {pattern}(?![\w-])"), part, "sure")


_IS = r"(?:'s|s| is| was| would be| should be| will be|:)?(?: (?:is|it's|its))?"
CUES = (
    _cue(
        "full",
        "sure",
        rf"my (?:(?:full|whole|real|legal|official|married|actual|own) )?name{_IS}",
        r"the (?:full )?name(?:'s|s| is| would be| should be)",
        r"(?:^|(?<=[,.;] )|(?<=and ))(?:\W*(?:yes|yeah|sure|hi|hello|um|uh|oh)\W+)*"
        r"name(?:'s|s| is|:)",
        r"(?:full|whole|complete|legal) name(?: is|'s|:)?",
        r"(?:i'm|i am) (?:called|named)",
        r"mine(?: is|'s)",
        r"you(?:'ve| have) got",
        r"(?:you're|you are) (?:now )?(?:speaking|talking) (?:with|to)",
        r"(?:put|book|booked|have|make|file|list)(?: (?:it|that|this|me|us|everything))?(?: down)?"
        r" (?:under|in)(?: the)? name(?: of)?",
        r"under(?: (?:the|my))?(?: (?:full|last|family|first))? (?:sur)?name(?: of| is)?",
        r"(?:in|by|under) the name of",
        r"(?<=[,;] )name of",
        r"(?:for|with|under) the name",
        r"(?:me llamo|mi nombre es|ich hei(?:ß|ss)e|mein name ist|je m'appelle|mon nom est"
        r"|mi chiamo|il mio nome è|meu nome é|ik heet|mijn naam is|jag heter|nazywam się)",
    ),
    _cue(
        "full",
        "likely",
        r"(?:put|book|booked|have|had|file|list|is|it's|be|made|make|look|try|check)"
        r"(?: (?:it|that|this|me|us|one|mine))?(?: down)?(?: be)? under",
        r"put (?:me|us) down as",
        r"(?:appointment|booking|reservation|slot)(?: (?:is|was|booked|made))? (?:for|under)",
        r"(?:just |you can |please )*use",
        r"^(?:\W*(?:yes|sure|it's|probably|try|maybe|um|uh|oh)\W+)*under",
        r"(?:it's|this is|that's|it is) for",
        r"it's me",
        r"(?:i|he|she) said",
        r"(?:listed|registered|down|me|it|that) as",
        r"(?:it|card|letter|file|system) says",
        r"^(?:\W*(?:yes|sure|um|uh|oh)\W+)*try",
        r"for me",
        r"the patient is",
        r"(?:make|change) (?:it|that)(?: to)?",
        r"(?:soy|ich bin|je suis|sono|hier ist|hier spricht|le habla|habla|ici|c'est)",
    ),
    _cue("full", "likely", r"this is", r"this's"),
    _cue("full", "likely", r"it's", r"it is", r"its", r"i'm", r"i am", r"im"),
    _cue(
        "full",
        "likely",
        r"that's",
        r"that is",
        r"(?:that|it|this)(?:'d|'ll| would| should| will) be",
        r"should be",
        r"(?:just |you can |please |could you )*(?:put|write|say)(?: down)?",
    ),
    _cue(
        "family",
        "sure",
        rf"(?:last|family|sur|second)[ -]?name{_IS}",
        r"(?:my|the) last(?: is|'s)",
        r"last(?= [\w'-]+$)",
    ),
    _cue(
        "given",
        "sure",
        rf"(?:first|given|christian|fore)[ -]?name{_IS}",
        r"(?:my|the) first(?: is|'s)",
        r"^first(?= [\w'-]+,? last )",
    ),
    _cue(
        "nick",
        "likely",
        r"(?:you can |please |just |but )?call me",
        r"(?:everybody|everyone|people|friends|they|most people)(?: all)? calls? me",
        r"i go by",
    ),
)
#: What stands behind a name: "… is my name", "… here".
BEHIND = (
    _behind("full", r"(?:my|the)(?: full)? name"),
    _behind("family", r"(?:my|the) (?:last |family |sur)name"),
    _behind("given", r"(?:my|the) (?:first |given |fore)name"),
    _cue(
        "full",
        "likely",
        r"(?:is )?(?:speaking|calling|here)",
        r"on the (?:line|phone)",
        r"(?:is|will be) (?:fine|okay|ok|enough|good)",
        r"will do",
        r"(?:is )?my first",
    ),
)
_OTHERS = re.compile(
    r"(?:his|her|their|your|our|whose|(?<![\w-])[\w-]+'s|company|business|brand|street|user|nick|domain"
    r"|file|maiden|medicine|school|doctor) (?:(?:full|first|last|given|family|sur) ?)?name$"
)
_NAMED_FOR_OTHERS = re.compile(
    r"name of (?:the|your|a|that) (?!appointment|booking|person|patient|caller|reservation)"
    r"|(?:insurance|company|doctor|dentist|employer|pharmacy|street|pet|dog|school|medication"
    r"|emergency contact)(?:'s)?(?: \w+)? names?"
)
_SPELL = re.compile(r"\bspell(?:ed|ing)?\b")
_SPELL_OTHER = re.compile(r"\b(?:street|address|e-?mail|city|company)\b")
_ASKS_WHO = re.compile(
    r"(?:and|sorry|so) you are\??$|\byou are\?|how (?:should|may|can|do|shall) i (?:address|call)"
    r"|what (?:should|shall|can|do|may) (?:i|we) call"
    r"|who (?:should|shall|may|can) i say|may i ask who"
    r"|who(?:'s| is) (?:on the line|there)|introduce yourself"
    r"|who(?:m)? (?:am i|do i have|are we|is (?:this|calling|speaking|that)|'s (?:this|calling))"
    r"|who's (?:this|calling|speaking)|(?:speaking|talking) (?:with|to)\?"
    r"|who (?:do|should) i (?:put|book)|under (?:what|which|whom|whose)|(?:booking|it) under\b"
)
_KIN = (
    r"(?:son|daughter|wife|husband|mother|father|mom|mum|dad|partner|brother|sister|child|kid"
    r"|friend|patient|guest|person)"
)
_ASKS_FOR = re.compile(
    rf"\b(?:is|be|it|that) (?:it |this |that |the [\w-]+ )?for (?:you|yourself|someone|somebody)\b"
    rf"|for your {_KIN}|\bwhom?\b[^?]{{0,80}} for\b"
    rf"|(?:{_KIN}(?:'s|s)?|his|her|their) (?:full |first |last )*name|"
    r"who(?:'s|'ll|m)?\b[^?]{0,80} (?:coming|seeing|needs?|patient|visit)\b|for whom|\bcalled\?"
    r"|(?:which|what) [\w-]+ (?:is|are) (?:it|this|that|they|the [\w-]+) for"
    r"|whose (?:appointment|booking|name) |who(?:'s| is) (?:it|the (?:appointment|booking))"
)
_INTRODUCES_ITSELF = re.compile(r"\bthis is\b|\bthanks? (?:you )?for calling\b|\breached\b|\bi'm\b")
_SENTENCES = re.compile(r"[^.!?]*[.!?]*")


def about_others(text: str, end: int) -> bool:
    """Whether the "name" that ends at `end` is somebody else's: "my mother's name", "her name"."""
    words = re.search(r"[\w'-]+(?: [\w'-]+){0,3}$", text[:end].rstrip(" :"))
    if words is None:
        return False
    plain = re.sub(r"(?:'s|s)?(?: (?:is|was|would be|should be|will be))?$", "", words[0])
    return bool(_OTHERS.search(plain)) and not re.search(r"\bmy [a-z]*\s?name$", plain)


def asked_for(question: str | None) -> Asked:
    """What the agent's last words ask for."""
    if not question or not question.strip():
        return ""
    text = straighten(question[-600:])
    sentences = [s.strip() for s in _SENTENCES.findall(text) if s.strip(" .!?")]
    questions = [s for s in sentences if s.endswith("?")] or sentences[-1:]
    for sentence in reversed(questions[-2:]):
        found = _asked_in(sentence.lower())
        if found:
            return found
    if any(_reads_back(sentence) for sentence in sentences[-2:]):
        return "readback"
    return "other"


def _asked_in(sentence: str) -> Asked:
    if _SPELL.search(sentence) and not _SPELL_OTHER.search(sentence):
        return "spell"
    if "name" in sentence and _ASKS_FOR.search(sentence):
        return "for"
    if "name" in sentence and not _NAMED_FOR_OTHERS.search(sentence):
        if re.search(r"\b(?:last|family|sur) ?name", sentence) and "first" not in sentence:
            return "family"
        if re.search(r"\b(?:first|given|fore) ?name", sentence) and "last" not in sentence:
            return "given"
        return "full"
    if _ASKS_WHO.search(sentence):
        return "full"
    return "for" if _ASKS_FOR.search(sentence) else ""


def _reads_back(sentence: str) -> bool:
    """Whether a caller's name stands in the agent's sentence: "So that's Rolf Mayer?"."""
    if _INTRODUCES_ITSELF.search(sentence.lower()):
        return False
    tokens = tokenise(sentence)
    for i, token in enumerate(tokens):
        if not token.upper or (i and tokens[i - 1].low in ("dr", "doctor", "this", "i'm")):
            continue
        if i > 1 and tokens[i - 1].low == "." and tokens[i - 2].low == "dr":
            continue
        run = read_run(tokens, i)
        if run is None or not all(w.upper for w in run.core) or not run.core:
            continue
        kinds = [kind_of(word.low) for word in run.core]
        if kinds[0] == "given" or (len(kinds) > 1 and kinds[0] in ("unknown", "either")):
            return True
    return False
