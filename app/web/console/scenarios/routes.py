"""GET /console/scenarios: play a scenario against an agent, and see what came of it."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.calls.plays import RUNNING, Made, Play
from app.bridges.services import services
from app.errors import AppError, BadRequest, Conflict, NotFound, Unavailable
from app.web.console.calls import length, moment
from app.web.console.pages import page
from app.web.console.scenarios.runner import Known
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_fields
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_agent, visible_agents

MOST_REPEATS, MOST_SEED = 20, 1_000_000
#: How fast the caller speaks, by what the form sends.
PACES = {"1": "as people speak", "4": "four times as fast", "0": "without delay"}
HERE = "Scenarios"

bp = Blueprint("console_scenarios", __name__)
log = logs.get(__name__)


@bp.get("/console/scenarios")
@access.admin_only
def scenarios() -> Response:
    """What can be played, and the last plays."""
    return _page()


@bp.post("/console/scenarios")
@access.admin_only
def start() -> BaseResponse:
    """Play: fields `scenario`, `agent`, `seed` (blank: the file as it is), `repeat`, `pace`, and
    outside development `sure`."""
    fields = {name: value.strip() for name, value in read_fields(edge().bodies).items()}
    try:
        services().drain.check()
        play = _play_of(fields)
        edge().scenarios.start(play)
    except (BadRequest, Conflict, NotFound) as error:
        return _page(_sentence(error), error.status, fields)
    except Unavailable as error:
        return _away(error)
    log.info("a scenario is played", extra={"scenario": play.scenario, "by": play.by})
    return redirect(url_for("console_scenarios.play", play_id=play.id), 303)


@bp.get("/console/scenarios/<play_id>")
@access.admin_only
def play(play_id: str) -> Response:
    """One play: its calls, what must come of them, what came."""
    try:
        found = _found(play_id)
    except Unavailable as error:
        return _away(error)
    return page("play.html", here=HERE, play=_shown(found), made=[_made(m) for m in found.made])


@bp.post("/console/scenarios/<play_id>/stop")
@access.admin_only
def stop(play_id: str) -> BaseResponse:
    """Have the caller hang up, and play no more."""
    try:
        found = _found(play_id)
        edge().plays.ask_to_stop(found.id)
    except Unavailable as error:
        return _away(error)
    log.info("a play is to stop", extra={"scenario": found.scenario, "by": viewer().by})
    return redirect(url_for("console_scenarios.play", play_id=play_id), 303)


def _found(play_id: str) -> Play:
    found = edge().plays.find(play_id)
    if found is None:
        raise NotFound("no such play: they are kept for two weeks")
    return found


def _play_of(fields: dict[str, str]) -> Play:
    """The play that the form asks for. Raises `BadRequest`, `NotFound`, `Unavailable`."""
    name = fields.get("scenario", "")
    known = next((each for each in edge().scenarios.known() if each.name == name), None)
    if known is None:
        raise BadRequest("choose a scenario of the list")
    agent = visible_agent(fields.get("agent", ""))
    if services().settings.production and fields.get("sure") != "yes":
        raise BadRequest("what is booked is booked: tick the box if that is what you want")
    seed, pace = fields.get("seed", ""), fields.get("pace", "1")
    if pace not in PACES:
        raise BadRequest("choose a pace of the list")
    return Play(
        id=secrets.token_hex(8),
        scenario=known.name,
        agent=agent.id,
        seed=_number(seed, "the seed", 0, MOST_SEED) if seed else None,
        repeat=_number(fields.get("repeat") or "1", "the repeats", 1, MOST_REPEATS),
        speed=float(pace),
        by=viewer().by,
        started_at=time.time(),
        checks=list(known.checks),
    )


def _number(text: str, what: str, least: int, most: int) -> int:
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:9]) <= most:
        raise BadRequest(f"{what} must be a whole number from {least} to {most}")
    return int(text)


def _page(problem: str = "", status: int = 200, given: dict[str, str] | None = None) -> Response:
    try:
        known: tuple[Known, ...] = edge().scenarios.known()
        latest = edge().plays.latest()
    except Unavailable as error:
        return _away(error)
    running = next((each for each in latest if each.state == RUNNING), None)
    return page(
        "scenarios.html",
        status,
        here=HERE,
        problem=problem,
        given={"repeat": "1", **(given or {})},
        known=known,
        agents=visible_agents(),
        running=_shown(running) if running else None,
        plays=[_shown(each) for each in latest],
        paces=PACES,
        most_repeats=MOST_REPEATS,
        most_seed=MOST_SEED,
        production=services().settings.production,
    )


def _away(error: Unavailable) -> Response:
    return page("problem.html", 503, here=HERE, problem=_sentence(error))


def _sentence(error: AppError) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}."


def _shown(play: Play) -> dict[str, Any]:
    passed = sum(made.state == "passed" for made in play.made)
    return {
        "id": play.id,
        "scenario": play.scenario,
        "agent": play.agent,
        "seed": "as written" if play.seed is None and play.repeat == 1 else str(play.seed or 1),
        "repeat": play.repeat,
        "pace": PACES.get(f"{play.speed:g}", ""),
        "by": play.by,
        "state": play.state,
        "running": play.state == RUNNING,
        "told": play.told,
        "when": moment(play.started_at),
        "took": length(play.started_at, play.ended_at),
        "checks": play.checks,
        "passed": f"{passed} of {len(play.made)}",
    }


def _made(made: Made) -> dict[str, Any]:
    return {
        "seed": "as written" if made.seed is None else f"seed {made.seed}",
        "state": made.state,
        "running": made.state == RUNNING,
        "calls": made.calls,
        "seconds": "" if made.seconds is None else f"{made.seconds:.1f} s",
        "silence": "" if made.silence is None else f"{made.silence:.2f} s",
        "problems": made.problems,
        "notes": made.notes,
    }
