"""Cuts a text into words and numbers, with number words turned into numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.core.language.text import level, vocabulary

NUMBER, ORDINAL, CLOCK, ISO, SLASH, DASH, WORD, MARK = (
    "number",
    "ordinal",
    "clock",
    "iso",
    "slash",
    "dash",
    "word",
    "mark",
)
MAX_CHARS = 2000
"""Of a longer text the last so many characters are read."""


class Token(NamedTuple):
    """One word, number or mark.

    kind NUMBER and ORDINAL: a is the value. CLOCK ("3:30"): a hour, b minute. ISO: a year, b month,
    c day. SLASH and DASH ("3/4/26", "2-4"): a, b, and c or -1. `spelled` numbers were words.
    start and end: its characters in the text.
    """

    kind: str
    text: str
    a: int = -1
    b: int = -1
    c: int = -1
    spelled: bool = False
    start: int = 0
    end: int = 0


_OCLOCK = re.compile(r"\bo\s?['\"]?\s?clock\b")
_HALF_OF_DAY = re.compile(r"(?:(?<=\d)|\b)\.?\s?([ap])\s?\.\s?m\b\s?\.?|(?<=[\d\w]) ([ap]) m\b")
_TOKEN = re.compile(
    r"(?P<iso>\d{4}-\d{1,2}-\d{1,2})(?!\d)"
    r"|(?P<packed>20\d{6})(?!\d)"
    r"|(?P<slash>\d{1,2}\s?/\s?\d{1,2}(?:\s?/\s?\d{2,4})?)(?!\d)"
    r"|(?P<dash>\d{1,2}\s?-\s?\d{1,2}(?:\s?-\s?\d{4}|-\d{2})?)(?![\d:])"
    r"|(?P<clock>\d{1,2}(?:[:h]|\.(?=\d\d(?!\d)))\d{2}(?::\d{2})?)(?!\d)"
    r"|(?P<hours>\d{1,2})h(?:rs?|ours?)?(?![a-z])"
    r"|(?P<ordinal>\d{1,2})(?:st|nd|rd|th)\b"
    r"|(?P<number>\d+)"
    r"|(?P<word>[a-z]+(?:'[a-z]+)*)"
    r"|(?P<mark>[,.;?!/$\u00a3\u20ac#%-])|(?P<at>@)"
)

_SMALL = {
    word: value
    for value, word in enumerate(
        vocabulary(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen"
        )
    )
}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60} | {
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_ORDINALS = {
    word: value
    for value, word in enumerate(
        vocabulary(
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
            "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
        ),
        start=1,
    )
} | {"thirtieth": 30, "twelvth": 12, "nineth": 9}
_ZERO = frozenset(("oh", "o", "ou", "zero"))
_ROUGH = frozenset((*_SMALL, *_TENS))
_NAMED = frozenset(
    vocabulary(
        "monday tuesday wednesday thursday friday saturday sunday january february march april may "
        "june july august september october november december"
    )
)
_ATTACHED = {"a": "am", "p": "pm"}


def word_at(tokens: list[Token], i: int) -> str:
    """The text of token i if it is a word, else ""."""
    return tokens[i].text if 0 <= i < len(tokens) and tokens[i].kind == WORD else ""


def kind_at(tokens: list[Token], i: int) -> str:
    """The kind of token i, "" outside."""
    return tokens[i].kind if 0 <= i < len(tokens) else ""


def tokenise(text: str) -> list[Token]:
    """The tokens of any text. Case, quotes and the forms of "p.m." and "o'clock" are levelled."""
    skipped = max(0, len(text) - MAX_CHARS)
    text = level(text[skipped:])
    places: dict[int, tuple[int, int]] = {}
    if "clock" in text:
        text = _rewrite(_OCLOCK, "oclock", text, places)
    if "m" in text:
        text = _rewrite(_HALF_OF_DAY, "", text, places)
    raw: list[Token] = []
    for match in _TOKEN.finditer(text):
        start, end = places.get(match.start(), match.span())
        _add(raw, _token(match)._replace(start=start + skipped, end=end + skipped))
    return _join_numbers(raw)


def _rewrite(
    pattern: re.Pattern[str], word: str, text: str, places: dict[int, tuple[int, int]]
) -> str:
    """Level the forms of a word without moving the rest of the text; note where each stood."""

    def level_one(match: re.Match[str]) -> str:
        said = match[0]
        new = word or f" {match[1] or match[2]}m"
        first = match.start() + len(new) - len(new.lstrip())
        begin = match.start() + len(said) - len(said.lstrip(" "))
        places[first] = begin, match.start() + len(said.rstrip(" "))
        return new.ljust(len(said))

    return pattern.sub(level_one, text)


def _add(raw: list[Token], token: Token) -> None:
    """Add a token; "3p" and "three-ish" are two."""
    last = raw[-1] if raw else None
    if token.kind == WORD and last is not None:
        if token.text in _ATTACHED and last.end == token.start and last.kind in (NUMBER, CLOCK):
            token = token._replace(text=_ATTACHED[token.text])
        elif token.text == "ish" and last.text == "-":
            raw.pop()
    if token.kind == WORD and token.text.endswith("ish") and token.text[:-3] in _ROUGH:
        cut = token.end - 3
        raw.append(token._replace(text=token.text[:-3], end=cut))
        token = token._replace(text="ish", start=cut)
    raw.append(token)


def _token(match: re.Match[str]) -> Token:
    kind, text = match.lastgroup, match[0]
    if kind == "word":
        if text.endswith("'s"):
            text = text[:-2] if text[:-2] in _NAMED else text.replace("'", "")
        return Token(WORD, text)
    if kind == "mark":
        return Token(MARK, text)
    if kind == "at":
        return Token(WORD, "at")
    numbers = [int(part) for part in re.findall(r"\d+", text)]
    if kind == "number":
        return Token(NUMBER, text, numbers[0] if len(text) < 10 else -1)
    if kind == "ordinal":
        return Token(ORDINAL, text, numbers[0])
    if kind == "clock":
        return Token(CLOCK, text, numbers[0], numbers[1])
    if kind == "hours":
        return Token(CLOCK, text, numbers[0], 0)
    if kind == "packed":
        return Token(ISO, text, int(text[:4]), int(text[4:6]), int(text[6:]))
    if kind == "iso":
        return Token(ISO, text, numbers[0], numbers[1], numbers[2])
    third = numbers[2] if len(numbers) > 2 else -1
    return Token(SLASH if kind == "slash" else DASH, text, numbers[0], numbers[1], third)


def _join_numbers(raw: list[Token]) -> list[Token]:
    """Turn number words into NUMBER and ORDINAL tokens: "twenty fourth", "twelve oh three"."""
    out: list[Token] = []
    i = 0
    while i < len(raw):
        if raw[i].kind == WORD:
            for rule in _JOINS:
                end = rule(raw, i, out)
                if end:
                    i = end
                    break
            else:
                out.append(raw[i])
                i += 1
        else:
            out.append(raw[i])
            i += 1
    return out


def _tens(raw: list[Token], i: int, out: list[Token]) -> int:
    """ "twenty", "twenty four", "twenty-fourth"."""
    tens = _TENS.get(raw[i].text)
    if tens is None:
        return 0
    following = _after_dash(raw, i)
    unit = raw[following].text if following < len(raw) else ""
    if 0 < _SMALL.get(unit, 0) < 10:
        out.append(_spelled(tens + _SMALL[unit], raw[i], raw[following]))
        return following + 1
    if 0 < _ORDINALS.get(unit, 0) < 10:
        out.append(_ordinal(tens + _ORDINALS[unit], raw[i], raw[following]))
        return following + 1
    out.append(_spelled(tens, raw[i], raw[i]))
    return i + 1


def _oh(raw: list[Token], i: int, out: list[Token]) -> int:
    """ "(twelve) oh three"."""
    following = _after_dash(raw, i)
    if raw[i].text not in _ZERO or not out or out[-1].kind != NUMBER or following >= len(raw):
        return 0
    digit = raw[following]
    value = _SMALL.get(digit.text, digit.a if digit.kind == NUMBER else -1)
    if not 0 <= value < 10:
        return 0
    out.append(_spelled(value, raw[i], digit)._replace(text=f"0{value}"))
    return following + 1


def _small(raw: list[Token], i: int, out: list[Token]) -> int:
    """ "zero" to "nineteen"."""
    value = _SMALL.get(raw[i].text)
    if value is None:
        return 0
    out.append(_spelled(value, raw[i], raw[i]))
    return i + 1


def _nth(raw: list[Token], i: int, out: list[Token]) -> int:
    """ "first" to "thirtieth"."""
    value = _ORDINALS.get(raw[i].text)
    if value is None:
        return 0
    out.append(_ordinal(value, raw[i], raw[i]))
    return i + 1


def _big(raw: list[Token], i: int, out: list[Token]) -> int:
    """ "two thousand and thirty two": multiply the number before, add what follows below it."""
    if raw[i].text not in ("hundred", "thousand") or not out or out[-1].kind != NUMBER:
        return 0
    size = 100 if raw[i].text == "hundred" else 1000
    first, last = out.pop(), raw[i]
    total = min(first.a, 999) * size
    i += 1
    if i + 1 < len(raw) and raw[i].text == "and" and _value(raw[i + 1]) >= 0:
        i += 1
    while i < len(raw) and 0 <= _value(raw[i]) < size:
        value, last = _value(raw[i]), raw[i]
        total += value
        i += 1
        if value < 20 or value % 10:
            break
    out.append(_spelled(total, first, last))
    return i


_JOINS = (_tens, _oh, _small, _nth, _big)
"""Tried in this order at every word; each adds a token and gives the place after it, or 0."""


def _spelled(value: int, first: Token, last: Token) -> Token:
    return Token(NUMBER, str(value), value, spelled=True, start=first.start, end=last.end)


def _ordinal(value: int, first: Token, last: Token) -> Token:
    return Token(ORDINAL, last.text, value, spelled=True, start=first.start, end=last.end)


def _after_dash(raw: list[Token], i: int) -> int:
    dashed = i + 1 < len(raw) and raw[i + 1].text == "-"
    return i + 2 if dashed else i + 1


def _value(token: Token) -> int:
    if token.kind == NUMBER:
        return token.a
    if token.kind != WORD:
        return -1
    return _SMALL.get(token.text, _TENS.get(token.text, -1))
