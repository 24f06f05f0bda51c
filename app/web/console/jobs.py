"""GET /console/jobs: what waits for the workers, and what they gave up."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters import queue
from app.adapters.redis.client import guard
from app.adapters.tools.dead_letters import DeadLetter, DeadLetters
from app.bridges.services import services
from app.errors import BadRequest, NotFound, Unavailable
from app.web.console.calls import moment
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_fields
from app.web.guard.viewer import viewer

SHOWN = 100

bp = Blueprint("console_jobs", __name__)
log = logs.get(__name__)


@bp.get("/console/jobs")
@access.admin_only
def jobs() -> Response:
    """The queues, and the dead letters, newest first."""
    return _page("")


@bp.post("/console/jobs")
@access.admin_only
def change() -> BaseResponse:
    """Try a dead letter again or forget it: fields `id` and `act` (``requeue``, ``forget``)."""
    fields = read_fields(edge().bodies)
    letter, act = fields.get("id", ""), fields.get("act", "")
    letters = _letters()
    try:
        if act == "requeue":
            letters.requeue(letter)
        elif act == "forget":
            letters.forget(letter)
        else:
            raise BadRequest("act must be requeue or forget")
    except NotFound:
        return _page("It is not there any more: somebody else was faster.")
    log.info("changed a dead letter", extra={"act": act, "letter": letter, "by": viewer().by})
    return redirect(url_for("console_jobs.jobs"), 303)


def _letters() -> DeadLetters:
    return DeadLetters(services().redis, services().effects)


def _page(problem: str) -> Response:
    redis = services().redis
    try:
        with guard():
            queues = [
                {
                    "name": name,
                    "waiting": queue.depth(redis, name),
                    "workers": queue.workers_alive(redis, name),
                }
                for name in queue.QUEUES
            ]
        letters = _letters().all(SHOWN)
    except Unavailable:
        return page("problem.html", 503, here="Jobs", problem="Redis is away: try again soon.")
    return page(
        "jobs.html",
        here="Jobs",
        problem=problem,
        queues=queues,
        letters=[_shown(letter) for letter in letters],
    )


def _shown(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "what": letter.what,
        "queue": letter.queue,
        "when": moment(letter.at),
        "attempts": letter.attempts,
        "error": logs.redact(letter.error),
        "call": letter.call_id,
    }
