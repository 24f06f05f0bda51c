"""Has the model answer a turn of a recorded call again: `SecondAnswer` decides, this performs.

Costs what a response costs. It is counted into the usage of the business, and refused where that
business has used up its month.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from zoneinfo import ZoneInfo

from gevent.lock import BoundedSemaphore
from gevent.queue import Empty, Queue

from app import logs, metrics
from app.adapters.agents import prices
from app.adapters.calls.usage import UsageStore
from app.adapters.realtime.client import RealtimeModel
from app.bridges.channels.model_sockets import ModelSockets
from app.bridges.monthly_budget import over_budget
from app.bridges.services import Services
from app.bridges.tasks import Tasks
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.call import events
from app.core.call.cost import CostMeter
from app.core.record.again import Moment, SecondAnswer
from app.core.usage.counts import DIRECTIONS, Counts
from app.errors import TooMany, Unavailable

#: The longest a second answer may take.
LIMIT_S = 20.0
#: How long its session may take to close.
CLOSE_S = 1.0
#: Second answers at a time in one process: calls come first.
MOST_AT_ONCE = 2

log = logs.get(__name__)
ANSWERS = metrics.counter("second_answers_total", "Turns answered again, by how it ended", ("how",))
_places = BoundedSemaphore(MOST_AT_ONCE)


def answer_again(services: Services, moment: Moment, agent: Agent) -> SecondAnswer:
    """The answer of `agent`, whose instructions may have been changed, to the moment's turn.

    Raises `TooMany` where the budget is used up or others ask already, `Unavailable` where there
    is no answer in time or the model is away, and `SettingsError`.
    """
    services.drain.check()
    spent = over_budget(services, agent, "again")
    if spent:
        raise TooMany(spent)
    if not _places.acquire(blocking=False):
        raise TooMany("other turns are being answered again; try again in a moment")
    try:
        return _answer(services, moment, agent)
    finally:
        _places.release()


def _answer(services: Services, moment: Moment, agent: Agent) -> SecondAnswer:
    table = prices.load().on(dt.datetime.fromtimestamp(time.time(), dt.UTC).date())
    model = services.settings_of(agent).realtime_model
    second = SecondAnswer(moment, services.catalog.equip(agent), model, table)
    try:
        _converse(services.model_of(agent), second)
    finally:
        _count(services, agent, second.cost)
    how = second.over if second.over in ("answered", "not_run") else "failed"
    ANSWERS.labels(how).inc()
    if how == "failed":
        raise Unavailable(f"{second.over}; try again")
    return second


def _converse(model: RealtimeModel, second: SecondAnswer) -> None:
    """Open a session, and let it talk until the answer is over. Raises `Unavailable`."""
    came: Queue[events.Event] = Queue()
    tasks = Tasks("second answer")
    sockets = ModelSockets(model, tasks, came.put)
    until = time.monotonic() + LIMIT_S
    try:
        actions = second.start(time.time())
        while True:
            for action in actions:
                if isinstance(action, events.ToModel):
                    sockets.send(action)
                elif isinstance(action, events.OpenModel):
                    tasks.spawn(sockets.open, action, "")
                elif isinstance(action, events.CloseModel):
                    sockets.close(action.session)
            if second.over:
                return
            event = came.get(timeout=max(0.0, until - time.monotonic()))
            actions = second.handle(event, time.time())
    except Empty:
        raise Unavailable(f"the model gave no answer within {LIMIT_S:.0f} seconds") from None
    finally:
        sockets.close_all()
        tasks.join(CLOSE_S)


def _count(services: Services, agent: Agent, cost: CostMeter) -> None:
    """Count what it has cost into the usage of the business, as no call."""
    if not cost.responses:
        return
    who = AgentRef.to(agent)
    day = dt.datetime.fromtimestamp(time.time(), ZoneInfo(agent.time_zone)).date()
    store = UsageStore(services.redis, services.settings)
    try:
        store.count(f"again-{uuid.uuid4().hex}", who, day, counts_of(cost))
    except Unavailable as error:
        log.warning("a second answer was not counted", extra={"why": error.message})


def counts_of(cost: CostMeter) -> Counts:
    """What was used, as usage counts it."""
    counts: Counts = {"nano_usd": cost.nano}
    for kind, used in cost.tokens.items():
        for way in DIRECTIONS:
            counts[f"{kind}_{way}"] = int(getattr(used, way))
    return counts
