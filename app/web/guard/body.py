"""Bodies of requests, read within limits of time and space: nobody has shown yet who they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from urllib.parse import parse_qsl

import gevent
from flask import g, request
from gunicorn.http.errors import ParseException

from app.errors import AppError, BadRequest, TooLarge, Unavailable, UnsupportedMedia
from app.web.guard.admission import visitor

#: A body must be there within so many seconds. Retell gives up after 10.
BODY_S = 10.0
#: Bodies up to this size are read whatever else goes on; larger ones share `ROOM_BYTES`.
SMALL = 65_536
ROOM_BYTES = 24_000_000
#: A form of somebody who is not known yet, and one of the console, which has an agent's document.
MAX_FORM_BYTES, MAX_PAGE_FORM_BYTES = 65_536, 500_000
MAX_FORM_FIELDS = 500
FORM = "application/x-www-form-urlencoded"


class RequestTimeout(AppError):
    """The body did not come in time."""

    code, status = "timeout", 408


class Bodies:
    """The space that large bodies of unknown senders share in one process, in bytes."""

    def __init__(self, room: int = ROOM_BYTES) -> None:
        self.left = room

    @contextmanager
    def reading(self) -> Iterator[Share]:
        """One body's share, given back at the end of the block."""
        share = Share(self)
        try:
            yield share
        finally:
            self.left += share.taken


class Share:
    """What one body has of the common space."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.taken = 0

    def take(self, size: int) -> None:
        """`size` bytes more. Raises `Unavailable` where there is no space."""
        if size > self._bodies.left:
            raise Unavailable("too many large bodies at once", code="full", retry_after=2)
        self._bodies.left -= size
        self.taken += size


def read_json_body(bodies: Bodies, most: int) -> bytes:
    """The raw body of a JSON request. Raises `UnsupportedMedia`, and as `read`."""
    check_json(most)
    return read(bodies, most)


def check_json(most: int) -> None:
    """Refuse by its headers a body that is not JSON or longer than `most`."""
    kind = request.environ.get("CONTENT_TYPE", "")
    if kind != "application/json" and not request.is_json:
        raise UnsupportedMedia("send application/json")
    _length(most)


def read_form(bodies: Bodies, most: int = MAX_FORM_BYTES) -> dict[str, list[str]]:
    """The fields of a URL-encoded form of `most` bytes. Multipart is not taken: parsing it writes
    to the disk.

    It is read once, however often it is asked for. Raises `UnsupportedMedia`, `BadRequest`, and as
    `read`.
    """
    kept = cast(dict[str, list[str]] | None, g.get("form"))
    if kept is not None:
        return kept
    if request.mimetype != FORM:
        raise UnsupportedMedia(f"send {FORM}")
    raw = read(bodies, most)
    try:
        pairs = parse_qsl(
            raw.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=MAX_FORM_FIELDS,
        )
    except ValueError:
        raise BadRequest(f"the form has more than {MAX_FORM_FIELDS} fields") from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    g.form = form
    return form


def read_fields(bodies: Bodies, most: int = MAX_FORM_BYTES) -> dict[str, str]:
    """As `read_form`, with the first value of each field."""
    return {name: values[0] for name, values in read_form(bodies, most).items()}


def read(bodies: Bodies, most: int) -> bytes:
    """The request's raw body, `most` bytes at most.

    Raises `TooLarge`, `RequestTimeout`, `BadRequest` where it breaks off or its framing is wrong,
    `Unavailable` where too much is being read already.
    """
    length = _length(most)
    connection = visitor()
    if connection is not None:
        connection.waits()
    stream = request.environ["wsgi.input"]
    try:
        with gevent.Timeout(BODY_S, RequestTimeout()):
            if length is not None and length <= SMALL:
                raw: bytes = stream.read(length)
            else:
                raw = _read_large(bodies, stream, most, length)
    except ParseException:
        raise BadRequest("the body's framing is broken") from None
    except (OSError, EOFError):
        raise BadRequest("the body could not be read") from None
    finally:
        if connection is not None:
            connection.is_served()
    if length is not None and len(raw) < length:
        raise BadRequest("the body ended early")
    return raw


def _read_large(bodies: Bodies, stream: Any, most: int, length: int | None) -> bytes:
    parts: list[bytes] = []
    size = 0
    with bodies.reading() as share:
        while length is None or size < length:
            wanted = SMALL if length is None else min(SMALL, length - size)
            if size >= SMALL:
                share.take(wanted)
            part = stream.read(wanted)
            if not part:
                break
            size += len(part)
            if size > most:
                raise TooLarge(f"request body exceeds {most} bytes")
            parts.append(part)
        return b"".join(parts)


def _length(most: int) -> int | None:
    """The length that the request claims, None where it comes in chunks. Raises `TooLarge`."""
    environ = request.environ
    given = environ.get("CONTENT_LENGTH")
    if given and given.isdecimal():
        if len(given) > 12 or int(given) > most:
            raise TooLarge(f"request body exceeds {most} bytes")
        return int(given)
    if environ.get("HTTP_TRANSFER_ENCODING") or environ.get("wsgi.input_terminated"):
        return None
    return 0
