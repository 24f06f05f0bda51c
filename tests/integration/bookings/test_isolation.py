"""Three businesses on one backend: whatever their callers do, neither sees nor is in the way of
another. Random calls side by side, compared with each business alone."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from app.adapters.agents import files
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calendars.redis import RedisCalendar
from app.core.agent.directory import Directory
from tests.support.desk import Desk, Switch

BUSINESSES = ("bakery", "salon", "garage")
CALLERS = (("+14155550123", "Dana Reyes"), ("+14155550124", "Otto Berg"))


def directory() -> Directory:
    agents = "\n".join(
        f"  - {{name: {each}, business: {each}, instructions: x}}" for each in BUSINESSES
    )
    return files.parse(f"agents:\n{agents}\n", "agents.yaml")


def desk_of(url: str, business: str) -> Desk:
    """A business's desk, with the calendar that workers would open for it."""
    desk, known = Desk(url), directory()
    agent = known.named(business)
    assert agent is not None
    desk.agent = agent.model_copy(update={"booking": desk.booking})
    calendar_url = Calendars(desk.redis).url_of("redis:", agent.home.id, known)
    name = calendar_url.removeprefix("redis:") or "main"
    desk.calendar = Switch(RedisCalendar(desk.redis, desk.booking.zone, name))
    return desk


def do(desk: Desk, number: int, step: tuple[int, int, str, int]) -> dict[str, Any]:
    """One call with one wish. Gives what the caller learns."""
    _, who, wish, hour = step
    phone, name = CALLERS[who]
    call = desk.call(f"{desk.agent.home.id}-{number}", phone)

    def use(tool: str, **args: Any) -> dict[str, Any]:
        ctx = call.context(f"{call.call_id}-{tool}", only_business=False)
        return call.use(tool, ctx=ctx, **args)

    if wish == "book":
        offered = use("check_availability", date=desk.day(3), time=f"{9 + hour}:00")
        slot = offered["output"]["slots"][0]["slot_id"]
        found = use("book_appointment", slot_id=slot, name=name, phone=phone)
    elif wish == "cancel":
        found = use("cancel_appointment", name=name)
    else:
        found = use("find_appointments", name=name)
    return {"ok": found["ok"], "say": found["say"]}


steps = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 1), st.sampled_from(["book", "cancel", "find"]),
        st.integers(0, 2),
    ),
    min_size=3,
    max_size=9,
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_businesses_never_meet(
    redis_url: str, redis: Redis, steps: list[tuple[int, int, str, int]]
) -> None:
    redis.flushall()
    desks = [desk_of(redis_url, business) for business in BUSINESSES]
    told: list[list[dict[str, Any]]] = [[], [], []]
    for number, step in enumerate(steps):
        told[step[0]].append(do(desks[step[0]], number, step))
    together = [desk.standing() for desk in desks]

    for place, business in enumerate(BUSINESSES):
        redis.flushall()
        alone = desk_of(redis_url, business)
        mine = [(number, step) for number, step in enumerate(steps) if step[0] == place]
        assert [do(alone, number, step) for number, step in mine] == told[place]
        assert alone.standing() == together[place]


#: Keys of a call bear its id, and a call is one business's. RQ's own have limits of their own.
OF_A_CALL = ("call:{",)
OF_RQ = ("rq:",)


def test_every_key_lapses_and_is_a_businesss_or_a_calls(redis_url: str, redis: Redis) -> None:
    redis.flushall()
    desks = [desk_of(redis_url, business) for business in BUSINESSES]
    for number, wish in enumerate(["book", "find", "book", "cancel", "find"]):
        for place, desk in enumerate(desks):
            do(desk, number, (place, number % 2, wish, number % 3))

    names = [key.decode() for key in redis.keys("*")]  # type: ignore[union-attr]
    ours = [name for name in names if not name.startswith(OF_RQ)]
    assert [name for name in ours if redis.ttl(name) == -1] == []
    owner = redis.get("calendar:{main}:owner")
    assert owner is not None
    others = {business for business in BUSINESSES if business.encode() != owner}
    of_businesses = [name for name in ours if not name.startswith(OF_A_CALL)]
    allowed = ["calendar:{main}:"]
    for business in BUSINESSES:
        allowed += [f"business:{business}:", f"calendar:{{{business}}}:"]
    assert [name for name in of_businesses if not name.startswith(tuple(allowed))] == []
    for business in others:
        assert any(name.startswith(f"calendar:{{{business}}}:") for name in of_businesses)
        assert any(name.startswith(f"business:{business}:caller:") for name in of_businesses)
