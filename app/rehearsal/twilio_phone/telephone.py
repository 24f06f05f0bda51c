"""A caller on a real media stream: rings at `/twilio/voice`, streams in real time, obeys TwiML.

Stands in for Twilio and the telephone network together: requests are signed where an auth token is
given, and when the stream ends the TwiML's `action` is asked what to do with the call. Whoever is
dialled answers, or does what `dial_status` says.
"""

from __future__ import annotations

import queue
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect

from app.errors import Unavailable
from app.protocol.twilio import SAMPLE_RATE
from app.rehearsal.twilio_phone.handset import Handset
from app.rehearsal.twilio_phone.mouth import Mouth
from app.security import twilio_signature

FRAME_S = 0.02
#: Twilio stops asking after so many hand-overs of one call.
MAX_DOCUMENTS = 12

_ENDED_BY = {"Hangup": "agent", "Reject": "rejected"}
Watch = Callable[[float, str, dict[str, Any]], None]


@dataclass
class Outcome:
    """How a call went. `barge_ins` are seconds from the caller's voice to the agent's silence."""

    call_sid: str
    ended_by: str = ""
    dialled: str = ""
    said: list[str] = field(default_factory=list)
    barge_ins: list[float] = field(default_factory=list)
    streams: int = 0
    seconds: float = 0.0
    first_audio_s: float | None = None


class Telephone:
    """One call. `watch` is told of what happens: seconds of the call, kind, details."""

    def __init__(
        self,
        base_url: str,
        mouth: Mouth,
        *,
        number: str = "+14155550100",
        to: str = "+14155550199",
        agent: str = "",
        auth_token: str = "",
        call_sid: str = "",
        dial_status: str = "completed",
        watch: Watch = lambda at, kind, about: None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._mouth = mouth
        self._agent = agent
        self._token = auth_token
        self._dial_status = dial_status
        self._watch = watch
        self._stopped = threading.Event()
        self.handset = Handset()
        self.parameters: dict[str, str] = {}
        """The `<Parameter>`s of the last stream."""
        self.outcome = Outcome(call_sid or f"CA{uuid.uuid4().hex}")
        self._form = {
            "CallSid": self.outcome.call_sid,
            "AccountSid": "AC" + "0" * 32,
            "From": number,
            "To": to,
            "Direction": "inbound",
            "CallStatus": "in-progress",
        }
        self._began = time.monotonic()
        self._at = 0.0
        self._keys: queue.Queue[str] = queue.Queue()

    @property
    def now(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self._began

    def press(self, digits: str) -> None:
        """Press keys; from any thread."""
        for digit in digits:
            self._keys.put(digit)

    def hang_up(self) -> None:
        """End the call; from any thread."""
        self._stopped.set()

    def call(self) -> Outcome:
        """Ring, talk, and follow the TwiML to the end of the call.

        Raises `Unavailable` where the server cannot be reached or refuses.
        """
        query = urllib.parse.urlencode({"agent": self._agent}) if self._agent else ""
        url = f"{self._base}/twilio/voice" + (f"?{query}" if query else "")
        for _ in range(MAX_DOCUMENTS):
            following = self._obey(self._ask(url))
            if not following or self._stopped.is_set():
                break
            url = following
        self.outcome.seconds = self.now
        self._tell("ended", by=self.outcome.ended_by)
        return self.outcome

    def _tell(self, kind: str, **about: Any) -> None:
        self._watch(self.now, kind, about)

    def _ask(self, url: str) -> ET.Element:
        """POST as Twilio does; the TwiML document."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if self._token:
            headers["X-Twilio-Signature"] = twilio_signature.sign(url, self._form, self._token)
        body = urllib.parse.urlencode(self._form).encode()
        request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
                return ET.fromstring(answer.read(100_000))  # noqa: S314 - our own server's
        except urllib.error.HTTPError as error:
            raise Unavailable(f"{url} answered {error.code}: {_reason(error)}") from None
        except OSError as error:
            raise Unavailable(f"{url} cannot be reached: {error}") from None
        except ET.ParseError:
            raise Unavailable(f"{url} did not answer with TwiML") from None

    def _obey(self, document: ET.Element) -> str | None:
        """Do what the document says; the URL to ask next, None at the end of the call."""
        for verb in document:
            if verb.tag == "Connect":
                self._stream(verb[0])
                action = verb.get("action")
                if self._stopped.is_set() or action is None:
                    self.outcome.ended_by = self.outcome.ended_by or "caller"
                    return None
                return action
            if verb.tag == "Say":
                self.outcome.said.append(verb.text or "")
                self._tell("twilio says", text=verb.text or "")
            elif verb.tag == "Dial":
                return self._dial(verb)
            elif verb.tag in ("Hangup", "Reject"):
                self.outcome.ended_by = self.outcome.ended_by or _ENDED_BY[verb.tag]
                return None
        self.outcome.ended_by = self.outcome.ended_by or "agent"
        return None

    def _dial(self, verb: ET.Element) -> str | None:
        """Somebody else is called; then the URL to ask next."""
        self.outcome.dialled = "".join(verb.itertext())
        self._tell("dialled", number=self.outcome.dialled, status=self._dial_status)
        if self._dial_status == "completed":
            self.outcome.ended_by = "transfer"
        self._form["DialCallStatus"] = self._dial_status
        return verb.get("action")

    def _stream(self, noun: ET.Element) -> None:
        self.parameters = {p.get("name", ""): p.get("value", "") for p in noun}
        url = noun.get("url", "")
        try:
            socket = connect(
                url, compression=None, open_timeout=15, close_timeout=2, max_queue=None
            )
        except (OSError, InvalidHandshake, TimeoutError) as error:
            self._tell("no stream", why=f"{type(error).__name__}: {error}")
            time.sleep(0.5)
            return
        self.outcome.streams += 1
        self._tell("connected", url=url)
        sid = f"MZ{uuid.uuid4().hex}"
        send = _Sender(socket, sid)
        send.frame(event="connected", protocol="Call", version="1.0.0")
        send.frame(
            event="start",
            start={
                "accountSid": self._form["AccountSid"],
                "streamSid": sid,
                "callSid": self.outcome.call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {
                    "encoding": "audio/x-mulaw",
                    "sampleRate": SAMPLE_RATE,
                    "channels": 1,
                },
                "customParameters": self.parameters,
            },
        )
        inbox: queue.Queue[str | bytes | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(socket, inbox), daemon=True)
        reader.start()
        try:
            self._talk(send, inbox)
        finally:
            socket.close()
            reader.join(timeout=5)
            self.handset.cut_off()

    def _talk(self, send: _Sender, inbox: queue.Queue[str | bytes | None]) -> None:
        """Frames in real time until one side ends the stream.

        All that is heard and said is timed by the frames. Where the machine stalls, this loop makes
        up for it, and what came meanwhile is played before more time passes: a stall is no silence.
        """
        due = time.monotonic()
        started, was_audible = due, False
        while True:
            due += FRAME_S
            if not self._take_until(due, inbox):
                return
            self._at = due - self._began
            send.marks(self.handset)
            self.handset.play(FRAME_S)
            send.marks(self.handset)
            audible = self.handset.playing
            if audible != was_audible:
                was_audible = audible
                self._tell("agent speaks" if audible else "agent silent")
            was_speaking = self._mouth.speaking
            frame = self._mouth.frame(self._at, audible)
            if self._mouth.speaking is not None and self._mouth.speaking is not was_speaking:
                self._tell("caller speaks", text=self._mouth.speaking.text)
            try:
                send.media(frame, int((due - started) * 1000))
                while not self._keys.empty():
                    digit = self._keys.get()
                    send.frame(event="dtmf", dtmf={"track": "inbound_track", "digit": digit})
                if self._stopped.is_set() or self._mouth.done(self._at):
                    self._stopped.set()
                    self.outcome.ended_by = "caller"
                    send.frame(event="stop", stop={"callSid": self.outcome.call_sid})
                    return
            except ConnectionClosed:
                return

    def _take_until(self, due: float, inbox: queue.Queue[str | bytes | None]) -> bool:
        """Take all that is there, and what comes until `due`. False at the stream's end."""
        while True:
            left = due - time.monotonic()
            try:
                message = inbox.get(timeout=left) if left > 0 else inbox.get_nowait()
            except queue.Empty:
                return True
            if message is None:
                return False
            self._take(message)

    def _take(self, message: str | bytes) -> None:
        kind = self.handset.take(message)
        if kind == "media" and self.outcome.first_audio_s is None:
            self.outcome.first_audio_s = self.now
            self._tell("first audio")
        elif kind == "clear":
            mouth = self._mouth
            latency = self._at - mouth.begun_at if mouth.begun_at else None
            if latency is not None and latency < 5 and mouth.over_agent:
                self.outcome.barge_ins.append(latency)
            self._tell("clear", after_s=latency)


class _Sender:
    """Writes frames with Twilio's sequence numbers."""

    def __init__(self, socket: ClientConnection, sid: str) -> None:
        self._socket = socket
        self._sid = sid
        self._number = 0
        self._chunk = 0

    def frame(self, event: str, **members: Any) -> None:
        """Any frame."""
        self._number += 1
        number = {"sequenceNumber": str(self._number), "streamSid": self._sid}
        body = {"event": event, **number, **members}
        self._socket.send(orjson.dumps(body).decode())

    def media(self, audio: bytes, at_ms: int) -> None:
        """20 ms of the caller's voice."""
        self._chunk += 1
        payload = b64encode(audio).decode()
        self.frame(
            event="media",
            media={
                "track": "inbound",
                "chunk": str(self._chunk),
                "timestamp": str(at_ms),
                "payload": payload,
            },
        )

    def marks(self, handset: Handset) -> None:
        """The marks that were passed."""
        marks, handset.marks[:] = handset.marks[:], []
        for name in marks:
            self.frame(event="mark", mark={"name": name})


def _read(socket: ClientConnection, inbox: queue.Queue[str | bytes | None]) -> None:
    try:
        for message in socket:
            inbox.put(message)
    except ConnectionClosed:
        pass
    inbox.put(None)


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(orjson.loads(error.read(10_000))["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError, OSError):
        return error.reason
