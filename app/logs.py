"""JSON logs: one object a line, with the call's id, and people's numbers and secrets redacted."""

from __future__ import annotations

import contextvars
import datetime as dt
import functools
import hashlib
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TextIO, TypeVar

import orjson

_context: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "log_context", default=None
)

P = ParamSpec("P")
T = TypeVar("T")

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SECRET_NAME = re.compile(r"(key|token|secret|password|authorization|signature)$", re.IGNORECASE)
#: Each takes time in proportion to the text, whatever it is: where a match of any length may begin,
#: a look-behind has a long word tried once and not at each of its letters.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"),
        "[email]",
    ),
    (re.compile(r"\b(?:sk|key|rk)[-_][A-Za-z0-9_-]{8,}"), "[secret]"),
    (re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 [secret]"),
    (re.compile(r"://[^/\s:@]*:[^/\s@]+@"), "://[secret]@"),
    (re.compile(r"(/llm-websocket/)[^/\s\"]+(/)"), r"\1[secret]\2"),
    (re.compile(r"(?<![\w.:-])(?!1[5-9]\d{11}(?!\d))(?:\d[ -]?){12,18}\d(?![\w-])"), "[card]"),
    (
        re.compile(
            r"(?<![\w.:-])(?!\d{4}-\d\d-\d\d|1[5-9]\d{8}(?:\d{3})?(?!\d))"
            r"\+?\(?\d(?:[ .()-]{0,2}\d){6,14}(?![\w:-])"
        ),
        "[phone]",
    ),
)


def redact(text: str) -> str:
    """`text` with e-mail addresses, card and telephone numbers, and secrets replaced by their kind.

    Plain short numbers, dates and times are left as they are.
    """
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_value(value: Any, name: str = "") -> Any:
    """`value` redacted at every depth. Values under secret-like names are dropped whole."""
    if isinstance(value, str):
        if name and _SECRET_NAME.search(name):
            return "[secret]"
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_value(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact_value(item, name) for item in value]
    return value


def redact_id(value: str) -> str:
    """An id for the logs: as it is, unless it is a telephone number or an address.

    Lines of one call can be found together in any case.
    """
    clean = redact(value)
    if clean == value:
        return value
    return f"{clean[:40]} {hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:4]}"


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON. Extra fields and the bound context are members."""

    def format(self, record: logging.LogRecord) -> str:
        out: dict[str, Any] = {
            "time": _iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        bound = _context.get()
        for name, value in (bound or {}).items():
            out[name] = redact_id(value) if isinstance(value, str) else value
        for name, value in record.__dict__.items():
            if name == "call_id" and isinstance(value, str):
                out[name] = redact_id(value)
            elif name not in _STANDARD:
                out[name] = redact_value(value, name)
        if record.exc_info:
            out["exception"] = redact(self.formatException(record.exc_info))
        return orjson.dumps(out, default=str).decode()


def _iso(at: float) -> str:
    """Unix seconds as ISO 8601 in UTC, to the millisecond."""
    when = dt.datetime.fromtimestamp(at, dt.UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"


def get(name: str) -> logging.Logger:
    """The logger of that name."""
    return logging.getLogger(name)


@contextmanager
def bind(**fields: Any) -> Iterator[None]:
    """Add `fields` (for example ``call_id=...``) to every log line of this greenlet or thread."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def keep(**fields: Any) -> None:
    """As `bind`, for the rest of this greenlet's life."""
    _context.set({**(_context.get() or {}), **fields})


def carry(function: Callable[P, T]) -> Callable[P, T]:
    """`function` with what is bound now, for a greenlet to run: those begin with nothing bound."""
    fields = _context.get() or {}

    @functools.wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> T:
        with bind(**fields):
            return function(*args, **kwargs)

    return carried


def setup(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logs as JSON lines to `stream` (standard error by default)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "websockets", "rq.worker"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
