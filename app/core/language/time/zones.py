"""Names of time zones as callers say them after a time ("3 pm Eastern")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

_OFFSETS = {
    "gmt": (0,),
    "utc": (0,),
    "est": (-5,),
    "edt": (-4,),
    "eastern": (-5, -4),
    "cst": (-6,),
    "cdt": (-5,),
    "central": (-6, -5),
    "mst": (-7,),
    "mdt": (-6,),
    "mountain": (-7, -6),
    "pst": (-8,),
    "pdt": (-7,),
    "pacific": (-8, -7),
    "cet": (1,),
    "cest": (2,),
    "bst": (1,),
    "ist": (5.5,),
}
"""Hours from UTC. Callers say "EST" in summer too, so US names stand for both."""

ZONE_NAMES = frozenset(_OFFSETS)
"""The names that are known."""

_US_SUMMER = {"est": -4, "cst": -5, "mst": -6, "pst": -7}


def names_other_zone(words: Iterable[str], now: dt.datetime) -> bool:
    """Whether one of the words names a zone whose clock differs from that of `now`."""
    offset = now.utcoffset()
    hours = offset.total_seconds() / 3600 if offset is not None else 0.0
    for word in words:
        if word in _OFFSETS and hours not in (*_OFFSETS[word], _US_SUMMER.get(word)):
            return True
    return False
