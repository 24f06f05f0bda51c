"""Telephone numbers read back digit by digit, in the groups in which people say them."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberFormat

from app.core.language.speech import say_number

_LONGEST_GROUP = 4


def say_phone_number(e164: str, country: str = "") -> str:
    """ "four one five, five five five, zero one four two".

    country: ISO 3166 code of the country by whose rules the caller gives numbers. A number of
    another country is said with its country's code: "plus four nine, three zero, …".
    """
    number = phonenumbers.parse(e164)
    abroad = phonenumbers.region_code_for_number(number) != country and (
        phonenumbers.country_code_for_region(country) != number.country_code
    )
    form = PhoneNumberFormat.INTERNATIONAL if abroad else PhoneNumberFormat.NATIONAL
    written = phonenumbers.format_number(number, form)
    groups = [piece for group in re.findall(r"\d+", written) for piece in _pieces(group)]
    said = ", ".join(" ".join(say_number(int(digit)) for digit in group) for group in groups)
    return f"plus {said}" if abroad else said


def _pieces(group: str) -> list[str]:
    """A group that is too long to be kept in mind, cut in threes; never one digit alone."""
    if len(group) <= _LONGEST_GROUP:
        return [group]
    cut = 2 if len(group) % 3 == 1 and len(group) < 6 else 3
    return [group[:cut], *_pieces(group[cut:])]
