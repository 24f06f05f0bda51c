"""Numbers: who calls, and what a caller gives as a number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.language.phone_numbers import country_of, identify, read_number


@pytest.mark.parametrize(
    "withheld",
    [
        *("anonymous", "Anonymous", "ANONYMOUS", "unknown", "Restricted", "private", "Unavailable"),
        *("+266696687", "266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"),
        *("sip:anonymous@anonymous.invalid", "sip:1001@pbx.example", "<sip:mia@harbor.example>"),
        *("{{user_number}}", "{{from_number}}", "${caller}", "<%= from %>", "null", "None", "N/A"),
        *("", " ", "+", "-", "0", "1001", "+15005550006", "+10000000000", "+15555555555"),
        *("+1999", "+999123456789", "mia", "test", "1-900-555-0142"),
    ],
)
def test_a_withheld_number_identifies_nobody(withheld: str) -> None:
    assert identify(withheld, "US") is None
    assert identify(withheld) is None


def test_no_number_identifies_nobody() -> None:
    assert identify(None) is None


@pytest.mark.parametrize(
    "written",
    [
        *(
            "+14155550142",
            " 1415 555 0142",
            "1 (415) 555-0142",
            "4155550142",
            "tel:+1-415-555-0142",
        ),
        *("sip:+14155550142@carrier.example", "<sips:+14155550142@10.0.0.1:5061;transport=tls>"),
        *("0014155550142", "01114155550142", "+1 415 555 0142 ext 5", "\uff0b14155550142"),
        *("+1\u2011415\u2011555\u20110142", '"+14155550142"', "14155550142"),
    ],
)
def test_one_caller_is_one_number_however_it_is_written(written: str) -> None:
    found = identify(written, "US")
    assert found is not None
    assert (found.e164, found.country) == ("+14155550142", "US")


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("0044 7700 900123", "US", "+447700900123"),
        ("011 44 7700 900123", "US", "+447700900123"),
        ("oh double seven, double oh, nine double oh one two three", "GB", "+447700900123"),
        ("four one five, five five five, oh one four two", "US", "+14155550142"),
        ("four fifteen, double five five, oh one forty two", "US", "+14155550142"),
        ("it's plus one four one five five five five zero one four two", "GB", "+14155550142"),
        ("415 555 0142 extension five", "US", "+14155550142"),
        ("my number is 415 555 0142, at ten thirty", "US", "+14155550142"),
        ("it's 415 555 0142, ten thirty is fine", "US", "+14155550142"),
        ("415 555 0141, no wait, 415 555 0142", "US", "+14155550142"),
        ("415 555 0141, I mean 42 at the end", "US", None),
        ("415 555 0142 or 415 555 0143", "US", None),
        ("four one five", "US", None),
        ("four one five five five five", "US", None),
        ("0900 1 123456", "DE", None),
        ("twenty fourteen", "US", None),
        ("December tenth at ten thirty", "US", None),
        ("the one I am calling from", "US", None),
        ("{{user_number}}", "US", None),
        ("anonymous", "US", None),
    ],
)
def test_what_a_caller_gives_as_a_number(text: str, country: str, e164: str | None) -> None:
    found = read_number(text, country)
    assert (found and found.e164) == e164


@pytest.mark.parametrize(
    ("language", "numbers", "country"),
    [
        ("en-US", ("+447700900123",), "GB"),
        ("en-GB", ("anonymous", None), "GB"),
        ("de", (), "DE"),
        ("en", ("", "+493055501"), "DE"),
        ("zu", (), "US"),
    ],
)
def test_the_country_by_whose_rules_a_number_is_read(
    language: str, numbers: tuple[str | None, ...], country: str
) -> None:
    assert country_of(language, *numbers) == country


def test_premium_numbers_and_mobiles_are_told_apart() -> None:
    told = [identify(number) for number in ("+4915123456789", "+493023125000")]
    assert [number.mobile for number in told if number] == [True, False]


@pytest.mark.parametrize("text", ["\x00", "5" * 100_000, "double " * 1000, "+" * 5000, "x" * 5000])
def test_odd_texts_are_no_numbers(text: str) -> None:
    assert read_number(text, "US") is None
    assert identify(text, "US") is None


@pytest.mark.parametrize(
    "file", ["numbers_dev.jsonl", "numbers_written.jsonl", "numbers_heldout.jsonl"]
)
def test_numbers_are_read_as_labelled(file: str) -> None:
    """Of the lines that are set aside only the count is shown."""
    text = (Path(__file__).parents[3] / "corpus" / file).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    wrong = 0
    for line in lines:
        found = read_number(line["text"], line["country"])
        wrong += (found.e164 if found else None) != line["e164"]
    assert wrong <= 0.02 * len(lines)
