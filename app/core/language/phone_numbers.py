"""Telephone numbers: the one reader of what people, networks and forms give as one.

Everywhere a number is stored, compared, counted or sent it is a `PhoneNumber`, so that one caller
is one caller however the number is written. Two questions are answered here:

- `identify`: who is calling? A number that the network gives, or nobody where it is withheld, a
  placeholder or a test number.
- `read_number`: which number did the caller say? Digits, words ("double five", "oh"), or nothing,
  and then one asks again.

And one of the other side: `dialled_number`, the line that was called, which identifies nobody.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberType as Type

from app.core.language.spoken_digits import digit_runs

_WITHHELD = re.compile(
    r"anonymous|unknown|restricted|private|withheld|unavailable|blocked|hidden|null|none|n/?a|nil"
    r"|undefined|no[ _-]?number|not[ _-]?available|invalid|test|asterisk|unlisted|payphone",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{|\}|\$\(|<%|%[A-Za-z_]+%|\[[A-Za-z_]")
_SPELLED_ON_KEYS = frozenset(
    ("266696687", "7378742833", "2562533", "8656696", "86282452253", "7748283", "464")
)
"""ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE, PRIVATE as the keys of a telephone: what
networks give for a withheld number."""
_TEST = re.compile(r"1500555\d{4}")
"""Numbers that Twilio keeps for tests."""
_SAME_DIGIT = re.compile(r"(\d)\1{6,30}$")
_NORTH_AMERICAN = re.compile(r"[2-9]\d\d[2-9]\d{6}")
_SHORTEST_UNLISTED = 9
"""Digits from which a number of a possible length counts although no range of the plan has it: the
plans grow faster than any list of them."""
_EXTENSION = re.compile(
    r"(?:(?:[;,]|(?<!\s))\s*\b(?:ext|extn|extension|x)\b[.:=]?|;ext=|(?<=\d)\s?x(?=\d)|#)\s*"
    r"(?:\d{1,7}|[a-z]+(?:[\s-][a-z]+){0,6}[\s-]?)\s*$",
    re.IGNORECASE,
)
_URI = re.compile(r"<?\s*(?P<scheme>sips?|tel):(?P<user>[^@;>?]*)(?P<rest>.*)$", re.IGNORECASE)
_VANITY = re.compile(
    r"\+?1?[- ]?\(?[2-9]\d\d\)?[- ]?(?=[A-Za-z-]*[A-Za-z]{3})[A-Za-z0-9]{3}-?[A-Za-z0-9]{4}"
)
"""Letters for keys, as on an advertisement: "1-800-FLOWERS"."""
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\u00ad", "-"))
_ABROAD = ("0011", "011", "00")
"""What is dialled before a country's code, longest first."""
_TAKEN_BACK = re.compile(
    r"\b(?:no|wait|sorry|i mean|actually|correction|scratch that|rather)\b", re.IGNORECASE
)
_PIECES = re.compile(r"[,;]|\.\s|\band\b", re.IGNORECASE)
_MAX_TEXT = 500
_COUNTRY_OF_LANGUAGE = dict(
    pair.split(":")
    for pair in (
        "en:US de:DE fr:FR es:ES it:IT nl:NL pt:PT pl:PL sv:SE da:DK nb:NO fi:FI ja:JP tr:TR"
    ).split()
)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number that can be called. Compare by `e164`: all writings of a number have the same."""

    e164: str
    country: str
    """ISO 3166 code of its country, "001" for numbers of no country."""
    premium: bool = False
    """Whoever calls or texts it pays for a service."""
    mobile: bool = False
    """It may be a mobile telephone, so that texts can arrive."""

    def __str__(self) -> str:
        return self.e164


@lru_cache(maxsize=4096)
def identify(number: str | None, country: str = "") -> PhoneNumber | None:
    """Who is on the line, by the number the channel gives; None where it identifies nobody.

    country: of the business, ISO 3166; for numbers that are not written internationally.
    """
    text = _plain(number or "")
    if not text or _TEMPLATE.search(text):
        return None
    uri = _URI.match(text)
    if uri:
        text = uri["user"]
    if _WITHHELD.search(text) or not re.fullmatch(r"[+\d\s().;,/extEXT#:=-]+", text):
        return None
    found = _parsed(_without_extension(text), country)
    if found is None or found.premium or _is_nobody(found.e164[1:]):
        return None
    return found


@lru_cache(maxsize=4096)
def dialled_number(text: str, country: str = "") -> str | None:
    """The line that was dialled: E.164, or ``sip:user@host`` where it has no number; None for
    anything else.

    country: by whose rules a number is read that is not written in full, ISO 3166.
    """
    plain = _plain(text)
    uri = _URI.match(plain)
    if uri:
        host = re.sub(r"[;>?].*", "", uri["rest"]).strip()
        named = f"sip:{uri['user']}{host}".casefold() if uri["user"] and host[:1] == "@" else None
        return dialled_number(uri["user"], country) or named
    if not re.fullmatch(r"[+\d\s().;,/-]+", plain):
        return None
    found = _parsed(plain, country)
    if found is not None:
        return found.e164
    digits = re.sub(r"\D", "", plain)
    return f"+{digits}" if plain.startswith("+") and 7 <= len(digits) <= 15 else None


def is_withheld(text: str) -> bool:
    """Whether it stands where a number is withheld, unknown or was not filled in."""
    plain = _plain(text)
    return bool(_TEMPLATE.search(plain) or _WITHHELD.search(plain)) or plain == ""


def read_number(text: str | None, country: str = "") -> PhoneNumber | None:
    """The number somebody gives in words or digits; None where there is none, or more than one.

    country: of the caller's own number where it is known, else of the business. A number to call
    back is never a premium one.
    """
    plain = _plain(text or "")
    if not plain or _TEMPLATE.search(plain):
        return None
    uri = _URI.match(plain)
    if uri:
        return identify(plain, country)
    parts = _TAKEN_BACK.split(plain)
    for part in reversed(parts):
        found = _numbers_in(part, country)
        if found:
            return next(iter(found.values())) if len(found) == 1 else None
        if re.search(r"\d", part) or digit_runs(part):
            return None  # half a number was corrected: only the caller knows what it is now
    return None


def country_of(language: str, *numbers: str | None) -> str:
    """The country by whose rules numbers are read: of the first number that has one, else of the
    language's tag ("en-GB"), else the one where most speak that language; "US" at last."""
    for number in numbers:
        found = identify(number) if number else None
        if found is not None and found.country != "001":
            return found.country
    main, *more = language.split("-")
    for part in more:
        if len(part) == 2 and part.upper() in phonenumbers.SUPPORTED_REGIONS:
            return part.upper()
    return _COUNTRY_OF_LANGUAGE.get(main.lower(), "US")


def number_hash(number: str) -> str:
    """A number as part of a key: the number itself stays out of key names."""
    return hashlib.sha256(number.encode()).hexdigest()[:24]


def is_country(code: str) -> bool:
    """Whether it is the ISO 3166 code of a country with telephone numbers, in capitals."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _plain(text: str) -> str:
    """NFKC, plain dashes and blanks, no quotes around it."""
    text = unicodedata.normalize("NFKC", text[:_MAX_TEXT]).translate(_DASHES)
    vanity = _VANITY.fullmatch(text.strip())
    if vanity:
        text = phonenumbers.convert_alpha_characters_in_number(vanity[0].upper())
    return " ".join(text.split()).strip(" \"'.,!?")


def _without_extension(text: str) -> str:
    return _EXTENSION.sub("", text)


def _numbers_in(text: str, country: str) -> dict[str, PhoneNumber]:
    """All numbers in a text, by their E.164 form.

    A number and a time beside it ("415 221 9873, ten thirty") are told apart where the whole is
    none.
    """
    for pieces in ([text], _PIECES.split(text)):
        found = {}
        for piece in pieces:
            for run in digit_runs(_without_extension(piece)):
                number = _parsed(run, country)
                if number is not None and not number.premium and not _is_nobody(number.e164[1:]):
                    found[number.e164] = number
        if found:
            return found
    return {}


def _is_nobody(digits: str) -> bool:
    national = digits.removeprefix("1")
    withheld = digits in _SPELLED_ON_KEYS or national in _SPELLED_ON_KEYS
    return withheld or bool(_TEST.fullmatch(digits) or _SAME_DIGIT.search(digits))


def _parsed(text: str, country: str) -> PhoneNumber | None:
    """The number as it is dialled in `country`, with any country's way of dialling abroad."""
    found = _dialled(text, country)
    digits = re.sub(r"\D", "", text)
    if found is None and not text.lstrip().startswith("+"):
        for prefix in _ABROAD:
            if digits.startswith(prefix):
                return _dialled(f"+{digits[len(prefix) :]}", "")
        # Networks and forms give numbers in full without the sign.
        if 11 <= len(digits) <= 15:
            full = _dialled(f"+{digits}", "")
            return full if full is not None and _is_listed(full) else None
    return found


def _dialled(text: str, country: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return None
    if not _plausible(number):
        return None
    kind = phonenumbers.number_type(number)
    return PhoneNumber(
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        country=phonenumbers.region_code_for_number(number)
        or phonenumbers.region_code_for_country_code(number.country_code or 0),
        premium=kind in (Type.PREMIUM_RATE, Type.SHARED_COST),
        mobile=kind in (Type.MOBILE, Type.FIXED_LINE_OR_MOBILE, Type.UNKNOWN),
    )


def _plausible(number: phonenumbers.PhoneNumber) -> bool:
    if phonenumbers.is_valid_number(number):
        return True
    if number.italian_leading_zero:
        return False  # what is dialled before a number inside the country has stayed
    national = phonenumbers.national_significant_number(number)
    if number.country_code == 1:
        return bool(_NORTH_AMERICAN.fullmatch(national))
    possible = phonenumbers.is_possible_number(number)
    return possible and len(national) >= _SHORTEST_UNLISTED


def _is_listed(number: PhoneNumber) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(number.e164))
