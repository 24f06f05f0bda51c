"""Errors as the Realtime API words them, and the exceptions that carry them to the session."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """The client's event is refused: becomes one `error` event; the connection stays usable.

    `kind` is the error's `type`, usually ``invalid_request_error``. `close` is a close code to
    follow the error with, for the few that end the connection.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str | None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        close: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind
        self.close = close

    def as_event(self, event_id: str | None) -> dict[str, Any]:
        """The `error` event, without its own event id; `event_id` is the client's, echoed."""
        return {
            "type": "error",
            "error": {
                "type": self.kind,
                "code": self.code,
                "message": self.message,
                "param": self.param,
                "event_id": event_id,
            },
        }


def missing(path: str) -> Refusal:
    """A required field is not there."""
    return Refusal(
        f"Missing required parameter: '{path}'.", code="missing_required_parameter", param=path
    )


def unknown(path: str) -> Refusal:
    """A field that the protocol does not have."""
    return Refusal(f"Unknown parameter: '{path}'.", code="unknown_parameter", param=path)


def wrong_type(path: str, expected: str, value: object) -> Refusal:
    """A field of another JSON type than the protocol's."""
    return Refusal(
        f"Invalid type for '{path}': expected {expected}, but got {json_type(value)} instead.",
        code="invalid_type",
        param=path,
    )


def wrong_value(path: str, message: str) -> Refusal:
    """A field of the right type with a value outside its range."""
    return Refusal(message, code="invalid_value", param=path)


def unsupported_value(path: str, value: object, supported: tuple[str, ...]) -> Refusal:
    """A word that is not among the words the field takes."""
    quoted = [f"'{word}'" for word in supported]
    listed = quoted[0] if len(quoted) == 1 else ", ".join(quoted[:-1]) + f", and {quoted[-1]}"
    return wrong_value(path, f"Invalid value: '{value}'. Supported values are: {listed}.")


def json_type(value: object) -> str:
    """The JSON type of a value with its article, as the API's messages name it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
