"""What every JSON body must be before anything in it is looked at."""

from __future__ import annotations

import re
from typing import Any, TypeGuard

import orjson

from app.errors import BadRequest

_ID = re.compile(r"[^\x00-\x20\x7f{}/]{1,128}")
#: In JSON text: a whole pair of surrogates, one without its other half, any other escape.
_ESCAPES = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def load_json(raw: str | bytes) -> Any:
    """The JSON value in `raw`. Half a character (one of two surrogates, a part of its UTF-8) is
    read as U+FFFD: whoever cut a text in the middle of an emoji must not cost the whole message.

    Raises `orjson.JSONDecodeError`, a ValueError.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
        mended = _ESCAPES.sub(_whole, data.decode("utf-8", "replace").encode())
        if mended == data:
            raise
        return orjson.loads(mended)


def _whole(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match[2] else match[0]


def pruned(value: Any, depth: int = 32) -> Any:
    """`value` with what is nested deeper than `depth` left out: deeper than 254 nothing can be
    written as JSON again."""
    if isinstance(value, dict):
        if depth <= 0:
            return {}
        return {name: pruned(item, depth - 1) for name, item in value.items()}
    if isinstance(value, list):
        return [pruned(item, depth - 1) for item in value] if depth > 0 else []
    return value


def json_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`. Raises `BadRequest`."""
    try:
        body = load_json(raw)
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
