"""What the sender of a request may see and change of agents and businesses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.adapters.agents.allowed import check_allowed
from app.adapters.agents.documents import Document, Kind, Sent
from app.adapters.agents.versions.editing import Shown
from app.bridges.services import services
from app.errors import Forbidden, Invalid, NotFound
from app.web.guard.viewer import Viewer


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


def check_seen(sender: Viewer, shown: Shown) -> None:
    """Raise `NotFound` for what the sender may not see."""
    kind, name = shown.document.kind, shown.document.name
    if not sender.scope.holds(business_of(kind, name, shown.data)):
        raise NotFound(f"no {kind} {name}")


def check_write(
    sender: Viewer, kind: Kind, name: str, data: dict[str, Any], before: Shown | None
) -> None:
    """Raise `NotFound` for a document of another business's, `Forbidden` for one that would be, and
    `Invalid` for parts of it that only the admin may write."""
    if not sender.scope.business:
        return
    if before is not None:
        check_seen(sender, before)
    if not sender.scope.holds(business_of(kind, name, data)):
        if kind == "business":
            raise NotFound(f"no {kind} {name}")
        raise Forbidden(f"this token is for business {sender.scope.business}")
    home = services().agents.business(sender.scope.business)
    allowed = home.secrets if home is not None else ()
    document = Document(kind, name, data, Sent("request"))
    problems = check_allowed(document, before.data if before else None, allowed)
    if problems:
        raise Invalid([problem.to_json() for problem in problems])


def check_removal(sender: Viewer, kind: Kind, shown: Shown) -> None:
    """Raise `Forbidden` where the sender may not take it out."""
    check_seen(sender, shown)
    if sender.scope.business and kind == "business":
        raise Forbidden("only the admin token can take a business out")


def require_all(sender: Viewer) -> None:
    """Raise `Forbidden` unless the sender may change everything."""
    if sender.scope.business:
        raise Forbidden("this needs the admin token")
