"""What a caller says, in other words: the same request as another person would put it.

Dates, names, numbers and placeholders stay. Only phrases of the tables are put differently; every
variant asks for the same, and is what people say on the telephone.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

#: How often each change is made, where it can be.
REWORDED, FILLED, CORRECTED, SPELLED, REPEATED = 0.7, 0.35, 0.3, 0.3, 0.15

_NAME = r"[A-Z][\w'-]+(?: [A-Z][\w'-]+)+"
_PLACEHOLDER = re.compile(r"\{day\+(\d+)\}")
_CORRECTED = re.compile(r"\b(no|not|wait|sorry|actually|instead|meant)\b", re.IGNORECASE)
_NAME_WORDS = re.compile(rf"(?:(?i:It's |My name is |I'm |This is ))?({_NAME})\.")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A phrase, and what else is said for it; `\\1` is its first group."""

    pattern: re.Pattern[str]
    others: tuple[str, ...]


def _phrase(pattern: str, *others: str) -> _Phrase:
    return _Phrase(re.compile(pattern, re.IGNORECASE), others)


#: Whole answers.
_ANSWERS = (
    _phrase(
        r"yes(,? please|, that's right)?\.",
        *("Yes, please.", "Yes.", "Yeah, that's right.", "Sure, go ahead.", "Yes, please do."),
        *("That's correct.", "Okay, yes.", "Yep."),
    ),
    _phrase(
        r"(?:then )?the first one(?: is perfect|,? please)?\.",
        *("The first one, please.", "The first one is fine.", "I take the first one."),
        *("The first.", "Let's do the first one.", "The first one works for me."),
    ),
    _phrase(
        r"no, that (?:is|will be) all\. thank you, bye!",
        *("No, that's all. Thank you, bye!", "That's everything, thanks. Goodbye."),
        *("No, that's all, thank you very much. Bye bye.", "Nothing else, thanks. Bye!"),
        *("That is all for now. Thanks, bye.", "No, I'm all set. Thank you, goodbye!"),
    ),
)
#: Beginnings of a request.
_REQUESTS = (
    _phrase(
        r"\b(?:i would|i'd) like to (?=[a-z])",
        *("I want to ", "I was hoping to ", "I'm calling to ", "I need to ", "could I please "),
        "I'd love to ",
    ),
    _phrase(
        r"\b(?:i would|i'd) like (?=an? )",
        *("I need ", "could I get ", "can I have ", "I was hoping for ", "I want "),
        "I'm looking for ",
    ),
    _phrase(r"\bi need (?=an? )", "I'd like ", "could I get ", "I'm looking for "),
    _phrase(
        r"\b(?:i need|i have) to (?=move|cancel)",
        *("I want to ", "I'd like to ", "could I ", "I'm afraid I have to ", "I must "),
    ),
    _phrase(r"\bi want to (?=cancel|move)", "I'd like to ", "I need to ", "could you help me "),
    _phrase(r"\bcould I have (?=an? )", "I'd like ", "can I get ", "I need "),
)
#: Parts of a sentence.
_PARTS = (
    _phrase(r"^(?:hi|hello)[,.]? ", "Hello, ", "Hi there, ", "Good morning, ", "Hey, ", ""),
    _phrase(r" would be good\.", " would be great.", " if possible.", " works best.", ", please."),
    _phrase(r",? please\.", ".", ", if you can.", ", please.", ", thanks."),
)
_FILLERS = ("Um, ", "Uh, ", "Well, ", "So, ", "Let me see, ", "Hm, ", "Okay, ", "Right, ")
_SECOND_THOUGHTS = (
    "{wrong}, no, sorry, {right}",
    "{wrong}, no wait, {right}",
    "{wrong}, I mean {right}",
    "{wrong}, actually no, {right}",
)


class Wording:
    """Puts texts differently, as `dice` fall."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice

    def reword(self, text: str) -> str:
        """The text in other words, or as it is."""
        name = _NAME_WORDS.fullmatch(text)
        if name is not None:
            return self._filled(self._name(name[1]))
        for answer in _ANSWERS:
            if answer.pattern.fullmatch(text):
                return self._filled(self._dice.choice(answer.others))
        return self._filled(self._repeated(self._corrected(self._parts(self._request(text)))))

    def _often(self, share: float) -> bool:
        return self._dice.random() < share

    def _name(self, name: str) -> str:
        """The name, as people give theirs: some spell it, last name first or letter by letter."""
        said = self._dice.choice((name, f"It's {name}", f"My name is {name}", f"This is {name}"))
        if not self._often(SPELLED):
            return f"{said}."
        last = name.rsplit(" ", 1)[-1]
        letters = self._dice.choice((" ", "-")).join(last.upper())
        return self._dice.choice((f"{said}, {letters}.", f"{said}, that's {letters}."))

    def _request(self, text: str) -> str:
        for phrase in _REQUESTS:
            if phrase.pattern.search(text) and self._often(REWORDED):
                return self._put(phrase, text)
        return text

    def _parts(self, text: str) -> str:
        for phrase in _PARTS:
            if phrase.pattern.search(text) and self._often(REWORDED):
                text = self._put(phrase, text)
        return text

    def _put(self, phrase: _Phrase, text: str) -> str:
        other = self._dice.choice(phrase.others)
        out = phrase.pattern.sub(lambda found: other, text, count=1)
        return out[:1].upper() + out[1:]

    def _corrected(self, text: str) -> str:
        """Another day first, taken back at once, where the text names one day only."""
        found = _PLACEHOLDER.findall(text)
        if len(found) != 1 or _CORRECTED.search(text) or not self._often(CORRECTED):
            return text
        right = int(found[0])
        wrong = self._dice.choice([day for day in (right - 1, right + 1) if day > 0])
        taken_back = self._dice.choice(_SECOND_THOUGHTS)
        said = taken_back.format(wrong=f"{{weekday+{wrong}}}", right=f"{{day+{right}}}")
        return text.replace(f"{{day+{right}}}", said)

    def _repeated(self, text: str) -> str:
        """The first word twice, as people begin again."""
        first, space, rest = text.partition(" ")
        if not space or not first.isalpha() or len(first) > 5 or not self._often(REPEATED):
            return text
        return f"{first}, {first.lower() if first != 'I' else first} {rest}"

    def _filled(self, text: str) -> str:
        """With a word that only fills a pause."""
        if not self._often(FILLED):
            return text
        first, space, rest = text.partition(" ")
        proper = first.split("'")[0] == "I" or re.match(_NAME, text) or text.startswith("{")
        return self._dice.choice(_FILLERS) + (text if proper else f"{first.lower()}{space}{rest}")
