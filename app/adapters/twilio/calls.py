"""Twilio's REST API, as far as a call in progress needs it: give it other instructions.

Source: Twilio docs, "Modify calls in progress". Needs the account's SID and auth token; without
them a call is still handed over when its stream ends, by the answer to the TwiML's `action`.
"""

from __future__ import annotations

import base64
import re
from urllib.parse import urlencode

from app.adapters import http
from app.errors import Unavailable
from app.settings import Settings

TIMEOUT_S = 5.0
_SID = re.compile(r"[A-Za-z0-9]{2,64}")


class TwilioCalls:
    """Changes calls in progress."""

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
        if not _SID.fullmatch(call_sid):
            raise Unavailable("not a Twilio call SID")
        url = f"{self._base}/2010-04-01/Accounts/{self._account}/Calls/{call_sid}.json"
        credentials = base64.b64encode(f"{self._account}:{self._token}".encode()).decode()
        headers = {
            "Authorization": f"Basic {credentials}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = urlencode({"Twiml": twiml}).encode()
        try:
            status, _ = http.request("POST", url, form, headers, timeout_s=TIMEOUT_S)
        except http.HttpFailed as failed:
            raise Unavailable(f"Twilio cannot be reached: {failed}") from None
        if not 200 <= status < 300:
            raise Unavailable(f"Twilio answered {status}")
