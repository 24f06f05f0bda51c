"""What a request for a change says: the document, what it is based on, and who asks."""

from __future__ import annotations

import re
from typing import Any

from flask import request

from app.adapters.agents.documents import Kind
from app.adapters.agents.versions.editing import Shown
from app.bridges.services import services
from app.errors import Invalid, NotFound, PreconditionFailed, PreconditionRequired
from app.protocol.body import json_object
from app.web.edge import edge
from app.web.guard.body import read_json_body
from app.web.guard.viewer import Viewer

BY_HEADER = "X-Changed-By"
MAX_BY = 60
ID = re.compile(r"\w[\w-]{0,63}")
ID_FORM = "at most 64 letters, digits, - and _"


def read_document(kind: Kind, name: str) -> dict[str, Any]:
    """The document in the body, with its id where it is an agent's.

    Raises `NotFound` for an id that nothing can have, `Invalid` where the body names another one.
    """
    if not ID.fullmatch(name):
        raise NotFound(f"an id has {ID_FORM}")
    data = read_object()
    given = data.pop("id", name)
    if given != name:
        raise Invalid([{"path": "id", "message": f"must be {name!r}, as in the address"}])
    return {"id": name, **data} if kind == "agent" else data


def read_object() -> dict[str, Any]:
    """The body, a JSON object."""
    return json_object(read_json_body(edge().bodies, services().settings.max_body_bytes))


def check_base(shown: Shown | None) -> None:
    """See that the request is based on what is there.

    Raises `PreconditionRequired` where it does not say on what, `PreconditionFailed` where that has
    been changed.
    """
    if request.if_none_match.star_tag and shown is not None:
        raise PreconditionFailed("there is one already")
    given = request.if_match
    if shown is None:
        if given:
            raise PreconditionFailed("there is none any more")
        return
    if not given:
        raise PreconditionRequired
    if not given.star_tag and not given.contains_weak(shown.etag):
        raise PreconditionFailed


def changed_by(sender: Viewer) -> str:
    """Who makes the change, with the name that the request gives beside it."""
    given = request.headers.get(BY_HEADER, "")
    named = "".join(sign for sign in given if sign.isprintable())[:MAX_BY].strip()
    return f"{sender.by} ({named})" if named else sender.by
