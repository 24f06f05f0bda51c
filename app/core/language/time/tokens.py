"""Cuts a plain text into words and numbers, with number words turned into numbers."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.core.language.text import plain, vocabulary

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


class Token(NamedTuple):
    """One word, number or mark.

    kind NUMBER and ORDINAL: a is the value. CLOCK ("3:30"): a hour, b minute. ISO: a year, b month,
    c day. SLASH and DASH ("3/4/26", "2-4"): a, b, and c or -1. `spelled` numbers were words.
    """

    kind: str
    text: str
    a: int = -1
    b: int = -1
    c: int = -1
    spelled: bool = False


_OCLOCK = re.compile(r"\bo\s?['\"]?\s?clock\b")
_HALF_OF_DAY = re.compile(r"(?:(?<=\d)|\b)\.?\s?([ap])\s?\.\s?m\b\s?\.?|(?<=[\d\w]) ([ap]) m\b")
_ISH = re.compile(
    r"\b(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirty|fifteen)"
    r"n?\s?-?\s?ish\b"
)
_ATTACHED = re.compile(r"(?<=\d)([ap])\b\.?")
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
    r"|(?P<mark>[,.;?!/-])|(?P<at>@)"
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


def tokenise(text: str) -> list[Token]:
    """The tokens of any text. Case, quotes and the forms of "p.m." and "o'clock" are levelled."""
    text = plain(text)
    if "clock" in text:
        text = _OCLOCK.sub("oclock", text)
    if "m" in text:
        text = _HALF_OF_DAY.sub(lambda m: f" {m[1] or m[2]}m ", text)
    if "ish" in text:
        text = _ISH.sub(r"\1 ish", text)
    text = _ATTACHED.sub(r" \1m ", text)
    return _join_numbers([_token(match) for match in _TOKEN.finditer(text)])


def _token(match: re.Match[str]) -> Token:
    kind, text = match.lastgroup, match[0]
    if kind == "word":
        return Token(WORD, text.replace("'", "") if text.endswith("'s") else text)
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
    i, size = 0, len(raw)
    while i < size:
        token = raw[i]
        word = token.text
        if token.kind != WORD:
            out.append(token)
            i += 1
            continue
        following = _after_dash(raw, i)
        if word in _TENS:
            unit = raw[following].text if following < size else ""
            if unit in _SMALL and 0 < _SMALL[unit] < 10:
                out.append(_spelled(_TENS[word] + _SMALL[unit]))
                i = following + 1
                continue
            if unit in _ORDINALS and _ORDINALS[unit] < 10:
                out.append(Token(ORDINAL, unit, _TENS[word] + _ORDINALS[unit], spelled=True))
                i = following + 1
                continue
            out.append(_spelled(_TENS[word]))
        elif word in _ZERO and out and out[-1].kind == NUMBER and following < size:
            digit = raw[following]
            value = _SMALL.get(digit.text, digit.a if digit.kind == NUMBER else -1)
            if 0 <= value < 10:
                out.append(Token(NUMBER, f"0{value}", value, spelled=True))
                i = following + 1
                continue
            out.append(_spelled(0) if word == "zero" else token)
        elif word in _SMALL:
            out.append(_spelled(_SMALL[word]))
        elif word in _ORDINALS:
            out.append(Token(ORDINAL, word, _ORDINALS[word], spelled=True))
        elif word in ("hundred", "thousand") and out and out[-1].kind == NUMBER:
            i = _big_number(raw, i, out)
            continue
        else:
            out.append(token)
        i += 1
    return out


def _spelled(value: int) -> Token:
    return Token(NUMBER, str(value), value, spelled=True)


def _after_dash(raw: list[Token], i: int) -> int:
    dashed = i + 1 < len(raw) and raw[i + 1].text == "-"
    return i + 2 if dashed else i + 1


def _big_number(raw: list[Token], i: int, out: list[Token]) -> int:
    """ "two thousand and thirty two": multiply the number before, add what follows below it."""
    size = 100 if raw[i].text == "hundred" else 1000
    total = min(out.pop().a, 999) * size
    i += 1
    if i + 1 < len(raw) and raw[i].text == "and" and _value(raw[i + 1]) >= 0:
        i += 1
    while i < len(raw) and 0 <= _value(raw[i]) < size:
        value = _value(raw[i])
        total += value
        i += 1
        if value < 20 or value % 10:
            break
    out.append(_spelled(total))
    return i


def _value(token: Token) -> int:
    if token.kind == NUMBER:
        return token.a
    if token.kind != WORD:
        return -1
    return _SMALL.get(token.text, _TENS.get(token.text, -1))
