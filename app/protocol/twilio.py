"""Twilio Media Streams: the frames of one bidirectional stream, read and written.

Source: Twilio docs, "Media Streams - WebSocket Messages". Audio is
8 kHz mono mu-law, eight bytes a millisecond, base64 in both directions. Twilio sends 20 ms a frame.
Numbers arrive as strings. The browser page speaks the same frames.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from app.errors import ProtocolError
from app.protocol.body import load_json

#: Bytes of one millisecond of mu-law audio.
BYTES_PER_MS = 8
#: Bytes of one frame as Twilio sends it: 20 ms.
FRAME_BYTES = 160
#: Longest audio accepted in one media frame, in bytes (2 s): Twilio sends 160.
MAX_MEDIA_BYTES = 16_000
#: The mu-law byte of silence.
SILENCE = b"\xff"

ENCODING = "audio/x-mulaw"
SAMPLE_RATE = 8000


@dataclass(frozen=True, slots=True)
class Connected:
    """The first frame of a stream. Carries nothing about the call."""

    protocol: str
    version: str


@dataclass(frozen=True, slots=True)
class Start:
    """The second frame: which call this is, and the `<Parameter>`s of its TwiML."""

    stream_sid: str
    call_sid: str
    account_sid: str
    encoding: str
    sample_rate: int
    channels: int
    parameters: dict[str, str] = field(default_factory=dict)


class Media(NamedTuple):
    """Caller audio. `timestamp_ms` counts from the start of the stream, -1 where it is missing."""

    audio: bytes
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Dtmf:
    """A key was pressed: one of ``0-9 * # A-D``."""

    digit: str


@dataclass(frozen=True, slots=True)
class Mark:
    """The audio before our mark of that name was played, or was thrown away by a `clear`."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The caller hung up, or the call was taken elsewhere."""

    call_sid: str


@dataclass(frozen=True, slots=True)
class Other:
    """An event this program has no use for; recorded and ignored."""

    event: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that is no frame, and what is wrong with it."""

    raw: str | bytes
    error: str


Frame = Connected | Start | Media | Dtmf | Mark | Stop | Other


def read(raw: str | bytes) -> Frame | Malformed:
    """Read one message, whatever it is."""
    try:
        return parse(raw)
    except ProtocolError as error:
        return Malformed(raw, error.message)


def parse(raw: str | bytes) -> Frame:
    """Read one frame. Raises ProtocolError where it is not one, or a field has the wrong type."""
    try:
        body = load_json(raw)
    except orjson.JSONDecodeError:
        raise ProtocolError("the frame is not JSON", code="malformed") from None
    if type(body) is not dict:
        raise ProtocolError("the frame is not a JSON object", code="malformed")
    event = body.get("event")
    if event == "media":
        return _media(body.get("media"))
    if not isinstance(event, str):
        raise ProtocolError("the frame has no event", code="malformed")
    if event == "mark":
        return Mark(_text(_object(body, "mark"), "name", "mark"))
    if event == "dtmf":
        digit = _text(_object(body, "dtmf"), "digit", "dtmf")
        if len(digit) != 1 or digit not in "0123456789*#ABCD":
            raise ProtocolError("dtmf.digit is not a key", code="malformed")
        return Dtmf(digit)
    if event == "start":
        return _start(body)
    if event == "stop":
        stop = body.get("stop")
        return Stop(str(stop.get("callSid", "")) if isinstance(stop, dict) else "")
    if event == "connected":
        return Connected(str(body.get("protocol", "")), str(body.get("version", "")))
    return Other(event)


def _media(media: Any) -> Media:
    if type(media) is not dict:
        raise ProtocolError("media is not an object", code="malformed")
    payload = media.get("payload")
    if type(payload) is not str:
        raise ProtocolError("media.payload is not a string", code="malformed")
    if len(payload) > MAX_MEDIA_BYTES * 4 // 3 + 4:
        raise ProtocolError("media.payload is too long", code="too_large")
    try:
        audio = a2b_base64(payload, strict_mode=True)
    except (Base64Error, ValueError):
        raise ProtocolError("media.payload is not base64", code="malformed") from None
    stamp = media.get("timestamp")
    try:
        at = int(stamp) if stamp is not None else -1
    except (TypeError, ValueError):
        at = -1
    return Media(audio, at)


def _start(body: dict[str, Any]) -> Start:
    start = _object(body, "start")
    form = start.get("mediaFormat")
    form = form if isinstance(form, dict) else {}
    parameters = start.get("customParameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    stream_sid = start.get("streamSid") or body.get("streamSid")
    if not isinstance(stream_sid, str) or not stream_sid or len(stream_sid) > 128:
        raise ProtocolError("start.streamSid is missing", code="malformed")
    rate, channels = form.get("sampleRate", SAMPLE_RATE), form.get("channels", 1)
    return Start(
        stream_sid,
        _text(start, "callSid", "start"),
        str(start.get("accountSid", "")),
        str(form.get("encoding", ENCODING)),
        rate if isinstance(rate, int) else -1,
        channels if isinstance(channels, int) else -1,
        {str(name): value for name, value in parameters.items() if isinstance(value, str)},
    )


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise ProtocolError(f"{name} is not an object", code="malformed")
    return value


def _text(body: dict[str, Any], name: str, where: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > 256:
        raise ProtocolError(f"{where}.{name} is not a short text", code="malformed")
    return value


class Writer:
    """Writes the frames of one stream. The parts that never change are encoded once."""

    __slots__ = ("_clear", "_mark", "_media")

    def __init__(self, stream_sid: str) -> None:
        sid = orjson.dumps(stream_sid).decode()
        self._media = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'
        self._mark = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":"'
        self._clear = f'{{"event":"clear","streamSid":{sid}}}'

    def media(self, audio: bytes) -> str:
        """Audio to play: mu-law, 8 kHz."""
        return f'{self._media}{b2a_base64(audio, newline=False).decode()}"}}}}'

    def mark(self, name: str) -> str:
        """Ask to be told when everything sent so far was played. `name` needs no JSON escapes."""
        return f'{self._mark}{name}"}}}}'

    def clear(self) -> str:
        """Throw away what has not been played. Marks still waiting come back at once."""
        return self._clear
