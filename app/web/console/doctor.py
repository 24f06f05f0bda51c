"""GET and POST /console/doctor: what `python -m app doctor` can see from inside the server.

Nothing is looked at until somebody asks for it: the checks take seconds, cost a few tokens, and
write an appointment that they remove. They run side by side, and once at a time in a process.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import gevent
from flask import Blueprint, Response
from gevent.lock import BoundedSemaphore

from app import logs
from app.adapters.checks.agents import agents, refused
from app.adapters.checks.calendars import calendars
from app.adapters.checks.finding import Finding
from app.adapters.checks.model import model
from app.adapters.checks.server import public_address
from app.adapters.checks.store import clock, store
from app.adapters.checks.workers import workers
from app.adapters.release import release
from app.bridges.services import Services, services
from app.errors import TooMany
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer

#: A check may take so long; then it is told that it took too long. Proxies give up after 30 s.
LIMIT_S = 20.0

Check = Callable[[], list[Finding]]

bp = Blueprint("console_doctor", __name__)
log = logs.get(__name__)
_running = BoundedSemaphore(1)


@bp.get("/console/doctor")
@access.admin_only
def doctor() -> Response:
    """The page before anything was looked at."""
    return page("doctor.html", here="Doctor", findings=None)


@bp.post("/console/doctor")
@access.admin_only
def examine() -> Response:
    """Look at everything, and tell. Raises `TooMany` where somebody else is at it."""
    if not _running.acquire(blocking=False):
        raise TooMany("the doctor is at work for somebody else", retry_after=int(LIMIT_S))
    since = time.monotonic()
    try:
        findings = _examine(checks(services()))
    finally:
        _running.release()
    bad = sum(one.verdict == "bad" for one in findings)
    log.info("the doctor was asked", extra={"bad": bad, "by": viewer().by})
    return page(
        "doctor.html",
        here="Doctor",
        findings=findings,
        bad=bad,
        notes=sum(one.verdict == "warn" for one in findings),
        took=round(time.monotonic() - since, 1),
    )


def checks(now: Services) -> dict[str, Check]:
    """What is looked at, by area, in the order of the page."""
    settings = now.settings
    return {
        "settings": lambda: [Finding("settings", "ok", f"complete for {settings.env}")],
        "agents": lambda: agents(now.agents, settings) + refused(now.agent_desk.refused()),
        "redis": lambda: store(settings),
        "clock": lambda: clock(settings),
        "workers": lambda: workers(settings, release()),
        "calendar": lambda: calendars(settings, now.agents),
        "model": lambda: model(settings),
        "web": lambda: public_address(settings),
    }


def _examine(wanted: dict[str, Check]) -> list[Finding]:
    """The findings of all checks, in their order. One that breaks or hangs is a finding itself."""
    at_work = {area: gevent.spawn(_look, area, check) for area, check in wanted.items()}
    gevent.joinall(list(at_work.values()), timeout=LIMIT_S)
    out: list[Finding] = []
    for area, greenlet in at_work.items():
        if greenlet.value is not None:
            out += greenlet.value
        else:
            greenlet.kill(block=False)
            what = f"not known: this took longer than {LIMIT_S:.0f} s"
            out.append(Finding(area, "bad", what, "try again; then python -m app doctor"))
    return out


def _look(area: str, check: Check) -> list[Finding]:
    try:
        return check()
    except Exception as error:  # a check that breaks must not hide the others
        log.exception("a check of the doctor's failed", extra={"area": area})
        what = f"not known: the check itself failed ({type(error).__name__})"
        return [Finding(area, "bad", what, "see the server's log")]
