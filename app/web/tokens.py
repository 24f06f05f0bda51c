"""/api/tokens: the tokens of businesses. They are shown once, when they are made."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from app import logs
from app.bridges.services import services
from app.errors import BadRequest, NotFound
from app.protocol.body import json_object
from app.security.scope import Scope
from app.web.calls.listing import business_id
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_json_body
from app.web.guard.viewer import viewer

MAX_BODY = 4096

bp = Blueprint("tokens", __name__, url_prefix="/api/tokens")
log = logs.get(__name__)


@bp.get("")
@access.admin_only
def listed() -> dict[str, Any]:
    """All tokens, or those of ``?business=``, the oldest first: who made each, when it was used."""
    wanted = business_id(request.args.get("business", ""), services().agents)
    found = edge().business_tokens.listed(Scope(wanted or None))
    return {"tokens": [token.as_json() for token in found]}


@bp.post("")
@access.admin_only
def create() -> tuple[dict[str, Any], int]:
    """``{"business": id, "note"?: text}``: a new token, in `token`. Those before stay valid."""
    given = json_object(read_json_body(edge().bodies, MAX_BODY))
    business, note = given.get("business"), given.get("note", "")
    if not isinstance(business, str) or not isinstance(note, str):
        raise BadRequest("business and note must be texts")
    known = services().agents.business(business)
    if known is None:
        raise NotFound("no such business")
    made, text = edge().business_tokens.create(known.id, by=viewer().by, note=note.strip())
    log.info("made a token", extra={"business": made.business, "id": made.id, "by": viewer().by})
    return {**made.as_json(), "token": text}, 201


@bp.delete("/<token_id>")
@access.admin_only
def revoke(token_id: str) -> dict[str, Any]:
    """From now on the token opens nothing, and who signed in with it is signed out."""
    edge().business_tokens.revoke(token_id)
    log.info("revoked a token", extra={"id": token_id[:32], "by": viewer().by})
    return {"revoked": token_id}
