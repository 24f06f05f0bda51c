"""What somebody may see and change: everything, or what is one business's."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import NotFound

#: The filter that fits nothing: no business has this id.
NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data somebody may see. `business` is the id of the only one; None is all of them.

    It is decided once per request and passed to whatever lists or finds something.
    """

    business: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether all businesses are open."""
        return self.business is None

    def holds(self, business: str) -> bool:
        """Whether what belongs to the business of this id may be seen; blank is nobody's."""
        return self.business is None or (business == self.business and bool(business))

    def narrow(self, wanted: str = "") -> str:
        """The business id to filter a list by, blank for all: the one that is wanted, as far as it
        is open. One that is not open gives the filter that fits nothing, as a missing one does."""
        if self.business is None:
            return wanted
        return self.business if wanted in ("", self.business) else NOBODY

    def check(self, business: str, message: str) -> None:
        """Raise `NotFound` with `message`, as for what is missing, unless the business is open."""
        if not self.holds(business):
            raise NotFound(message)


EVERYTHING = Scope()
"""What an admin may see."""
