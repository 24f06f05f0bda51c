"""How fast the rehearsal model answers. All values in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Delays of one response.

    `created`: from `response.create` to `response.created`. `first`: from there to the first
    delta. `delta`: between deltas. `arguments`: between the deltas of a call's arguments.
    `audio`: how many times faster than real time audio is sent; 0 sends it at once.
    """

    created: float = 0.004
    first: float = 0.040
    delta: float = 0.012
    arguments: float = 0.003
    audio: float = 8.0


#: Nothing waits: for benchmarks and tests.
AT_ONCE = Pace(0.0, 0.0, 0.0, 0.0, 0.0)
#: Close to what the hosted models take over a good line.
LIKE_HOSTED = Pace(0.030, 0.350, 0.020, 0.010, 4.0)
PACES = {"quick": Pace(), "none": AT_ONCE, "hosted": LIKE_HOSTED}
