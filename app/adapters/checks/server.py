"""The server from outside: its address, its webhook, its socket through what stands before it."""

from __future__ import annotations

import time
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.sync.client import connect

from app.adapters.checks.finding import Finding
from app.adapters.own_server import Records
from app.security import signatures
from app.settings import Settings

TIMEOUT_S = 5.0


def public_address(found: Settings) -> list[Finding]:
    """The server at its public address, as Retell sees it. A socket is opened and closed again;
    its call has no words, and an id that begins with ``doctor-``."""
    if not found.public_url:
        cure = "set PUBLIC_URL to the address that Retell is given"
        return [Finding("web", "warn", "not looked at from outside: no PUBLIC_URL", cure)]
    base = f"{found.public_url.replace('http', 'ws', 1)}/llm-websocket"
    records = Records.beside(base, found)
    out = web(records)
    if out[0].verdict == "bad":
        return out
    return [*out, *webhook(found, records), *socket(found, base)]


def web(records: Records) -> list[Finding]:
    """The web server: alive, and ready for calls."""
    status, body = records.get("/health")
    if status == 0:
        what = f"nothing answers at {records.base}: {body.decode(errors='replace')}"
        cure = "start `python -m app dev`, or give the address with --url"
        return [Finding("web", "bad", what, cure)]
    if status != 200:
        cure = "is this the right address? Something else may answer there"
        return [Finding("web", "bad", f"{records.base}/health answers {status}", cure)]
    status, value = records.json("/ready")
    if status == 200:
        return [Finding("web", "ok", f"{records.base} is ready for calls")]
    why = ((value or {}).get("error") or {}).get("message", "")
    return [Finding("web", "bad", f"/ready answers {status}: {why}", "see the part it names")]


def webhook(found: Settings, records: Records) -> list[Finding]:
    """The webhook route: takes what is signed with our key, and nothing else in production."""
    body = orjson.dumps({"event": "doctor", "call": {"call_id": "doctor"}})
    keys = found.signing_keys
    if not keys:
        return [Finding("webhook", "warn", "not tried: no RETELL_API_KEY to sign with")]
    signed = {signatures.HEADER: signatures.sign(body, keys[0], int(time.time() * 1000))}
    status, answer = records.post("/webhook/retell", body, signed)
    if status == 401:
        cure = "give the server the same RETELL_API_KEY as here, and compare the clocks"
        return [Finding("webhook", "bad", "the server refuses our signature", cure)]
    if status != 200:
        what = f"a signed event is answered with {status}: {answer[:120].decode(errors='replace')}"
        return [Finding("webhook", "bad", what, "see the server's log")]
    status, _ = records.post("/webhook/retell", body, {})
    if status != 401 and found.production:
        return [Finding("webhook", "bad", "an unsigned event was taken", "set RETELL_API_KEY")]
    return [Finding("webhook", "ok", "takes a signed event")]


def socket(found: Settings, base: str) -> list[Finding]:
    """The LLM socket: closed without its token, open with it."""
    out = []
    if found.socket_token:
        out.append(closed_without_token(f"{base}/doctor-{uuid4().hex}"))
    token = f"/{found.socket_token}" if found.socket_token else ""
    since = time.monotonic()
    why = _not_open(f"{base}{token}/doctor-{uuid4().hex}")
    if why:
        out.append(Finding("socket", "bad", why, socket_cure(why, bool(token))))
    else:
        took = (time.monotonic() - since) * 1000
        what = f"opens at {urlsplit(base).hostname} in {took:.0f} ms"
        out.append(Finding("socket", "ok", what))
    return out


def closed_without_token(url: str) -> Finding:
    """Whether the socket at `url`, which has no token, refuses its caller."""
    why = _not_open(url)
    if not why:
        cure = "set SOCKET_TOKEN at the server"
        return Finding("socket", "bad", "takes calls without the token", cure)
    if "HTTP 403" in why:
        return Finding("socket", "ok", "refuses a caller without the token")
    return Finding("socket", "warn", f"without the token: {why}", socket_cure(why, False))


def _not_open(url: str) -> str:
    """Why no socket opens at `url` and sends its first frame; blank where it does."""
    try:
        with connect(url, open_timeout=TIMEOUT_S, compression=None) as opened:
            opened.recv(timeout=TIMEOUT_S)
            return ""
    except TimeoutError:
        return f"the socket opens, but the server sends nothing within {TIMEOUT_S:.0f} s"
    except (OSError, InvalidHandshake, InvalidURI) as error:
        response = getattr(error, "response", None)
        if response is not None:
            return f"refused with HTTP {response.status_code}"
        return f"no connection: {error}"
    except ConnectionClosed as error:
        return f"the server broke off: {error}"


def socket_cure(why: str, token_given: bool) -> str:
    """What to do about a socket that does not open."""
    if "HTTP 403" in why:
        return (
            "the token in the URL is not the server's SOCKET_TOKEN"
            if token_given
            else "the server wants SOCKET_TOKEN in the URL: wss://HOST/llm-websocket/TOKEN"
        )
    if "HTTP 301" in why or "HTTP 308" in why:
        return "use wss:// instead of ws://"
    if "HTTP 404" in why:
        return "the URL must end in /llm-websocket or /llm-websocket/TOKEN"
    if any(f"HTTP {status}" in why for status in (200, 400, 426, 501, 502)):
        return "let the proxy in front of the server pass on WebSocket upgrades"
    return "see the server's log, and `doctor` about redis and the model"
