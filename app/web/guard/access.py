"""Who may read: a token in development is optional, outside it is required.

Given as ``Authorization: Bearer <token>``, or as ``?token=`` where a program takes an address only.
"""

from __future__ import annotations

from flask import request

from app.bridges.services import services
from app.errors import Forbidden
from app.security import tokens
from app.web.guard.admission import prove


def require(wanted: str) -> None:
    """Raise `Forbidden` unless the request carries the token `wanted`.

    A blank `wanted` lets everybody in, in development only.
    """
    if not wanted and not services().settings.production:
        prove()
        return
    header = request.headers.get("Authorization", "")
    given = header[7:].strip() if header[:7].lower() == "bearer " else request.args.get("token")
    if not tokens.same(given, wanted):
        raise Forbidden("a token is required: Authorization: Bearer TOKEN")
    prove()
