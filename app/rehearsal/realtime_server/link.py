"""One WebSocket connection: `websockets`' sans-I/O protocol and a `Session` on a transport.

Direct on the transport, because a fault needs what a stream API hides: a reset, an end without a
close frame, a peer that stops reading.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from app import logs
from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.faults import Fault
from app.rehearsal.realtime_server.protocol import session_config
from app.rehearsal.realtime_server.protocol.refusal import Refusal
from app.rehearsal.realtime_server.session import Session
from app.rehearsal.realtime_server.stage import Stage
from app.rehearsal.sound import spoken
from app.rehearsal.sound.voice import Voice

log = logs.get("app.rehearsal.realtime_server")

_MAX_EVENT = 16 * 1024 * 1024
_MAX_BEHIND = 64 * 1024 * 1024


class Link:
    """The server's end of one client's connection. Lives as long as its transport."""

    def __init__(
        self,
        stage: Stage,
        voice: Voice,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._stage = stage
        self._voice = voice
        self._transport = transport
        self._loop = loop
        self._protocol = ServerProtocol(
            max_size=_MAX_EVENT, select_subprotocol=_realtime_subprotocol, logger=_QUIET
        )
        self._session: Session | None = None
        self._faults: dict[str, Fault] = {}
        self._fragments: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._events = 0

    # -- the transport's callbacks --------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes of the client, from its handshake on."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._handshake(event)
            elif isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def connection_lost(self) -> None:
        """The transport is gone."""
        if self._timer is not None:
            self._timer.cancel()
        if self._session is not None:
            self._session.lost("client gone")
            log.info(
                "session %d ended: %s", self._session.number, self._session.channel.ended_because
            )

    # -- handshake ------------------------------------------------------------------------

    def _handshake(self, request: Request) -> None:
        number = self._stage.next_number()
        self._faults = self._stage.faults.at_connect(number)
        if "hang" in self._faults:
            self._transport.pause_reading()
            return
        slow = self._faults.get("slow_connect")
        if slow is not None:
            self._loop.call_later(slow.seconds, self._answer, request, number)
        else:
            self._answer(request, number)

    def _answer(self, request: Request, number: int) -> None:
        response = self._rejection(request) or self._protocol.accept(request)
        self._protocol.send_response(response)
        if self._protocol.state is State.OPEN:
            self._open(request, number)
        self._flush()

    def _rejection(self, request: Request) -> Response | None:
        refuse = self._faults.get("refuse")
        if refuse is not None:
            return self._refusal(refuse.status, refuse.code, refuse.message)
        authorization = request.headers.get("Authorization", "")
        if not authorization.startswith("Bearer ") or not authorization[7:].strip():
            return self._refusal(401, "invalid_api_key", "You didn't provide an API key.")
        query = parse_qs(urlsplit(request.path).query)
        if not query.get("model"):
            return self._refusal(400, "missing_required_parameter", "You must provide a model.")
        return None

    def _refusal(self, status: int, code: str, message: str) -> Response:
        log.info("handshake refused: %d (%s)", status, code)
        return self._protocol.reject(
            status, f'{{"error":{{"code":"{code}","message":"{message}"}}}}'
        )

    def _open(self, request: Request, number: int) -> None:
        model = parse_qs(urlsplit(request.path).query)["model"][0]
        session = Session(
            self._stage,
            model,
            number=number,
            now=self._loop.time(),
            wall_at_start=time.time(),
            faults=self._faults,
            caller=request.headers.get("OpenAI-Safety-Identifier"),
        )
        session.wake = self._flush
        self._session = session
        log.info("session %d opened: rehearsal model in the place of %s", number, model)
        if "realtime=v1" in request.headers.get("OpenAI-Beta", ""):
            session.refuse(
                Refusal(
                    "The Realtime Beta API is no longer supported. Please use /v1/realtime for the"
                    " GA API.",
                    code="beta_api_shape_disabled",
                    close=4000,
                )
            )
        elif not model.startswith(session_config.MODEL_PREFIXES):
            session.refuse(
                Refusal(
                    f"The model '{model}' does not exist or you do not have access to it.",
                    code="model_not_found",
                    close=1008,
                )
            )
        else:
            session.open()

    # -- frames ---------------------------------------------------------------------------

    def _frame(self, frame: Frame) -> None:
        if self._session is None:
            return
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is Opcode.BINARY:
                self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "text frames only")
                return
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                raw = b"".join(self._fragments)
                self._fragments.clear()
                self._events += 1
                self._receive(self._session, raw)
                self._read_slowly()

    def _receive(self, session: Session, raw: bytes) -> None:
        """Take one message; a fault of our own ends this connection only."""
        violated = self._stage.violated
        try:
            session.receive(raw, self._loop.time())
            if self._stage.violated != violated:
                _log_violation(self._stage.violations[-1])
        except Exception as error:
            log.exception("session %d: internal error", session.number)
            self._stage.refused["internal_error"] += 1
            session.channel.emit(
                Refusal(
                    f"The rehearsal model failed: {type(error).__name__}.",
                    code=None,
                    kind="server_error",
                ).as_event(None)
            )
            session.channel.drop("close", 1011)

    def _read_slowly(self) -> None:
        slow = self._faults.get("slow_reader")
        if slow is not None and self._events > slow.after:
            del self._faults["slow_reader"]
            self._transport.pause_reading()
            self._loop.call_later(slow.seconds, self._transport.resume_reading)

    # -- sending --------------------------------------------------------------------------

    def _tick(self) -> None:
        self._timer = None
        self._timer_at = float("inf")
        if self._session is not None:
            self._session.tick(self._loop.time())
            self._flush()

    def _flush(self) -> None:
        """Send what the session and the protocol have, fetch voices, arm the next tick."""
        session = self._session
        if session is not None:
            while session.channel.utterances:
                self._speak(session)
            drop: Drop | None = None
            if self._protocol.state is State.OPEN:
                for out in session.channel.out:
                    if isinstance(out, Drop):
                        drop = out
                        break
                    self._protocol.send_text(out)
            session.channel.out.clear()
            if drop is not None:
                self._drop(drop)
                return
            self._arm(session)
        self._write()

    def _write(self) -> None:
        chunks = self._protocol.data_to_send()
        if not chunks or self._transport.is_closing():
            return
        self._transport.write(b"".join(chunks))
        if chunks[-1] == b"":
            self._transport.close()
        elif self._transport.get_write_buffer_size() > _MAX_BEHIND:
            log.warning("client does not read: connection dropped")
            self._transport.abort()

    def _drop(self, drop: Drop) -> None:
        if drop.how == "close":
            self._protocol.send_close(drop.code, drop.reason)
            self._write()
            self._loop.call_later(5.0, self._transport.close)
            return
        self._write()
        if drop.how == "rst":
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()

    def _arm(self, session: Session) -> None:
        due = session.deadline()
        if due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self._loop.call_at(due, self._tick)

    # -- voice ----------------------------------------------------------------------------

    def _speak(self, session: Session) -> None:
        request, utterance = session.channel.utterances.pop(0)
        audio = self._voice.cached(request)
        if audio is not None:
            self._spoken(session, request, utterance, audio)
            return
        future = self._loop.run_in_executor(None, self._voice.speak, request)
        future.add_done_callback(
            lambda done: self._voiced(session, request, utterance, done.result())
        )

    def _voiced(
        self, session: Session, request: spoken.Request, utterance: spoken.Utterance, audio: bytes
    ) -> None:
        self._spoken(session, request, utterance, audio)
        self._flush()

    def _spoken(
        self, session: Session, request: spoken.Request, utterance: spoken.Utterance, audio: bytes
    ) -> None:
        utterance.audio, utterance.ready = audio, True
        session.voiced(request, self._loop.time())


def _log_violation(violation: dict[str, Any]) -> None:
    """Tell of a client's error; a cancel that comes too late is nobody's fault."""
    late = violation["code"] == "response_cancel_not_active"
    log.log(
        logging.INFO if late else logging.WARNING,
        "session %d: %s refused: %s (%s)",
        violation["session"],
        violation["event"],
        violation["code"],
        violation["message"],
    )


_QUIET = logging.getLogger("app.rehearsal.realtime_server.protocol")
_QUIET.setLevel(logging.CRITICAL)


def _realtime_subprotocol(
    protocol: ServerProtocol, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    return Subprotocol("realtime") if "realtime" in offered else None
