"""A scope is everything or one business, and what is not open looks as if it were missing."""

from __future__ import annotations

import pytest

from app.errors import NotFound
from app.security.scope import EVERYTHING, NOBODY, Scope

BAKERY = Scope("bakery")


@pytest.mark.parametrize(
    ("scope", "business", "held"),
    [
        (EVERYTHING, "bakery", True),
        (EVERYTHING, "", True),
        (BAKERY, "bakery", True),
        (BAKERY, "salon", False),
        (BAKERY, "", False),
        (Scope(""), "", False),
    ],
)
def test_what_it_holds(scope: Scope, business: str, held: bool) -> None:
    assert scope.holds(business) is held
    if held:
        scope.check(business, "missing")
    else:
        with pytest.raises(NotFound, match="missing"):
            scope.check(business, "missing")


@pytest.mark.parametrize(
    ("scope", "wanted", "narrowed"),
    [
        (EVERYTHING, "", ""),
        (EVERYTHING, "salon", "salon"),
        (BAKERY, "", "bakery"),
        (BAKERY, "bakery", "bakery"),
        (BAKERY, "salon", NOBODY),
    ],
)
def test_a_filter_within_it(scope: Scope, wanted: str, narrowed: str) -> None:
    assert scope.narrow(wanted) == narrowed
