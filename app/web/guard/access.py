"""Who may use a route: each says so beside its declaration, and is guarded before it runs.

Programs give a token as ``Authorization: Bearer <token>``, or as ``?token=`` where they take an
address only. Browsers sign in with it and have a cookie from then on; what they change has to come
from a page of ours. In development without an admin token everybody is an admin.

Under ``/api`` and ``/console`` a route that declares nothing is for admins only::

    @bp.get("/api/things/<call_id>")
    @access.scoped
    def thing(call_id: str) -> ...:      # of the viewer's own calls only
        ... viewer().scope ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from app.errors import Forbidden
from app.security import tokens
from app.web.addresses import base_url
from app.web.edge import edge
from app.web.guard.admission import prove
from app.web.guard.body import FORM, MAX_PAGE_FORM_BYTES, read_fields
from app.web.guard.viewer import COOKIE, given_token, open_to_all, signed_in, viewer
from app.web.guard.visible import check_call

__all__ = ("COOKIE", "FORM_COOKIE", "FORM_HEADER", "signed_in", "viewer")

Access = Literal["admin", "scoped", "public"]
View = TypeVar("View", bound=Callable[..., Any])

#: The cookie of the sign-in form.
FORM_COOKIE = "callsmith_form"
#: Where scripts of our pages put the form's token, and the field of its forms.
FORM_HEADER, FORM_FIELD = "X-Form-Token", "form_token"
#: Where tokens are asked for whatever a route says or forgets to say.
GUARDED = ("/api", "/console")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def admin_only(view: View) -> View:
    """The route is for the admin token and for browsers that signed in with it."""
    return _declare(view, "admin")


def scoped(view: View) -> View:
    """The route is for admins and for businesses, which see their own: what it lists has to follow
    `viewer().scope`. A call that the route's address names is checked before the route runs."""
    return _declare(view, "scoped")


def public(view: View) -> View:
    """The route asks nobody for a token."""
    return _declare(view, "public")


def _declare(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def declared(app: Flask, endpoint: str) -> Access | None:
    """What the route of this endpoint says of itself; None where it says nothing."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return "public"
    found: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    return found


def register(app: Flask) -> None:
    """Guard the routes of `app`."""
    app.before_request(_guard)


def _guard() -> None:
    """Let the request in, or raise. A browser that asks for a page is sent to sign in."""
    if request.endpoint is None or not is_guarded(request.path):
        return
    access = declared(current_app._get_current_object(), request.endpoint) or "admin"  # type: ignore[attr-defined]
    if access == "public":
        return
    try:
        found = viewer()
    except Forbidden:
        if given_token() is None and _asks_for_page():
            there = request.full_path.rstrip("?")
            abort(redirect(url_for("auth.sign_in", next=there), 303))
        raise
    if access == "admin" and not found.scope.is_all:
        raise Forbidden("this needs the admin token")
    if request.method not in _READING:
        _check_origin(found.form_token)
    call_id = (request.view_args or {}).get("call_id")
    if call_id is not None:
        check_call(found.scope, call_id)
    prove()


def is_guarded(path: str) -> bool:
    """Whether a path lies where tokens are asked for."""
    return any(path == part or path.startswith(f"{part}/") for part in GUARDED)


def _asks_for_page() -> bool:
    html = "text/html" in request.headers.get("Accept", "")
    by_hand = request.method == "GET" or request.mimetype == FORM
    return html and by_hand and request.path.startswith("/console")


def _check_origin(form_token: str) -> None:
    """Raise `Forbidden` unless a change comes from a page of ours: it has the form's token, or the
    browser says so itself. What shows a token comes from no browser; where nobody is asked for one
    it is enough that no browser says otherwise."""
    if not form_token:
        if given_token() is None and not same_origin():
            raise Forbidden("another site's page may not change anything here")
        return
    given = request.headers.get(FORM_HEADER)
    if given is None and request.mimetype == FORM:
        given = read_fields(edge().bodies, MAX_PAGE_FORM_BYTES).get(FORM_FIELD)
    fine = tokens.same(given, form_token) if given is not None else same_origin(strict=True)
    if not fine:
        raise Forbidden("changes have to come from a page of this console; go back and try again")


def who() -> str:
    """Who asks, as the record and the log name them."""
    return viewer().by


def require(wanted: str) -> None:
    """Raise `Forbidden` unless the request carries the token `wanted`.

    A blank `wanted` lets everybody in, in development only.
    """
    if not open_to_all(wanted) and not tokens.same(given_token(), wanted):
        raise Forbidden("a token is required: Authorization: Bearer TOKEN")
    prove()


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
