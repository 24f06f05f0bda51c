"""The errors of this program, as one small tree.

::

    AppError                     anything we raise on purpose; has a code and an HTTP status
    ├── BadRequest               400 malformed: cannot be parsed, or a field has the wrong type
    ├── Unauthorized             401 signature: missing, mangled or wrong
    ├── Forbidden                403 forbidden: a token is missing or wrong
    ├── NotFound                 404 not_found
    ├── Conflict                 409 conflict: it would break what others rely on
    ├── PreconditionFailed       412 changed: somebody has changed it since it was read
    ├── TooLarge                 413 too_large
    ├── UnsupportedMedia         415 unsupported_media
    ├── Invalid                  422 invalid: what was sent has mistakes; `problems` names each
    ├── PreconditionRequired     428 if_match: a change has to say what it is based on
    ├── TooMany                  429 too_many
    ├── Unavailable              503 unavailable: try again after `retry_after` seconds
    ├── SettingsError            the environment or the agent's file is incomplete or wrong
    ├── ProtocolError            a peer broke the protocol it speaks
    ├── ModelError               the model's server refused or is gone; `fatal` stops retries
    └── CalendarError            a booking could not be made
        ├── SlotTaken            somebody else has the slot
        ├── BookingNotFound      no such booking for this caller
        ├── Outdated             a newer wish of the caller has already changed the booking
        └── CalendarFailed       the calendar itself failed, not the wish
            ├── CalendarRefused  for good (a wrong key, a malformed request); never tried again
            └── CalendarDown     for now: it is away; the same request may be tried again
                ├── CalendarBusy     it takes no more for now; again after `retry_after` s
                └── CalendarUnknown  a change got no answer: it may have been made

The code is what programs hold on to, the message is for people. Neither ever holds a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class AppError(Exception):
    """Base of all errors raised on purpose. `message` may be shown to whoever made the request."""

    code: str = "internal"
    status: int = 500

    def __init__(
        self, message: str = "", *, code: str | None = None, status: int | None = None
    ) -> None:
        self.message = message or (type(self).__doc__ or "").split("\n")[0]
        super().__init__(self.message)
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status

    def as_json(self) -> dict[str, dict[str, Any]]:
        """The public form: ``{"error": {"code": str, "message": str}}``."""
        return {"error": {"code": self.code, "message": self.message}}


class BadRequest(AppError):
    """The request is malformed."""

    code, status = "malformed", 400


class Unauthorized(AppError):
    """The signature is missing or wrong."""

    code, status = "signature", 401


class Forbidden(AppError):
    """The token is missing or wrong."""

    code, status = "forbidden", 403


class NotFound(AppError):
    """There is no such thing."""

    code, status = "not_found", 404


class Conflict(AppError):
    """Others rely on it as it is."""

    code, status = "conflict", 409


class PreconditionFailed(AppError):
    """It has been changed since it was read; read it again."""

    code, status = "changed", 412


class TooLarge(AppError):
    """The body or frame is too large."""

    code, status = "too_large", 413


class UnsupportedMedia(AppError):
    """The content type is not supported."""

    code, status = "unsupported_media", 415


class Invalid(AppError):
    """What was sent has mistakes. Each of `problems` has a `path` in it and a `message`."""

    code, status = "invalid", 422

    def __init__(self, problems: Sequence[dict[str, str]]) -> None:
        self.problems = list(problems)
        many = len(self.problems)
        super().__init__("one mistake" if many == 1 else f"{many} mistakes")

    def as_json(self) -> dict[str, dict[str, Any]]:
        """As all errors, with the problems."""
        return {"error": {**super().as_json()["error"], "problems": self.problems}}


class PreconditionRequired(AppError):
    """Say what the change is based on: If-Match with the ETag that was read."""

    code, status = "if_match", 428


class TooMany(AppError):
    """Too many requests or calls."""

    code, status = "too_many", 429

    def __init__(self, message: str = "", *, retry_after: int = 1, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Unavailable(AppError):
    """A part that is needed is away; try again."""

    code, status = "unavailable", 503

    def __init__(self, message: str = "", *, retry_after: int = 1, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class SettingsError(AppError):
    """Settings are missing or wrong."""

    code: str = "settings"

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class ProtocolError(AppError):
    """A peer broke the protocol."""

    code, status = "protocol", 400


class ModelError(AppError):
    """The model's server refused, failed or is gone.

    `fatal` is true where another attempt cannot help: a wrong key, no quota, an unknown model.
    """

    code, status = "model", 502
    #: Error codes after which a reconnect only repeats the refusal (OpenAI error reference).
    FATAL_CODES: ClassVar[frozenset[str]] = frozenset(
        {
            "insufficient_quota",
            "invalid_api_key",
            "account_deactivated",
            "billing_hard_limit_reached",
            "model_not_found",
            "beta_api_shape_disabled",
            "invalid_organization",
        }
    )

    def __init__(
        self, message: str = "", *, code: str | None = None, fatal: bool | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.fatal = self.code in self.FATAL_CODES if fatal is None else fatal


class CalendarError(AppError):
    """The booking could not be made."""

    code, status = "calendar", 409


class SlotTaken(CalendarError):
    """The slot was taken by somebody else."""

    code = "slot_taken"


class BookingNotFound(CalendarError):
    """No such booking was found for this caller."""

    code, status = "booking_not_found", 404


class Outdated(CalendarError):
    """A newer change has been made."""

    code = "superseded"


class CalendarFailed(CalendarError):
    """The calendar failed."""

    code, status = "calendar_failed", 502


class CalendarRefused(CalendarFailed):
    """The calendar refuses the request, and would again."""

    code = "calendar_refused"


class CalendarDown(CalendarFailed):
    """The calendar did not answer."""

    code, status = "calendar_down", 503
    retry_after: float = 0.0
    """Seconds before which another attempt is in vain."""


class CalendarBusy(CalendarDown):
    """The calendar has too much to do."""

    code = "calendar_busy"

    def __init__(self, message: str = "", *, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CalendarUnknown(CalendarDown):
    """The calendar did not answer a change, which may have been made."""

    code = "calendar_unknown"
