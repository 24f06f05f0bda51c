"""What every JSON body must be before anything in it is looked at."""

from __future__ import annotations

import re
from typing import Any, TypeGuard

import orjson

from app.errors import BadRequest

_ID = re.compile(r"[^\x00-\x20\x7f{}/]{1,128}")


def json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Raises `BadRequest`."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def is_id(value: object) -> TypeGuard[str]:
    """True for a text that may name a call: in a Redis key (no braces), a path and a log."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def required_id(value: object, name: str) -> str:
    """`value` if it is an id. Raises `BadRequest` that names the field."""
    if not is_id(value):
        raise BadRequest(f"{name} must be a text of 1 to 128 characters without blanks or braces")
    return value
