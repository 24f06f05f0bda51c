"""Sessions with the Realtime model: `RealtimeModel.open` gives an `Upstream`.

The `openai` SDK makes the URL, the headers and the connection; events pass as raw bytes both ways
(the SDK's typed `recv` and `send` cost tens of microseconds each). The SDK's own reconnect attaches
a new, empty session to a call that has a history, so it is never used: whoever owns the call opens
a new session and seeds it.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.request import getproxies

import gevent
import orjson
from openai import OpenAI
from openai.resources.realtime.realtime import RealtimeConnection
from websockets.exceptions import (
    InvalidHandshake,
    InvalidProxyStatus,
    InvalidStatus,
    InvalidURI,
)

from app import logs, metrics
from app.adapters import http
from app.adapters.realtime.wire import ModelWire
from app.errors import ModelError
from app.settings import Settings

CONNECT_TIMEOUT_S = 5.0
PATIENCE_S = 0.25
#: Refusals of the upgrade that another attempt cannot mend (OpenAI error codes guide).
FATAL_STATUSES = frozenset({400, 401, 403, 404})

log = logs.get(__name__)


class RealtimeModel:
    """The way to the model, one per process: one SDK client, one TLS context.

    A context per connection would cost 15 ms of blocked CPU and 0.7 MB each.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = "",
        model: str,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        # A local server asks for no key, but the SDK refuses to start without one.
        # One of its own would cost each business's model a TLS context.
        self._client = OpenAI(
            api_key=api_key or "none", base_url=base_url or None, http_client=http.client()
        )
        self._model = model
        self._timeout_s = connect_timeout_s
        self._secure = self._client.base_url.scheme in ("https", "wss")
        self._proxied = bool(getproxies())  # asking costs a tenth of what opening a session does
        self._ssl = ssl_context or (http.tls_context() if self._secure else None)

    @classmethod
    def from_settings(cls, settings: Settings) -> RealtimeModel:
        """The model that the environment names."""
        return cls(
            api_key=settings.openai_api_key,
            base_url=settings.openai_base_url,
            model=settings.realtime_model,
        )

    def open(
        self,
        on_event: Callable[[bytes], None],
        on_lost: Callable[[int, str], None],
        *,
        model: str = "",
        safety_identifier: str = "",
        timeout_s: float | None = None,
    ) -> Upstream:
        """Connect a new session, waiting `timeout_s` at most.

        `on_event` gets every server event as it came, in order, in a greenlet of its own; it may
        send, and must not wait on the caller's side. `on_lost(code, reason)` is called once when
        the session ends by anything but our own `close`; 1006 where there was no close frame, and
        1001 also for the 60 minute limit. `safety_identifier` is a stable hash of the end user
        (header OpenAI-Safety-Identifier).

        Raises `ModelError`; its `code` is the server's error code where it gave one, else
        ``http_<status>``, ``timeout``, ``unreachable``, ``tls`` or ``handshake``. An accepted
        connection is not yet an admitted session: an error event may be the first event.
        """
        deadline = self._timeout_s if timeout_s is None else timeout_s
        wires: list[ModelWire] = []

        def make_wire(*args: Any, **options: Any) -> ModelWire:
            wires.append(ModelWire(*args, **options))
            return wires[-1]

        options: dict[str, Any] = {"create_connection": make_wire, "open_timeout": deadline}
        if self._secure:
            options["ssl"] = self._ssl
        if not self._proxied:
            options["proxy"] = None
        headers = {"OpenAI-Safety-Identifier": safety_identifier} if safety_identifier else {}
        manager = self._client.realtime.connect(
            model=model or self._model,
            extra_headers=headers,
            websocket_connection_options=options,  # type: ignore[arg-type]  # handed on as it is
        )
        began = time.monotonic()
        _after_others()
        try:
            # The outer limit is for name lookup, which the connection's own does not bound.
            with gevent.Timeout(deadline + 0.25, TimeoutError("name lookup")):
                connection = manager.enter()
        except (OSError, InvalidHandshake, InvalidURI, TimeoutError) as error:
            refusal = refusal_of(error)
            metrics.MODEL_SESSIONS.labels("refused").inc()
            log.warning(
                "model session refused",
                extra={
                    "code": refusal.code,
                    "fatal": refusal.fatal,
                    "seconds": round(time.monotonic() - began, 3),
                },
            )
            raise refusal from error
        metrics.MODEL_SESSIONS.labels("opened").inc()
        return Upstream(connection, wires[-1], on_event, on_lost)


class RealtimeModels:
    """The way to the model of each account; those of one account share it."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], RealtimeModel] = {}

    def of(self, settings: Settings) -> RealtimeModel:
        """The model that these settings name."""
        account = (settings.openai_api_key, settings.openai_base_url, settings.realtime_model)
        found = self._open.get(account)
        if found is None:
            found = self._open[account] = RealtimeModel.from_settings(settings)
        return found


class Upstream:
    """One open session. `send` and `close` may be called from any greenlet and never block."""

    def __init__(
        self,
        connection: RealtimeConnection,
        wire: ModelWire,
        on_event: Callable[[bytes], None],
        on_lost: Callable[[int, str], None],
    ) -> None:
        self._connection = connection
        self._wire = wire
        self._on_event = on_event
        self._on_lost = on_lost
        self._closed = False
        self.opened_at = time.monotonic()
        self._reader = gevent.spawn(logs.carry(self._read))

    @property
    def closed(self) -> bool:
        """True once closed by us or lost."""
        return self._closed or self._wire.closed

    def send(self, raw: str | bytes) -> bool:
        """Send one client event as JSON text. Never blocks; False where the session is gone.

        A server that reads so slowly that more than `MAX_QUEUED` bytes wait is given up.
        Goes to the wire itself: the SDK's queue for its own reconnect doubles the cost.
        """
        return not self._closed and self._wire.send(raw)

    def close(self) -> None:
        """End the session. `on_lost` will not be called, nor `on_event` again."""
        if self._closed:
            return
        self._closed = True
        metrics.MODEL_SESSIONS.labels("closed").inc()
        self._connection.close()
        self._let_go()

    def _read(self) -> None:
        """Hand on events until the session ends, then say so once.

        Reads from the wire itself: the SDK's `recv_bytes` only adds to the cost of each delta.
        """
        wire, on_event = self._wire, self._on_event
        try:
            while (raw := wire.receive()) is not None:
                if self._closed:
                    break
                try:
                    on_event(raw)  # type: ignore[arg-type]  # a model's wire gives bytes
                except Exception:
                    log.exception("model event could not be handled")
                    metrics.ERRORS_TOTAL.labels("model_event").inc()
            wire.finish()
        except Exception:
            log.exception("the model's socket failed")
            metrics.ERRORS_TOTAL.labels("model_socket").inc()
            wire.abort("failed")
        code, reason = wire.close_code or 1006, wire.close_reason
        if self._closed:
            return
        self._closed = True
        self._let_go()
        metrics.MODEL_SESSIONS.labels("lost").inc()
        log.warning(
            "model session lost",
            extra={
                "code": code,
                "reason": reason,
                "seconds": round(time.monotonic() - self.opened_at, 1),
            },
        )
        self._on_lost(code, reason)

    def _let_go(self) -> None:
        """The SDK's connection and its parts keep each other alive: empty it, so that its memory is
        freed at once and not by the garbage collector, which stops all calls for that."""
        vars(self._connection).clear()


def _after_others() -> None:
    """Wait, for a moment at most, until the process has nothing else to do.

    Opening a session takes milliseconds of CPU; of many callers who arrive at once, all are greeted
    before the first session is opened.
    """
    limit = gevent.Timeout.start_new(PATIENCE_S)
    try:
        gevent.idle()
    except gevent.Timeout as timeout:
        if timeout is not limit:
            raise
    finally:
        limit.close()


def refusal_of(error: Exception) -> ModelError:
    """What a failed connection attempt means, as a `ModelError`."""
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        code, message = _error_of_body(error.response.body)
        fatal = code in ModelError.FATAL_CODES or (status in FATAL_STATUSES)
        return ModelError(
            f"the model's server answered {status}: {message or 'no reason given'}",
            code=code or f"http_{status}",
            fatal=fatal,
        )
    if isinstance(error, TimeoutError):
        return ModelError("the model's server did not answer in time", code="timeout", fatal=False)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ModelError(f"TLS: {error.verify_message}", code="tls", fatal=True)
    if isinstance(error, socket.gaierror):
        return ModelError("the model's host name is not known", code="unreachable", fatal=False)
    if isinstance(error, OSError):
        return ModelError(
            f"the model's server cannot be reached: {error.strerror or error}",
            code="unreachable",
            fatal=False,
        )
    if isinstance(error, InvalidProxyStatus):
        status = error.response.status_code
        return ModelError(f"the proxy answered {status}", code=f"proxy_{status}", fatal=False)
    fatal = isinstance(error, InvalidURI)
    return ModelError(f"the upgrade failed: {error}", code="handshake", fatal=fatal)


def _error_of_body(body: bytes | None) -> tuple[str, str]:
    """``(code, message)`` of an error answer ``{"error": {"code", "message"}}``, or blanks."""
    try:
        error = orjson.loads(body or b"")["error"]
        return str(error.get("code") or error.get("type") or ""), str(error.get("message") or "")
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return "", ""
