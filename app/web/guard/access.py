"""Who may read and change: a token in development is optional, outside it is required.

Programs give it as ``Authorization: Bearer <token>``, or as ``?token=`` where they take an address
only. Browsers sign in with the admin token and have a cookie from then on; what they change has to
come from a page of ours.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from app.bridges.services import services
from app.errors import Forbidden
from app.security import sessions, tokens
from app.web.addresses import base_url
from app.web.guard.admission import prove

#: The cookie of a signed-in browser, and the one of the sign-in form.
COOKIE, FORM_COOKIE = "callsmith_session", "callsmith_form"
#: Where scripts of our pages put the form's token.
FORM_HEADER = "X-Form-Token"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What the sender of a request may see and change: everything, or one business's (its id).
    `who` is how versions and logs name the sender."""

    who: str
    business: str = ""

    def covers(self, business: str) -> bool:
        """Whether what belongs to that business (its id) is the sender's to see and change."""
        return self.business in ("", business)


def require_scope() -> Scope:
    """What the sender may see and change, by the token. Raises `Forbidden` without one."""
    require_admin()
    return Scope(who())


def require(wanted: str) -> None:
    """Raise `Forbidden` unless the request carries the token `wanted`.

    A blank `wanted` lets everybody in, in development only.
    """
    if not _open(wanted) and not tokens.same(_given(), wanted):
        raise Forbidden("a token is required: Authorization: Bearer TOKEN")
    prove()


def require_admin() -> None:
    """Raise `Forbidden` unless the request carries the admin token, or comes from a page of a
    browser that has signed in."""
    wanted = services().settings.admin_token
    if _open(wanted) or tokens.same(_given(), wanted):
        prove()
    elif signed_in():
        if request.method not in _READING and not may_change(request.headers.get(FORM_HEADER)):
            raise Forbidden("changes have to come from a page of this console")
        prove()
    else:
        raise Forbidden("a token is required: Authorization: Bearer TOKEN")


def require_page() -> None:
    """As `require_admin`, for a page: a browser that has not signed in is sent to do so.

    What does not ask for HTML is no browser. Raises `Forbidden` for it.
    """
    wanted = services().settings.admin_token
    if not _open(wanted) and not tokens.same(_given(), wanted) and not signed_in():
        if "text/html" not in request.headers.get("Accept", ""):
            raise Forbidden("a token is needed")
        there = request.full_path.rstrip("?")
        abort(redirect(url_for("auth.sign_in", next=there), 303))
    prove()


def who() -> str:
    """Who asks, as the record and the log name them."""
    return "the console" if signed_in() else "an admin"


def signed_in() -> bool:
    """Whether the request comes from a browser that has signed in."""
    return _session() is not None


def form_token() -> str:
    """What the forms of this session carry; blank where nobody has to sign in."""
    nonce = _session()
    return sessions.form_token(nonce, services().settings.admin_token) if nonce else ""


def may_change(given: str | None) -> bool:
    """Whether a changing request of a signed-in browser comes from a page of ours: it has the
    form's token, or the browser says so itself."""
    nonce = _session()
    if nonce is None:
        return _open(services().settings.admin_token)
    wanted = sessions.form_token(nonce, services().settings.admin_token)
    return tokens.same(given, wanted) if given else same_origin(strict=True)


def same_origin(*, strict: bool = False) -> bool:
    """Whether the browser says that the request was made by a page of this server. One that says
    nothing is believed unless `strict`."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin" or (site == "none" and not strict)
    origin = request.headers.get("Origin")
    if origin is None:
        return not strict
    return urlsplit(origin).netloc in (urlsplit(base_url()).netloc, request.host)


def set_cookie(answer: Response, name: str, value: str, seconds: int, *, path: str = "/") -> None:
    """A cookie that scripts cannot read and other sites cannot send."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=base_url().startswith("https:"),
    )


def _open(wanted: str) -> bool:
    return not wanted and not services().settings.production


def _given() -> str | None:
    header = request.headers.get("Authorization", "")
    return header[7:].strip() if header[:7].lower() == "bearer " else request.args.get("token")


def _session() -> str | None:
    cookie = request.cookies.get(COOKIE)
    secret = services().settings.admin_token
    return sessions.nonce_of(cookie, secret, now_s=time.time()) if cookie else None
