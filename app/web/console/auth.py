"""Signing in to the console with the admin token or a business's, and out again."""

from __future__ import annotations

import secrets
import time

import gevent
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.bridges.services import services
from app.errors import TooMany, Unavailable
from app.security import business_tokens, sessions, tokens
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_fields
from app.web.guard.viewer import address

#: Tries of one address in so many seconds.
TRIES, WINDOW_S = 10, 300
#: What a try costs where tries cannot be counted, in seconds.
SLOWLY_S = 1.0

bp = Blueprint(
    "auth",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/console/assets",
)
log = logs.get(__name__)


@bp.get("/console/sign-in")
@access.public
def sign_in() -> BaseResponse:
    """The form."""
    try:
        inside = access.signed_in()
    except Unavailable:
        inside = False
    if inside:
        return redirect(_next(request.args.get("next")))
    return _form("", request.args.get("next", ""))


@bp.post("/console/sign-in")
@access.public
def enter() -> BaseResponse:
    """Take the token; a browser that shows the right one is signed in for some hours."""
    fields = read_fields(edge().bodies)
    given, wanted_page = fields.get("token", ""), fields.get("next", "")
    mark = request.cookies.get(access.FORM_COOKIE, "")
    if not access.same_origin() or not tokens.same(fields.get("form_token", ""), mark):
        return _form("The form was too old. Please try again.", wanted_page, 403)
    _count_try()
    try:
        cookie = _cookie_for(given.strip())
    except Unavailable:
        problem = "Redis is away: businesses cannot sign in. Please try again soon."
        return _form(problem, wanted_page, 503)
    if not cookie:
        log.warning("a sign-in to the console failed")
        problem = "That is neither the ADMIN_TOKEN of this server nor a business's token."
        return _form(problem, wanted_page, 403)
    answer = redirect(_next(wanted_page), 303)
    access.set_cookie(answer, access.COOKIE, cookie, sessions.VALID_S)
    answer.delete_cookie(access.FORM_COOKIE, path="/console")
    return answer


@bp.post("/console/sign-out")
@access.scoped
def leave() -> BaseResponse:
    """Forget the browser."""
    answer = redirect(url_for("auth.sign_in"), 303)
    answer.delete_cookie(access.COOKIE, path="/")
    return answer


def _cookie_for(given: str) -> str:
    """The cookie of a session that a token begins; blank where the token is wrong.

    Raises `Unavailable` where a business's token cannot be looked up.
    """
    nonce, now_s = secrets.token_urlsafe(18), time.time()
    wanted = services().settings.admin_token
    if tokens.same(given, wanted):
        log.info("an admin signed in to the console")
        return sessions.begin(wanted, nonce=nonce, now_s=now_s)
    if business_tokens.read_id(given) is None:
        return ""
    found = edge().business_tokens.check(given)
    if found is None or found.business not in services().agents.businesses:
        return ""
    log.info("a business signed in to the console", extra={"business": found.business})
    return sessions.begin(found.digest, nonce=nonce, now_s=now_s, token_id=found.id)


def _form(problem: str, wanted_page: str, status: int = 200) -> Response:
    """The sign-in page. What its form carries is in a cookie too, which no other site can read."""
    mark = secrets.token_urlsafe(18)
    answer = page(
        "sign_in.html", status, outside=True, problem=problem, next=_next(wanted_page), mark=mark
    )
    access.set_cookie(answer, access.FORM_COOKIE, mark, 3600, path="/console")
    return answer


def _count_try() -> None:
    """Raise `TooMany` where this address has tried too often."""
    try:
        wait_s = edge().guards.wait_for(
            "sign_in", address(), limit=TRIES, window_s=WINDOW_S, mark=secrets.token_hex(8)
        )
    except Unavailable:
        gevent.sleep(SLOWLY_S)
        return
    if wait_s:
        log.warning("too many sign-ins to the console from one address")
        raise TooMany("too many tries; wait a few minutes", retry_after=wait_s)


def _next(wanted: str | None) -> str:
    """A page of the console to go on to, never another site's."""
    fine = wanted and wanted.startswith("/console") and "//" not in wanted and "\\" not in wanted
    return wanted if wanted and fine and wanted.isprintable() else "/console"
