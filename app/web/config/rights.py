"""What the sender of a request may see and change of agents and businesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.adapters.agents.allowed import check_allowed
from app.adapters.agents.documents import Document, Kind, Sent
from app.adapters.agents.editing import Shown
from app.bridges.services import services
from app.errors import Forbidden, Invalid, NotFound
from app.web.guard.access import Scope


def business_of(kind: Kind, name: str, data: Mapping[str, Any]) -> str:
    """The id of the business that a document belongs to."""
    if kind == "business":
        return name
    agents = services().agents
    wanted = str(data.get("business") or "")
    found = agents.business(wanted)
    if found is None:
        named = [each for each in agents.businesses.values() if each.name == wanted]
        found = named[0] if named else None
    return found.id if found is not None else ""


def check_seen(scope: Scope, shown: Shown) -> None:
    """Raise `NotFound` for what the sender may not see."""
    kind, name = shown.document.kind, shown.document.name
    if not scope.covers(business_of(kind, name, shown.data)):
        raise NotFound(f"no {kind} {name}")


def check_write(
    scope: Scope, kind: Kind, name: str, data: dict[str, Any], before: Shown | None
) -> None:
    """Raise `Forbidden` where a document is another business's, and `Invalid` for parts of it that
    only the admin may write."""
    if not scope.business:
        return
    homes = [business_of(kind, name, data)]
    if before is not None:
        homes.append(business_of(kind, name, before.data))
    if not all(scope.covers(home) for home in homes):
        raise Forbidden(f"this token is for business {scope.business}")
    home = services().agents.business(scope.business)
    allowed = home.secrets if home is not None else ()
    document = Document(kind, name, data, Sent("request"))
    problems = check_allowed(document, before.data if before else None, allowed)
    if problems:
        raise Invalid([problem.to_json() for problem in problems])


def check_removal(scope: Scope, kind: Kind, shown: Shown) -> None:
    """Raise `Forbidden` where the sender may not take it out."""
    if scope.business and kind == "business":
        raise Forbidden("only the admin token can take a business out")
    check_seen(scope, shown)


def require_all(scope: Scope) -> None:
    """Raise `Forbidden` unless the sender may change everything."""
    if scope.business:
        raise Forbidden("this needs the admin token")
