"""Who asks, decided once per request: an admin, a business, or nobody."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from flask import g, request

from app.adapters.tokens.business import BusinessToken
from app.bridges.services import services
from app.errors import Forbidden
from app.security import business_tokens, sessions, tokens
from app.security.scope import EVERYTHING, Scope
from app.web.edge import edge

#: The cookie of a signed-in browser.
COOKIE = "callsmith_session"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `scope` is what they may see, `by` how the record and the log name them.

    `form_token` is what the forms of a signed-in browser carry; blank for programs, which show
    their token with each request.
    """

    scope: Scope
    by: str
    form_token: str = ""

    @property
    def in_browser(self) -> bool:
        """Whether this is a browser that has signed in."""
        return bool(self.form_token)


def viewer() -> Viewer:
    """Who makes the running request.

    Raises `Forbidden` where it shows no token or a wrong one, `TooMany` where its address has shown
    too many, `Unavailable` where a business's token cannot be looked up.
    """
    found = cast(Viewer | None, g.get("viewer"))
    if found is None:
        found = g.viewer = _decided()
    return found


def signed_in() -> bool:
    """Whether the request comes from a browser that has signed in. Raises `Unavailable`."""
    return _of_session() is not None


def given_token() -> str | None:
    """The token that a program shows: in its header, else as ``?token=``."""
    header = request.headers.get("Authorization", "")
    return header[7:].strip() if header[:7].lower() == "bearer " else request.args.get("token")


def address() -> str:
    """The address that the request comes from."""
    forwarded = request.headers.get("X-Forwarded-For")
    return edge().admission.caller(request.remote_addr or "", forwarded)


def open_to_all(wanted: str) -> bool:
    """Whether nobody is asked for a token that is blank: in development only."""
    return not wanted and not services().settings.production


def of_token(given: str) -> Viewer | None:
    """Whom a token stands for; None where it is wrong. Raises `TooMany` and `Unavailable`."""
    if business_tokens.read_id(given) is not None:
        found = _of_business(edge().business_tokens.check(given))
        if found is None:
            edge().attempts.failed("business", address())
        return found
    edge().attempts.check("admin", address())
    wanted = services().settings.admin_token
    if tokens.same(given, wanted):
        return Viewer(EVERYTHING, "an admin")
    if not open_to_all(wanted):
        edge().attempts.failed("admin", address())
    return None


def _decided() -> Viewer:
    given = given_token()
    found = (of_token(given) if given else None) or _of_session()
    if found is None and open_to_all(services().settings.admin_token):
        wrong = given is not None and business_tokens.read_id(given) is not None
        found = None if wrong else Viewer(EVERYTHING, "an admin")
    if found is None:
        raise Forbidden("a token is required: Authorization: Bearer TOKEN")
    return found


def _of_business(token: BusinessToken | None) -> Viewer | None:
    if token is None or token.business not in services().agents.businesses:
        return None
    return Viewer(Scope(token.business), f"business {token.business} (token {token.id})")


def _of_session() -> Viewer | None:
    """The viewer of a signed-in browser; None where it is not, or the token was revoked."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    token_id = sessions.token_id_of(cookie)
    if token_id:
        token = edge().business_tokens.find(token_id)
        found, secret = _of_business(token), token.digest if token else ""
    else:
        found, secret = Viewer(EVERYTHING, "the console"), services().settings.admin_token
    nonce = sessions.nonce_of(cookie, secret, now_s=time.time())
    if found is None or nonce is None:
        return None
    return Viewer(found.scope, found.by, sessions.form_token(nonce, secret))
