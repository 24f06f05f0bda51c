"""Twilio's REST API and telephone network, as far as transfers need them, played strictly.

What Twilio would refuse is refused here: unknown parameters, numbers that are not E.164, calls that
are over, TwiML with verbs, attributes or nesting that it does not know. Requests to our server are
signed as Twilio signs them. `Line` is one leg: it does what its TwiML says, step by step.
"""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from uuid import uuid4

from flask.testing import FlaskClient

from app.security import twilio_signature
from tests.support.local_http import Answer, LocalServer, Request

ACCOUNT, TOKEN = "AC" + "1" * 32, "t0ken"
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_CREATE = {
    *("To", "From", "Url", "Method", "Timeout"),
    *("StatusCallback", "StatusCallbackEvent", "StatusCallbackMethod"),
}
_VERBS: dict[str, tuple[set[str], set[str]]] = {
    "Response": (set(), {"Say", "Dial", "Connect", "Gather", "Redirect", "Hangup", "Pause",
                         "Reject"}),
    "Say": ({"language", "voice"}, set()),
    "Pause": ({"length"}, set()),
    "Hangup": (set(), set()),
    "Reject": ({"reason"}, set()),
    "Redirect": ({"method"}, set()),
    "Dial": ({"action", "timeout", "callerId"}, {"Conference", "Number"}),
    "Conference": (
        {"beep", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "waitMethod"},
        set(),
    ),
    "Connect": ({"action"}, {"Stream"}),
    "Stream": ({"url"}, {"Parameter"}),
    "Parameter": ({"name", "value"}, set()),
    "Gather": (
        {"input", "numDigits", "timeout", "speechTimeout", "language", "action"},
        {"Say", "Pause"},
    ),
}  # fmt: skip
#: What a waitUrl may answer with.
_WAITING = {"Say", "Pause", "Redirect"}


def check_twiml(text: str | bytes, *, waiting: bool = False) -> ET.Element:
    """The document; AssertionError for what Twilio does not know."""
    document = ET.fromstring(text)  # noqa: S314 - our own document
    assert document.tag == "Response"
    for element in document.iter():
        attributes, nouns = _VERBS[element.tag]
        assert set(element.attrib) <= attributes, (element.tag, element.attrib)
        assert {child.tag for child in element} <= nouns, element.tag
        for name in ("action", "waitUrl"):
            if name in element.attrib:
                assert element.attrib[name].startswith("https://"), element.attrib
    if waiting:
        assert {verb.tag for verb in document} <= _WAITING
    return document


@dataclass
class Line:
    """One leg of a call: `document` is what it does now."""

    sid: str
    form: dict[str, str]
    status: str = "in-progress"
    document: ET.Element | None = None
    told: list[str] = field(default_factory=list)

    def verb(self, tag: str) -> ET.Element:
        """The only verb of that kind in what it does."""
        assert self.document is not None
        (found,) = self.document.findall(tag)
        return found

    @property
    def said(self) -> str:
        """What Twilio's own voice says now."""
        assert self.document is not None
        return " ".join(say.text or "" for say in self.document.iter("Say"))


class TwilioAccount:
    """One account: `lines` by SID. `client` is our server, at `base` for the outside."""

    def __init__(self, client: FlaskClient, base: str) -> None:
        self.lines: dict[str, Line] = {}
        self.refuse = 0
        """A status that the next requests are answered with; 0 is to serve them."""
        self._client = client
        self._base = base
        self.server = LocalServer(self._serve)

    # What our server asks of the REST API

    def _serve(self, request: Request) -> Answer:
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return 401, {"code": 20003}
        if self.refuse:
            return self.refuse, {"code": 20500}
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        prefix = f"/2010-04-01/Accounts/{ACCOUNT}/Calls"
        if request.path == f"{prefix}.json":
            return self._create(form)
        sid = request.path.removeprefix(f"{prefix}/").removesuffix(".json")
        line = self.lines.get(sid)
        if line is None:
            return 404, {"code": 20404}
        if line.status not in ("queued", "ringing", "in-progress"):
            return 400, {"code": 21220}
        if set(form) == {"Twiml"} and line.status == "in-progress":
            line.document = check_twiml(form["Twiml"])
        elif form == {"Status": "completed"}:
            line.status = "completed"
        else:
            return 400, {"code": 20001}
        return 200, {"sid": sid, "status": line.status}

    def _create(self, form: dict[str, str]) -> Answer:
        if set(form) - _CREATE or not {"To", "From", "Url"} <= set(form):
            return 400, {"code": 20001}
        if not _E164.fullmatch(form["To"]):
            return 400, {"code": 21211}
        if not _E164.fullmatch(form["From"]) or not form["Url"].startswith("https://"):
            return 400, {"code": 21205}
        if not 5 <= int(form.get("Timeout", "60")) <= 600:
            return 400, {"code": 20001}
        line = Line(f"CA{uuid4().hex}", form, "ringing")
        self.lines[line.sid] = line
        return 201, {"sid": line.sid, "status": "queued"}

    # What happens on the telephone

    def ring(self, caller: str, called: str, path: str = "/twilio/voice") -> Line:
        """Somebody calls the business."""
        line = Line(f"CA{uuid4().hex}", {"From": caller, "To": called})
        self.lines[line.sid] = line
        self.ask(line, f"{self._base}{path}")
        return line

    def ask(self, line: Line, url: str | None, **form: str) -> None:
        """Twilio asks our server what the leg is to do next."""
        line.document = self._post(line, url or "", form)

    def play_wait(self, line: Line) -> None:
        """One more request for what a waiting caller hears."""
        url = line.verb("Dial")[0].get("waitUrl") or ""
        heard = self._post(line, url, {}, waiting=True)
        line.told.append(" ".join(say.text or "" for say in heard.iter("Say")))

    def tell_end(self, line: Line, status: str) -> None:
        """The leg of somebody who was called has ended: the status callback."""
        line.status = status
        self._post(line, line.form["StatusCallback"], {})

    def outgoing(self) -> list[Line]:
        """The calls that our server began."""
        return [line for line in self.lines.values() if "Url" in line.form]

    def _post(
        self, line: Line, url: str, form: dict[str, str], *, waiting: bool = False
    ) -> ET.Element:
        assert url.startswith(self._base), url
        numbers = {"From": line.form["From"], "To": line.form["To"]}
        fields = {"CallSid": line.sid, **numbers, "CallStatus": line.status, **form}
        header = twilio_signature.sign(url, fields, TOKEN)
        answer = self._client.post(
            url.removeprefix(self._base), data=fields, headers={"X-Twilio-Signature": header}
        )
        if answer.status_code == 204:
            return ET.Element("Response")
        assert answer.status_code == 200, (url, answer.text)
        return check_twiml(answer.data, waiting=waiting)
