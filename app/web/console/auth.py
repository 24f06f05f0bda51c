"""Signing in to the console with the admin token, and out again."""

from __future__ import annotations

import secrets
import time

import gevent
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.bridges.services import services
from app.errors import Forbidden, TooMany, Unavailable
from app.security import sessions, tokens
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_form

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
def sign_in() -> BaseResponse:
    """The form."""
    if access.signed_in():
        return redirect(_next(request.args.get("next")))
    return _form("", request.args.get("next", ""))


@bp.post("/console/sign-in")
def enter() -> BaseResponse:
    """Take the token; a browser that shows the right one is signed in for some hours."""
    fields = read_form(edge().bodies)
    given, wanted_page = _one(fields, "token"), _one(fields, "next")
    mark = request.cookies.get(access.FORM_COOKIE, "")
    if not access.same_origin() or not tokens.same(_one(fields, "form_token"), mark):
        return _form("The form was too old. Please try again.", wanted_page, 403)
    _count_try()
    wanted = services().settings.admin_token
    if not tokens.same(given.strip(), wanted):
        log.warning("a sign-in to the console failed")
        return _form("That is not the ADMIN_TOKEN of this server.", wanted_page, 403)
    log.info("signed in to the console")
    answer = redirect(_next(wanted_page), 303)
    cookie = sessions.begin(wanted, nonce=secrets.token_urlsafe(18), now_s=time.time())
    access.set_cookie(answer, access.COOKIE, cookie, sessions.VALID_S)
    answer.delete_cookie(access.FORM_COOKIE, path="/console")
    return answer


@bp.post("/console/sign-out")
def leave() -> BaseResponse:
    """Forget the browser."""
    fields = read_form(edge().bodies)
    if not access.may_change(_one(fields, "form_token")):
        raise Forbidden("this form is not of this session; go back and try again")
    answer = redirect(url_for("auth.sign_in"), 303)
    answer.delete_cookie(access.COOKIE, path="/")
    return answer


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
    peer = request.remote_addr or ""
    address = edge().admission.caller(peer, request.headers.get("X-Forwarded-For"))
    try:
        wait_s = edge().guards.wait_for(
            "sign_in", address, limit=TRIES, window_s=WINDOW_S, mark=secrets.token_hex(8)
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


def _one(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0]
