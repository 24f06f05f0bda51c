"""A tool over HTTP, as pure values: what is sent for some arguments, and what an answer means.

The body is the envelope of Retell's custom functions, ``{"name", "args", "call"}`` (Retell docs,
"Custom function"), so a backend made for those works unchanged; ``body: args`` sends the arguments
alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

import orjson

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
BodyForm = Literal["envelope", "args"]

#: The model is told at most so much of an answer.
MAX_TOLD_CHARS = 15_000
#: Statuses after which the same request may be sent again.
RETRIED = frozenset({408, 425, 429, *range(500, 600)})

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
_WITHOUT_BODY = frozenset({"GET", "DELETE"})


@dataclass(frozen=True, slots=True)
class HttpEndpoint:
    """Where a tool's requests go. `headers` have their secrets filled in already."""

    method: Method
    url: str
    """May hold ``{argument}`` in its path and query; those arguments are sent nowhere else."""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    """Arguments sent in the query; with GET and DELETE all that the URL does not hold."""
    body: BodyForm = "envelope"
    tell: tuple[str, ...] = ()
    """JSON pointers (RFC 6901) of what the model is told of the answer; empty is all of it."""
    say: str = ""
    """What is said, with ``{member}`` of the answer filled in; empty leaves it to the model."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, ready to be signed and sent."""

    method: Method
    url: str
    headers: dict[str, str]
    body: bytes | None


class Refused(Exception):
    """The request cannot be made, or the server refused it for good; the text is for the model."""


def build_request(
    name: str,
    endpoint: HttpEndpoint,
    arguments: Mapping[str, Any],
    call: Mapping[str, Any],
    idempotency_key: str,
) -> HttpRequest:
    """Build the request for checked arguments. `call` is the envelope's part about the call.

    Raises Refused if an argument would lead to another path than the one given.
    """
    left = dict(arguments)
    path, mark, rest = endpoint.url.partition("?")
    for argument in _PLACEHOLDER.findall(path):
        if _text(left.get(argument)).strip() in ("", ".", ".."):
            raise Refused(f"{argument} cannot be used. Ask the caller for it again.")
    url = _filled(path, left) + mark + _filled(rest, left)
    for argument in _PLACEHOLDER.findall(endpoint.url):
        left.pop(argument, None)
    bodiless = endpoint.method in _WITHOUT_BODY
    query = {key: left.pop(key) for key in list(left) if bodiless or key in endpoint.query}
    if query:
        pairs = [(key, _text(item)) for key, value in query.items() for item in _each(value)]
        url += ("&" if urlsplit(url).query else "?") + urlencode(pairs)
    headers = {"Idempotency-Key": idempotency_key, "Accept": "application/json", **endpoint.headers}
    if bodiless:
        return HttpRequest(endpoint.method, url, headers, None)
    value = left if endpoint.body == "args" else {"name": name, "args": left, "call": dict(call)}
    headers.setdefault("Content-Type", "application/json")
    return HttpRequest(endpoint.method, url, headers, orjson.dumps(value))


def read_answer(endpoint: HttpEndpoint, status: int, body: bytes) -> dict[str, Any]:
    """Turn an answer into a tool's result, ``{"ok", "output", "say"}``.

    Raises Refused if the server refused. Statuses in `RETRIED` are the caller's matter.
    """
    value = _value(body)
    if not 200 <= status < 300:
        raise Refused(_reason(status, value))
    told = _told(endpoint.tell, value)
    say = _said(endpoint.say, value) if endpoint.say else None
    return {"ok": True, "output": bounded(told), "say": say}


def check_url(url: str, parameters: Mapping[str, Any]) -> str:
    """What is wrong with a tool's URL; empty if nothing is."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "url must start with https:// and name a host"
    if "{" in parts.netloc or "@" in parts.netloc:
        return "url may hold arguments in its path and query only, and no user name"
    properties = parameters.get("properties") or {}
    unknown = sorted(set(_PLACEHOLDER.findall(url)) - set(properties))
    if unknown:
        return f"url holds {{{unknown[0]}}}, which is no parameter"
    required = set(parameters.get("required") or ())
    path = set(_PLACEHOLDER.findall(parts.path))
    loose = sorted(path - required)
    if loose:
        return f"url holds {{{loose[0]}}} in its path, so it must be a required parameter"
    return ""


def find_pointer(value: Any, pointer: str) -> Any:
    """The member of a JSON value that a JSON pointer names. Raises KeyError if there is none."""
    found = value
    for part in pointer.split("/")[1:]:
        step = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            raise KeyError(pointer)
    return found


def bounded(told: dict[str, Any]) -> dict[str, Any]:
    """What the model is told, cut to `MAX_TOLD_CHARS` of JSON."""
    text = orjson.dumps(told).decode()
    if len(text) <= MAX_TOLD_CHARS:
        return told
    return {"result": text[:MAX_TOLD_CHARS], "cut": True}


def _filled(template: str, values: Mapping[str, Any]) -> str:
    return _PLACEHOLDER.sub(lambda found: quote(_text(values.get(found[1])), safe=""), template)


def _told(pointers: tuple[str, ...], value: Any) -> dict[str, Any]:
    if not pointers:
        return value if isinstance(value, dict) else {"result": value}
    told: dict[str, Any] = {}
    for pointer in pointers:
        try:
            told[pointer.rsplit("/", 1)[-1]] = find_pointer(value, pointer)
        except KeyError:
            continue
    return told


def _said(template: str, value: Any) -> str | None:
    """The sentence with the answer's members in it; None if one of them is missing."""
    members = value if isinstance(value, Mapping) else {"result": value}
    if any(name not in members for name in _PLACEHOLDER.findall(template)):
        return None
    return _PLACEHOLDER.sub(lambda found: _text(members[found[1]]), template)[:600]


def _value(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body.strip() else {}
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")


def _reason(status: int, value: Any) -> str:
    """A refusal in words, with what the server said of it."""
    said = value
    if isinstance(value, Mapping):
        said = value.get("message") or value.get("error") or value.get("detail") or ""
        if isinstance(said, Mapping):
            said = said.get("message") or ""
    words = " ".join(_text(said).split())[:300]
    known = {
        400: "The request was not understood.",
        401: "We are not allowed to ask that.",
        403: "We are not allowed to ask that.",
        404: "Nothing was found.",
        409: "It conflicts with what is there.",
        422: "The values were not accepted.",
    }
    sentence = known.get(status, f"It was refused ({status}).")
    return f"{sentence} {words}".strip()


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return "" if value is None else str(value)
