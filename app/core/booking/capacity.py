"""Which resources are free: up to the capacity of each, never beyond.

An appointment has one of a resource for its time and the buffers around it. A resource is free for
another one if at no instant of its time as many others have it as there are. So however many of a
kind there are, each appointment can be given one of them that nobody else has meanwhile.

What takes no resource takes the whole business: it blocks every resource, and is blocked by each.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

from app.core.booking.appointment import Busy, Place
from app.core.booking.resources import Resource

Interval = tuple[dt.datetime, dt.datetime]


def first_free(
    places: Sequence[Place],
    busy: Iterable[Busy],
    start: dt.datetime,
    end: dt.datetime,
    before: int = 0,
    after: int = 0,
) -> Place | None:
    """The first of the places that is free from `start` to `end`; None where none is.

    before, after: the minutes that the appointment wants kept free around it.
    """
    near = [item for item in busy if item.blocks(start, end, before, after)]
    if any(not item.resource for item in near):
        return None
    for place in places:
        own = [_seen(item, before, after) for item in near if item.resource == place.resource]
        if len(own) < place.capacity:
            return place
        if place.capacity > 1 and _most_at_once(own, start) < place.capacity:
            return place
    return None


def free_places(
    places: Sequence[Place],
    busy: Iterable[Busy],
    starts: Sequence[dt.datetime],
    length: dt.timedelta,
    before: int = 0,
    after: int = 0,
) -> list[int]:
    """For each start a number whose bit `i` is set where `places[i]` is free from it for `length`.

    `starts` are in order. The same as asking `first_free` for each start and place, for all of them
    at once.
    """
    whole = [0] * (len(starts) + 1)
    alone = {place.resource: [0] * (len(starts) + 1) for place in places if place.capacity == 1}
    shared: dict[str, list[Interval]] = {p.resource: [] for p in places if p.capacity > 1}
    # Many events of many resources lie at the same time: what that is worth is worked out once.
    met: dict[tuple[dt.datetime, dt.datetime, int, int], tuple[int, int]] = {}
    for item in busy:
        steps = alone.get(item.resource) if item.resource else whole
        if steps is None:
            if item.resource in shared:
                shared[item.resource].append(_seen(item, before, after))
            continue
        key = (item.start, item.end, item.before, item.after)
        span = met.get(key)
        if span is None:
            span = met[key] = _met(_seen(item, before, after), starts, length)
        steps[span[0]] += 1
        steps[span[1]] -= 1
    for place in places:
        if place.capacity > 1:
            steps = alone[place.resource] = [0] * (len(starts) + 1)
            for interval in _full(shared[place.resource], place.capacity):
                first, last = _met(interval, starts, length)
                steps[first] += 1
                steps[last] -= 1
    return _free(whole, [alone[place.resource] for place in places])


def in_order(resources: Iterable[Resource], busy: Iterable[Busy]) -> tuple[Place, ...]:
    """The places of resources in the order in which an appointment tries them.

    The smallest that fits comes first; of the same size the one with the fewest bookings in `busy`,
    which are those of the day, for how many there are of it; then as they are listed.
    """
    booked = Counter(item.resource for item in busy)

    def rank(resource: Resource) -> tuple[int, float]:
        return resource.seats or 0, booked[resource.name] / resource.count

    return tuple(Place(item.name, item.count) for item in sorted(resources, key=rank))


def _seen(item: Busy, before: int, after: int) -> Interval:
    """The time during which an appointment with these buffers cannot have what `item` has."""
    lead, tail = max(after, item.before), max(item.after, before)
    start = item.start - dt.timedelta(minutes=lead) if lead else item.start
    end = item.end + dt.timedelta(minutes=tail) if tail else item.end
    return start, end


def _most_at_once(intervals: Sequence[Interval], start: dt.datetime) -> int:
    """How many intervals, all of which reach beyond `start`, share an instant from `start` on."""
    instants = {max(begin, start) for begin, _ in intervals}
    return max(sum(begin <= at < end for begin, end in intervals) for at in instants)


def _full(intervals: Sequence[Interval], capacity: int) -> list[Interval]:
    """The time during which at least `capacity` of the intervals take place."""
    changes = sorted(
        [(begin, 1) for begin, end in intervals if begin < end]
        + [(end, -1) for begin, end in intervals if begin < end]
    )
    full: list[Interval] = []
    depth = 0
    since: dt.datetime | None = None
    for at, step in changes:
        depth += step
        if depth >= capacity and since is None:
            since = at
        elif depth < capacity and since is not None:
            if since < at:
                full.append((since, at))
            since = None
    return full


def _met(
    interval: Interval, starts: Sequence[dt.datetime], length: dt.timedelta
) -> tuple[int, int]:
    """The first of the starts from which an appointment would meet the interval, and the one after
    the last; twice the same where none would."""
    begin, end = interval
    first, last = bisect_right(starts, begin - length), bisect_left(starts, end)
    return first, max(first, last)


def _free(whole: Sequence[int], each: Sequence[Sequence[int]]) -> list[int]:
    """The bits of what is free at each start, from how what is met changes from start to start."""
    all_bits = (1 << len(each)) - 1
    found = [0 if shut else all_bits for shut in accumulate(whole[:-1])]
    for number, steps in enumerate(each):
        if any(steps):
            keep = ~(1 << number)
            for at, shut in enumerate(accumulate(steps[:-1])):
                if shut:
                    found[at] &= keep
    return found
