"""Which numbers may call, and how often in an hour: a loop or a prank must not take all lines."""

from __future__ import annotations

import gevent

from app import logs
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.language.phone_numbers import identify
from app.errors import AppError, Unavailable
from app.web.edge import edge

WINDOW_S = 3600
#: A call that rings waits so long for Redis, and is let in without it.
LIMIT_S = 0.5

log = logs.get(__name__)


def too_many(kind: str, number: str, mark: str, agent: Agent) -> bool:
    """Whether `number` has called the agent's business `CALLS_PER_CALLER` times in the last hour.

    The call `mark` counts once, however often it is asked about. Hidden numbers are not counted
    together, and where Redis is away everybody is let in.
    """
    limit = services().settings.calls_per_caller
    caller = identify(number, agent.country_for())
    if not limit or caller is None:
        return False
    try:
        with edge().ringing.guard(), gevent.Timeout(LIMIT_S, Unavailable("too slow")):
            wait_s = edge().guards.wait_for(
                kind,
                f"{agent.home.id}:{caller.e164}",
                limit=limit,
                window_s=WINDOW_S,
                mark=mark,
            )
    except AppError as error:
        log.info("caller could not be counted", extra={"code": error.code})
        return False
    if wait_s:
        log.warning("caller exceeds the call limit", extra={"limit": limit, "wait_s": wait_s})
    return wait_s > 0


def digits_of(number: str) -> str:
    """A number without its signs: the same one, however it is written."""
    return "".join(sign for sign in number if sign.isdigit())


def blocked(number: str, patterns: tuple[str, ...]) -> bool:
    """Whether `number` is one of these; a trailing ``*`` blocks all that begin so."""
    caller = identify(number)
    plain = digits_of(caller.e164 if caller else number)
    for pattern in patterns:
        wanted = digits_of(pattern)
        if not wanted and pattern.strip() != "*":
            if pattern.strip().casefold() == number.strip().casefold():  # "anonymous"
                return True
        elif plain == wanted or (pattern.strip().endswith("*") and plain.startswith(wanted)):
            return True
    return False
