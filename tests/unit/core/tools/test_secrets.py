"""Secrets in tools' arguments are shown nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.tools.secrets import HIDDEN, hide_arguments, masker

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {"type": "string"},
        "pin": {"type": "string", "x-redact": True},
        "card": {"$ref": "#/$defs/Card"},
        "codes": {"type": "array", "items": {"type": "integer", "x-redact": True}},
        "either": {"anyOf": [{"type": "null"}, {"type": "string", "x-redact": True}]},
    },
    "$defs": {
        "Card": {
            "type": "object",
            "properties": {"kind": {"type": "string"}, "number": {"x-redact": True}},
        }
    },
}


def test_marked_arguments_are_hidden_and_named() -> None:
    shown, secrets = hide_arguments(
        SCHEMA,
        {
            "order": "A-7",
            "pin": "4711",
            "card": {"kind": "visa", "number": {"a": "4929 1234", "b": None}},
            "codes": [815, 99],
            "either": "swordfish",
        },
    )
    assert shown == {
        "order": "A-7",
        "pin": HIDDEN,
        "card": {"kind": "visa", "number": HIDDEN},
        "codes": [HIDDEN, HIDDEN],
        "either": HIDDEN,
    }
    assert secrets == ["4711", "4929 1234", "815", "99", "swordfish"]


def test_a_schema_without_marks_hides_nothing() -> None:
    arguments = {"pin": "4711", "list": [1, {"x": 2}]}
    assert hide_arguments({"type": "object"}, arguments) == (arguments, [])


def test_a_schema_that_refers_to_itself_ends() -> None:
    node: dict[str, Any] = {"properties": {"next": {"$ref": "#/$defs/Node"}, "key": {}}}
    schema = {"$ref": "#/$defs/Node", "$defs": {"Node": node}}
    value: Any = {"key": "end"}
    for _ in range(40):
        value = {"next": value}
    assert hide_arguments(schema, value) == (value, [])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my pin is 4711.", f"my pin is {HIDDEN}."),
        ("it is 4 7 1 1, please", f"it is {HIDDEN}, please"),
        ("47-11", HIDDEN),
        ("four seven one one", HIDDEN),
        ("Four, seven... one one", HIDDEN),
        ("order 147112", "order 147112"),
        ("SwordFish it is", f"{HIDDEN} it is"),
    ],
)
def test_a_secret_is_masked_as_it_is_said(text: str, masked: str) -> None:
    assert masker(["4711", "swordfish"])(text) == masked


def test_a_secret_is_masked_wherever_it_stands() -> None:
    mask = masker(["4711", "7"])
    told = {"output": ["pin 4711 ok", 4711, 7, True, None], "4711": 1.5}
    assert mask(told) == {"output": [f"pin {HIDDEN} ok", HIDDEN, 7, True, None], "4711": 1.5}
    assert masker([])(told) == told
