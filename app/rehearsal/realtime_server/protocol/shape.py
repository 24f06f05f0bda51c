"""Small strict checks of JSON values, from which the protocol's shapes are put together.

A check takes a value and the path that names it and raises `Refusal`; it returns nothing and
changes nothing. Unknown fields are refused: a client that sends them is wrong or out of date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.rehearsal.realtime_server.protocol import refusal

Check = Callable[[Any, str], None]


def text(*, most: int | None = None, pattern: str | None = None) -> Check:
    """A string of at most `most` characters that matches the whole `pattern`."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise refusal.wrong_type(path, "a string", value)
        if most is not None and len(value) > most:
            raise refusal.Refusal(
                f"Invalid '{path}': string too long. Expected a string with maximum length {most},"
                f" but got a string with length {len(value)} instead.",
                code="string_above_max_length",
                param=path,
            )
        if compiled is not None and not compiled.fullmatch(value):
            raise refusal.wrong_value(
                path,
                f"Invalid '{path}': string does not match pattern. Expected a string that matches"
                f" the pattern '^{pattern}$'.",
            )

    return check


def word(*supported: str) -> Check:
    """One of a few fixed strings."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise refusal.wrong_type(path, "a string", value)
        if value not in supported:
            raise refusal.unsupported_value(path, value, supported)

    return check


def integer(least: int, most: int) -> Check:
    """A whole number in a closed range."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise refusal.wrong_type(path, "an integer", value)
        _in_range(value, least, most, path)

    return check


def number(least: float, most: float) -> Check:
    """Any number in a closed range."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise refusal.wrong_type(path, "a decimal", value)
        _in_range(value, least, most, path)

    return check


def _in_range(value: float, least: float, most: float, path: str) -> None:
    if value < least:
        raise refusal.Refusal(
            f"Invalid '{path}': value is below the minimum. Expected a value >= {least}, but got"
            f" {value} instead.",
            code="decimal_below_min_value"
            if isinstance(value, float)
            else "integer_below_min_value",
            param=path,
        )
    if value > most:
        raise refusal.Refusal(
            f"Invalid '{path}': value is above the maximum. Expected a value <= {most}, but got"
            f" {value} instead.",
            code="decimal_above_max_value"
            if isinstance(value, float)
            else "integer_above_max_value",
            param=path,
        )


def boolean(value: Any, path: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise refusal.wrong_type(path, "a boolean", value)


def anything(value: Any, path: str) -> None:
    """Any JSON value."""


def mapping(value: Any, path: str) -> None:
    """An object whose fields are the client's own."""
    if not isinstance(value, dict):
        raise refusal.wrong_type(path, "an object", value)


def nullable(check: Check) -> Check:
    """Null, or what `check` takes."""

    def either(value: Any, path: str) -> None:
        if value is not None:
            check(value, path)

    return either


def several(check: Check, *, least: int = 0, most: int = 10_000) -> Check:
    """A list, each member of which `check` takes."""

    def each(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise refusal.wrong_type(path, "an array", value)
        if not least <= len(value) <= most:
            raise refusal.wrong_value(
                path, f"Invalid '{path}': expected {least} to {most} members, got {len(value)}."
            )
        for at, member in enumerate(value):
            check(member, f"{path}[{at}]")

    return each


def fields(known: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> Check:
    """An object with these fields only, of which `required` must be there."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise refusal.wrong_type(path, "an object", value)
        prefix = f"{path}." if path else ""
        for name, member in value.items():
            inner = known.get(name)
            if inner is None:
                raise refusal.unknown(f"{prefix}{name}")
            inner(member, f"{prefix}{name}")
        for name in required:
            if name not in value:
                raise refusal.missing(f"{prefix}{name}")

    return check


def tagged(tag: str, kinds: Mapping[str, Check]) -> Check:
    """An object whose field `tag` says which of `kinds` it is."""
    names = tuple(kinds)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise refusal.wrong_type(path, "an object", value)
        where = f"{path}.{tag}" if path else tag
        if tag not in value:
            raise refusal.missing(where)
        kind = value[tag]
        if not isinstance(kind, str):
            raise refusal.wrong_type(where, "a string", kind)
        if kind not in kinds:
            raise refusal.unsupported_value(where, kind, names)
        kinds[kind](value, path)

    return check


def either(*, string: Check, other: Check) -> Check:
    """A string of one kind, or a value of another kind."""

    def check(value: Any, path: str) -> None:
        (string if isinstance(value, str) else other)(value, path)

    return check
