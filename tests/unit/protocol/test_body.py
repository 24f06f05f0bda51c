"""JSON as it comes: half a character costs itself, and nothing else."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BadRequest
from app.protocol.body import json_object, load_json, pruned

SMILE = "\U0001f600"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"a\\ud83d"', "a\ufffd"),
        (b'"\\ude00b"', "\ufffdb"),
        (b'"\\ud83d\\ude00"', SMILE),
        (b'"\\ud83d\\ud83d\\ude00"', f"\ufffd{SMILE}"),
        (b'"\\ud83d and \\\\ud83d"', "\ufffd and \\ud83d"),
        (b'"\xf0\x9f\x98"', "\ufffd"),
        (b'"\xed\xa0\xbd"', "\ufffd\ufffd\ufffd"),
        ('"\ud83d"', "\ufffd" * 3),
    ],
)
def test_half_a_character_is_read_as_a_replacement(raw: bytes | str, value: str) -> None:
    assert load_json(raw) == value


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"a": NaN}', b"[" * 5000, b'"\\ud8"'])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        json_object(raw)


@given(st.text(), st.integers(0, 8))
def test_a_text_cut_anywhere_in_its_escapes_is_still_read(text: str, drop: int) -> None:
    escaped = "".join(
        f"\\u{unit:04x}"
        for char in text + SMILE
        for unit in (
            [ord(char)]
            if ord(char) < 0x10000
            else [0xD800 + (ord(char) - 0x10000 >> 10), 0xDC00 + (ord(char) - 0x10000 & 0x3FF)]
        )
    )
    units = len(escaped) // 6
    kept = escaped[: 6 * max(0, units - drop)]
    assert isinstance(load_json(f'{{"text":"{kept}"}}'.encode())["text"], str)


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep: object = "core"
    for _ in range(600):
        deep = {"in": [deep]}
    kept = pruned({"deep": deep, "flat": 1})
    assert kept["flat"] == 1
    orjson.dumps(kept)
