"""Vectors computed apart from the code under test, and what must never raise."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security import signatures

KEY = "key_4d1cf0e9b7a2"
NOW = 1_795_300_000_000
BODY = b'{"event":"call_started","call":{"call_id":"call_1"}}'


def header(body: bytes, key: str, at_ms: int) -> str:
    return f"v={at_ms},d={hmac.new(key.encode(), body + b'%d' % at_ms, hashlib.sha256).hexdigest()}"


@pytest.mark.parametrize(
    "body",
    [BODY, b"", b'{\n  "n": "Zo\xc3\xab \xe2\x98\x8e"\n}\n', b"\x00\xff\xfe"],
    ids=["compact", "empty", "pretty utf-8", "not text"],
)
def test_signs_raw_bytes_and_milliseconds(body: bytes) -> None:
    good = header(body, KEY, NOW)
    assert signatures.sign(body, KEY, NOW) == good
    assert signatures.verify(body, good, [KEY], NOW)
    assert not signatures.verify(body + b" ", good, [KEY], NOW)


def test_known_digest() -> None:
    """printf '{"a":1}1795300000000' | openssl dgst -sha256 -hmac key_test"""
    digest = "eb6f36e213c17f0c480cd207ccc8e817ffb9b1a7bd56d6ac20c9382608432a83"
    assert signatures.verify(b'{"a":1}', f"v={NOW},d={digest}", ["key_test"], NOW)


@pytest.mark.parametrize(
    ("away_ms", "accepted"),
    [(0, True), (-300_000, True), (300_000, True), (-300_001, False), (300_001, False)],
)
def test_window_is_inclusive(away_ms: int, accepted: bool) -> None:
    signed = header(BODY, KEY, NOW + away_ms)
    assert signatures.verify(BODY, signed, [KEY], NOW) is accepted


def test_seconds_are_not_milliseconds() -> None:
    assert not signatures.verify(BODY, header(BODY, KEY, NOW // 1000), [KEY], NOW)


def test_any_of_several_keys_while_rotating() -> None:
    signed = header(BODY, "key_new", NOW)
    assert signatures.verify(BODY, signed, [KEY, "key_new"], NOW)
    assert signatures.verify(BODY, signed, ["key_new", KEY], NOW)
    assert not signatures.verify(BODY, signed, [KEY, "key_old"], NOW)


def test_no_key_or_a_blank_key_accepts_nothing() -> None:
    assert not signatures.verify(BODY, header(BODY, "", NOW), [""], NOW)
    assert not signatures.verify(BODY, header(BODY, KEY, NOW), [], NOW)


def test_a_digest_of_the_body_alone_is_refused() -> None:
    plain = hmac.new(KEY.encode(), BODY, hashlib.sha256).hexdigest()
    assert not signatures.verify(BODY, f"v={NOW},d={plain}", [KEY], NOW)
    assert not signatures.verify(BODY, plain, [KEY], NOW)


@pytest.mark.parametrize(
    "mangle",
    [
        lambda good: None,
        lambda good: "",
        str.upper,
        lambda good: good.replace(",", ", "),
        lambda good: good + "\n",
        lambda good: " " + good,
        lambda good: ",".join(reversed(good.split(","))),
        lambda good: good[:-1],
        lambda good: good + "0",
        lambda good: good.replace("v=", "v=-"),
        lambda good: good.replace("v=1", "v=\u0661"),
        lambda good: "v=" + "9" * 5000 + good[good.index(",") :],
        lambda good: good + "," + good,
        lambda good: good.replace("d=", "d=\x00"),
    ],
)
def test_a_missing_or_mangled_header_is_false(mangle: Callable[[str], str | None]) -> None:
    assert signatures.verify(BODY, mangle(header(BODY, KEY, NOW)), [KEY], NOW) is False


@given(body=st.binary(max_size=200), text=st.text(max_size=120))
def test_no_header_raises(body: bytes, text: str) -> None:
    assert signatures.verify(body, text, [KEY], NOW) is False


@given(
    body=st.binary(max_size=200),
    key=st.text(min_size=1, max_size=40).filter(lambda key: key.isprintable()),
    at_ms=st.integers(0, 10**15),
)
def test_what_is_signed_verifies(body: bytes, key: str, at_ms: int) -> None:
    assert signatures.verify(body, signatures.sign(body, key, at_ms), [key], at_ms)
