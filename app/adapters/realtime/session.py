"""A Realtime session on its own, for scripts and for whoever builds something else with it.

Connect, send audio or text, and be called back with audio, both transcripts, and complete turns.
One thread reads; callbacks run on it, in order. Calls are not run through this class: they need
what `app.core.audio.call` decides.
"""

from __future__ import annotations

import base64
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import orjson
from openai import OpenAI, OpenAIError
from openai.resources.realtime.realtime import RealtimeConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from app.adapters.realtime.client import refusal_of
from app.errors import ModelError, ProtocolError
from app.protocol import realtime

#: How long the server may take to take the session's settings.
ADMISSION_S = 10.0
Format = Literal["pcmu", "pcm"]
Text = Callable[[str, bool], object]
_FORMATS: dict[Format, dict[str, Any]] = {
    "pcmu": {"type": "audio/pcmu"},
    "pcm": {"type": "audio/pcm", "rate": 24_000},
}
VAD: dict[str, Any] = {
    "type": "server_vad",
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 800,
}


@dataclass(slots=True)
class Turn:
    """A complete answer of the model. `calls` are its function calls, as the protocol has them."""

    response_id: str
    status: str = ""
    text: str = ""
    audio: bytes = field(default=b"", repr=False)
    calls: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)


def _nothing(*_: Any) -> None:
    """No callback was given."""


class RealtimeSession:
    """One session, from `connect` to `close`; or use it in a `with` block.

    `audio` is "pcmu" (8 kHz mu-law), "pcm" (24 kHz 16 bit), or None for text answers.
    `turn_detection` None leaves it to `commit` to say that the caller is done. Texts come in pieces
    with False, then whole with True. Key and address are read as the SDK reads them
    (`OPENAI_API_KEY`, `OPENAI_BASE_URL`) unless given.
    """

    def __init__(
        self,
        *,
        instructions: str = "",
        model: str = "gpt-realtime-2.1",
        audio: Format | None = "pcmu",
        voice: str = "marin",
        tools: list[dict[str, Any]] | None = None,
        turn_detection: dict[str, Any] | None = VAD,
        transcription: str | None = "gpt-transcribe",
        on_audio: Callable[[bytes], object] = _nothing,
        on_agent_text: Text = _nothing,
        on_caller_text: Text = _nothing,
        on_speech: Callable[[bool], object] = _nothing,
        on_turn: Callable[[Turn], object] = _nothing,
        on_error: Callable[[str, str], object] = _nothing,
        api_key: str | None = None,
        base_url: str | None = None,
    ) -> None:
        self._client_options = {"api_key": api_key, "base_url": base_url}
        self._model = model
        self._session: dict[str, Any] = {
            "instructions": instructions,
            "output_modalities": ["text" if audio is None else "audio"],
            "tools": tools or [],
        }
        if audio is not None:
            form = _FORMATS[audio]
            self._session["audio"] = {
                "input": {
                    "format": form,
                    "turn_detection": turn_detection,
                    "transcription": {"model": transcription} if transcription else None,
                },
                "output": {"format": form, "voice": voice},
            }
        self._on_audio, self._on_turn = on_audio, on_turn
        self._on_agent_text, self._on_caller_text = on_agent_text, on_caller_text
        self._on_speech, self._on_error = on_speech, on_error
        self._connection: RealtimeConnection | None = None
        self._reader: threading.Thread | None = None
        self._turns: dict[str, Turn] = {}
        self._done: queue.Queue[Turn | ModelError] = queue.Queue()
        self._admitted = threading.Event()
        self._refused: ModelError | None = None
        self._events = 0
        self._closing = False

    def connect(self) -> Self:
        """Open the session; returns once the server has taken its settings. Raises `ModelError`."""
        try:
            client = OpenAI(**self._client_options)  # type: ignore[arg-type]  # both may be None
            self._connection = client.realtime.connect(
                model=self._model,
                websocket_connection_options={"max_queue": None},
            ).enter()
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise refusal_of(error) from error
        except OpenAIError as error:
            raise ModelError(str(error), code="invalid_api_key") from None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self._send(realtime.session_update(self._session))
        except ModelError:
            pass  # the reader knows why
        if not self._admitted.wait(ADMISSION_S):
            self._refused = ModelError("the model's server does not answer", code="timeout")
        if self._refused is not None:
            self.close()
            raise self._refused
        return self

    def close(self) -> None:
        """End the session; no callback is called afterwards."""
        self._closing = True
        if self._connection is not None:
            self._connection.close()
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join(timeout=5)

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def send_audio(self, audio: bytes) -> None:
        """Caller audio in the session's format; 60 to 100 ms at a time is a good measure."""
        self._send(realtime.audio_append(base64.b64encode(audio).decode()))

    def commit(self) -> None:
        """The caller is done, where no turn detection says so: ask for the answer."""
        self._send(b'{"type":"input_audio_buffer.commit"}')
        self.respond()

    def send_text(self, text: str) -> None:
        """Something the caller says in writing; the model answers it."""
        item = realtime.message_item(f"text_{self._next()}", "user", text)
        self._send(realtime.item_create(item, None, f"i{self._events}"))
        self.respond()

    def send_result(self, call_id: str, output: Any) -> None:
        """The result of a function call; the model goes on with it."""
        text = output if isinstance(output, str) else orjson.dumps(output).decode()
        item = realtime.output_item(f"out_{self._next()}", call_id, text)
        self._send(realtime.item_create(item, None, f"i{self._events}"))
        self.respond()

    def respond(self, **overrides: Any) -> None:
        """Ask for an answer now; `overrides` are fields of `response.create`."""
        key = f"r{self._next()}"
        self._send(realtime.response_create(key, f"c{self._events}", **overrides))

    def interrupt(self) -> None:
        """Stop the answer that is being made."""
        self._send(realtime.response_cancel(None, f"x{self._next()}"))

    def wait(self, timeout: float = 30.0) -> Turn:
        """The next complete turn. Raises `ModelError` where the session ends or takes too long."""
        try:
            done = self._done.get(timeout=timeout)
        except queue.Empty:
            raise ModelError("no answer in time", code="timeout") from None
        if isinstance(done, ModelError):
            self._done.put(done)
            raise done
        return done

    def _next(self) -> int:
        self._events += 1
        return self._events

    def _send(self, raw: bytes) -> None:
        if self._connection is None:
            raise ModelError("the session is not connected", code="closed")
        try:
            self._connection.send_raw(raw.decode())
        except ConnectionClosed as error:
            raise ModelError("the session has ended", code="closed") from error

    def _read(self) -> None:
        connection = self._connection
        assert connection is not None
        try:
            while True:
                raw = connection.recv_bytes()
                if self._closing:
                    continue
                try:
                    self._take(realtime.parse(raw))
                except ProtocolError as error:
                    self._on_error("malformed", error.message)
        except ConnectionClosed as end:
            code = end.rcvd.code if end.rcvd is not None else 1006
            self._fail(ModelError("the session has ended", code=str(code)))

    def _fail(self, error: ModelError) -> None:
        """The session is of no more use."""
        if not self._admitted.is_set():
            self._refused = error
            self._admitted.set()
        self._done.put(error)

    def _take(self, event: realtime.ServerEvent) -> None:
        match event:
            case realtime.AudioDelta(response_id, _, delta):
                audio = base64.b64decode(delta)
                self._turn(response_id).audio += audio
                self._on_audio(audio)
            case realtime.TranscriptDelta(response_id, _, delta) | realtime.TextDelta(
                response_id, _, delta
            ):
                self._turn(response_id).text += delta
                self._on_agent_text(delta, False)
            case realtime.InputTranscript(_, text, done, failed):
                if not failed:
                    self._on_caller_text(text, done)
            case realtime.SpeechStarted():
                self._on_speech(True)
            case realtime.SpeechStopped():
                self._on_speech(False)
            case realtime.ResponseDone():
                self._finish(event)
            case realtime.Error(code, message):
                self._on_error(code, message)
                if code in ModelError.FATAL_CODES or not self._admitted.is_set():
                    self._fail(ModelError(message, code=code))
            case realtime.SessionChanged(created=False):
                self._admitted.set()

    def _turn(self, response_id: str) -> Turn:
        return self._turns.setdefault(response_id, Turn(response_id))

    def _finish(self, done: realtime.ResponseDone) -> None:
        turn = self._turns.pop(done.response_id, None) or Turn(done.response_id)
        turn.status, turn.usage = done.status, done.usage
        turn.calls = [item for item in done.output if item.get("type") == "function_call"]
        if turn.text:
            self._on_agent_text(turn.text, True)
        self._on_turn(turn)
        self._done.put(turn)
