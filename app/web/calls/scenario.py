"""GET /api/calls/<id>/scenario: the call as a scenario file, without what is people's."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import orjson
import yaml
from flask import Blueprint, Response

from app import logs
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.record.as_scenario import scenario_of
from app.errors import NotFound
from app.web.guard import access

#: Retell's details of the call are among so many lines of its record, from the beginning.
_BEGINNING = 50
_HEAD = """\
# Made from the record of a call. Names, telephone numbers, mail and street addresses are made up;
# look through it for anything else that tells who called before you pass it on.
# Play it: python -m app call THIS_FILE (docs/scenarios.md)
"""

bp = Blueprint("scenario", __name__, url_prefix="/api/calls")
log = logs.get(__name__)


@bp.get("/<call_id>/scenario")
@access.scoped
def scenario(call_id: str) -> Response:
    """A YAML file that `python -m app call` plays. 400 where the caller said nothing."""
    story = services().calls.snapshot(call_id)
    if story is None:
        raise NotFound("no such call")
    made = scenario_of({**story, "details": _details(call_id)}, _agent(story))
    text = yaml.safe_dump(made, allow_unicode=True, sort_keys=False, width=100)
    log.info("a scenario was made of a call", extra={"call_id": call_id, "by": access.who()})
    answer = Response(f"{_HEAD}{text}", content_type="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="scenario.yaml"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _agent(story: Mapping[str, Any]) -> Agent:
    """The agent that took the call, as it is now. Raises `NotFound`."""
    ref = story.get("agent_ref")
    who = AgentRef.from_json(ref) if isinstance(ref, Mapping) else AgentRef("", "")
    return services().agents.find(who)


def _details(call_id: str) -> dict[str, Any]:
    """What Retell told of the call as it began."""
    for line in islice(services().calls.read_record(call_id), _BEGINNING):
        frame = orjson.loads(line).get("frame")
        if isinstance(frame, dict) and frame.get("interaction_type") == "call_details":
            call = frame.get("call")
            return call if isinstance(call, dict) else {}
    return {}
