"""Twilio's signature, against values computed here by hand from Twilio's description."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from app.security.twilio_signature import sign, verify

URL = "https://calls.example.com/twilio/voice"
TOKEN = "12345"
FIELDS = {"CallSid": "CA0000", "From": "+14155550100", "To": "+14155550199", "Digits": ""}


def by_hand(text: str, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def test_published_example() -> None:
    """The example of Twilio's own documentation."""
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert sign(url, fields, "12345") == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


def test_fields_are_sorted_and_joined_without_separator() -> None:
    wanted = by_hand(f"{URL}CallSidCA0000DigitsFrom+14155550100To+14155550199")
    assert sign(URL, FIELDS, TOKEN) == wanted
    assert verify(URL, FIELDS, wanted, [TOKEN])


def test_repeated_field_counts_each_value_once() -> None:
    wanted = by_hand(f"{URL}ToaTob")
    assert sign(URL, {"To": ["b", "a", "b"]}, TOKEN) == wanted


def test_rotation_accepts_any_token_and_ignores_blank_ones() -> None:
    header = sign(URL, FIELDS, "old")
    assert verify(URL, FIELDS, header, ["new", "old"])
    assert not verify(URL, FIELDS, header, ["new"])
    assert not verify(URL, FIELDS, sign(URL, FIELDS, ""), [""])


@pytest.mark.parametrize("signed", [URL, "https://calls.example.com:443/twilio/voice"])
@pytest.mark.parametrize("seen", [URL, "https://calls.example.com:443/twilio/voice"])
def test_port_of_the_scheme_may_be_there_or_not(signed: str, seen: str) -> None:
    assert verify(seen, FIELDS, sign(signed, FIELDS, TOKEN), [TOKEN])


def test_socket_handshake_has_no_fields() -> None:
    url = "wss://calls.example.com/media-stream"
    assert verify(url, {}, sign(url, {}, TOKEN), [TOKEN])


@pytest.mark.parametrize("header", [None, "", "nonsense", "\udcff", "A" * 5000])
def test_wrong_headers_are_refused(header: str | None) -> None:
    assert not verify(URL, FIELDS, header, [TOKEN])


def test_every_part_is_covered() -> None:
    header = sign(URL, FIELDS, TOKEN)
    assert not verify(URL + "?a=1", FIELDS, header, [TOKEN])
    assert not verify(URL, {**FIELDS, "From": "+1999"}, header, [TOKEN])
    assert not verify(URL, {**FIELDS, "Extra": "1"}, header, [TOKEN])
    assert not verify("https://calls.example.com:bad/x", FIELDS, header, [TOKEN])


def test_json_body_is_covered_by_its_hash() -> None:
    body = b'{"a":1}'
    url = f"{URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    header = sign(url, {}, TOKEN)
    assert verify(url, {}, header, [TOKEN], body=body)
    assert not verify(url, {}, header, [TOKEN], body=b'{"a":2}')
    assert not verify(URL, {}, sign(URL, {}, TOKEN), [TOKEN], body=body)
