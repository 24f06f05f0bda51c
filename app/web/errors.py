"""Every error as the contract's JSON: ``{"error": {"code": str, "message": str}}``.

Codes are what programs hold on to. An error that nobody foresaw is logged, counted and answered
without any of its text.
"""

from __future__ import annotations

import orjson
import redis
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app import logs, metrics
from app.errors import (
    AppError,
    BadRequest,
    Forbidden,
    NotFound,
    TooLarge,
    TooMany,
    Unavailable,
    UnsupportedMedia,
)

log = logs.get(__name__)

_BY_STATUS: dict[int, type[AppError]] = {
    400: BadRequest,
    403: Forbidden,
    404: NotFound,
    413: TooLarge,
    415: UnsupportedMedia,
    429: TooMany,
    503: Unavailable,
}


def register(app: Flask) -> None:
    """Make `app` answer all its errors in the contract's form."""
    app.register_error_handler(AppError, _expected)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(redis.RedisError, _redis)
    app.register_error_handler(Exception, _unexpected)


def answer(error: AppError) -> Response:
    """The response for `error`."""
    response = Response(
        orjson.dumps(error.as_json(), option=orjson.OPT_APPEND_NEWLINE),
        status=error.status,
        mimetype="application/json",
    )
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _expected(error: AppError) -> Response:
    if error.status >= 500 and not isinstance(error, Unavailable):
        log.error("request failed", extra={"path": _route(), "code": error.code})
        metrics.ERRORS_TOTAL.labels(_route()).inc()
    return answer(error)


def _http(error: HTTPException) -> BaseResponse:
    status = error.code or 500
    if status < 400 or error.response is not None:  # a redirect, or a response raised on purpose
        return error.get_response(request.environ)
    known = _BY_STATUS.get(status)
    if known is not None:
        response = answer(known(error.description or ""))
    else:
        code = error.name.lower().replace(" ", "_")
        response = answer(AppError(error.description or error.name, code=code, status=status))
    for name, value in error.get_headers(request.environ):
        if name.lower() in ("allow", "www-authenticate"):
            response.headers[name] = value
    return response


def _redis(error: redis.RedisError) -> Response:
    log.warning("redis failed", extra={"path": _route(), "error": type(error).__name__})
    return answer(Unavailable("redis is away", retry_after=1))


def _unexpected(error: Exception) -> Response:
    log.error("unexpected error", exc_info=error, extra={"path": _route()})
    metrics.ERRORS_TOTAL.labels(_route()).inc()
    return answer(AppError("internal error", code="internal", status=500))


def _route() -> str:
    return str(request.url_rule.rule) if request.url_rule is not None else "unknown"
