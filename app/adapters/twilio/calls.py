"""Twilio's REST API, as far as calls need it: begin one, give it other instructions, end it.

Source: Twilio docs, "Call resource". Needs the account's SID and auth token; without them a call is
still handed over when its stream ends, by the answer to the TwiML's `action`.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlencode

import orjson

from app.adapters import http
from app.errors import Unavailable
from app.settings import Settings

TIMEOUT_S = 5.0
_SID = re.compile(r"[A-Za-z0-9]{2,64}")


class TwilioCalls:
    """The calls of one account."""

    def __init__(self, account_sid: str, auth_token: str, base_url: str) -> None:
        self._account = account_sid
        self._token = auth_token
        self._base = base_url.rstrip("/")

    @classmethod
    def from_settings(cls, settings: Settings) -> TwilioCalls | None:
        """None where no account is configured."""
        if not settings.twilio_account_sid or not settings.twilio_auth_token:
            return None
        return cls(
            settings.twilio_account_sid, settings.twilio_auth_token, settings.twilio_base_url
        )

    def instruct(self, call_sid: str, twiml: str) -> None:
        """Have a call do `twiml` now; its media stream ends. Raises `Unavailable`."""
        self._post(f"Calls/{_checked(call_sid)}.json", {"Twiml": twiml})

    def hang_up(self, call_sid: str) -> None:
        """End a call, or stop its ringing. Raises `Unavailable`."""
        self._post(f"Calls/{_checked(call_sid)}.json", {"Status": "completed"})

    def call(self, number: str, caller_id: str, *, url: str, ended_url: str, ring_s: int) -> str:
        """Call somebody and give the call's SID. Twilio asks `url` what to do when they answer, and
        tells `ended_url` how it ended. `caller_id` is a number of the account. Raises
        `Unavailable`."""
        form = {
            "To": number,
            "From": caller_id,
            "Url": url,
            "Timeout": str(ring_s),
            "StatusCallback": ended_url,
            "StatusCallbackEvent": "completed",
        }
        sid = self._post("Calls.json", form).get("sid")
        if not isinstance(sid, str):
            raise Unavailable("Twilio's answer has no SID")
        return sid

    def _post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        url = f"{self._base}/2010-04-01/Accounts/{self._account}/{path}"
        credentials = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            status, body = http.request(
                "POST", url, urlencode(form).encode(), headers, timeout_s=TIMEOUT_S
            )
        except http.HttpFailed as failed:
            raise Unavailable(f"Twilio cannot be reached: {failed}") from None
        if not 200 <= status < 300:
            raise Unavailable(f"Twilio answered {status}")
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Unavailable("Twilio's answer is not JSON") from None
        return answer if isinstance(answer, dict) else {}


def _checked(call_sid: str) -> str:
    if not _SID.fullmatch(call_sid):
        raise Unavailable("not a Twilio call SID")
    return call_sid
