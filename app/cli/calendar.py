"""See and steer the calendar that the agents book into.

  calendar                          the coming appointments
  calendar block START END          keep time free: 2026-12-24T12:00, or 2026-12-24 for whole days
                                    (END exclusive); --rule "FREQ=WEEKLY;BYDAY=FR" again and again,
                                    --resource Anna one of a resource only
  calendar blocks                   what is blocked
  calendar unblock ID               free it again
  calendar pause [--minutes N]      take no bookings for now; callers are told that they are noted
  calendar resume                   take bookings again

Blocks are for the embedded calendar; other calendars have programs of their own. Without REDIS_URL
it looks at the Redis of a running `python -m app dev`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import uuid

from app.adapters.agents.tenancy import settings_of
from app.adapters.calendars.blocks import Block, check_block
from app.adapters.calendars.factory import open_calendar
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calendars.redis import RedisCalendar
from app.adapters.redis import client as redis
from app.adapters.redis import keys
from app.cli.agent_sources.known import load_agents
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.core.booking.rules import BookingRules
from app.errors import BadRequest, NotFound
from app.local.stack import beside
from app.settings import Settings

NAME = "calendar"
HELP = "see the appointments, block time, pause and resume bookings"

ACTIONS = ("list", "block", "blocks", "unblock", "pause", "resume")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("action", nargs="?", default="list", choices=ACTIONS)
    parser.add_argument("what", nargs="*", metavar="…", help="START END, or the id of a block")
    parser.add_argument("--title", default="Blocked", help="what a block is called")
    parser.add_argument("--rule", default="", help="RRULE of RFC 5545 for a block that recurs")
    parser.add_argument("--resource", default="", help="what a block takes one of, not everything")
    parser.add_argument("--minutes", type=int, default=60, help="how long to pause (default: 60)")
    parser.add_argument("--business", default="", help="whose calendar (default: the default's)")
    parser.add_argument("--days", type=int, default=30, help="how far to list (default: 30)")


def agent_for(agents: Directory, business: str) -> Agent:
    """An agent of the business, by its id; the default agent where none is named, or the first.

    Raises `NotFound`.
    """
    if not business:
        if not agents.all:
            raise NotFound("there are no agents yet")
        return agents.only_default or agents.all[0]
    found = agents.of_business(business)
    if not found:
        known = ", ".join(sorted(agents.businesses))
        raise NotFound(f"no business {business!r}; known are {known}")
    return found[0]


def run(args: argparse.Namespace) -> int:
    """Do it; 0 if it was done."""
    settings = Settings.of_command(beside(os.environ))
    agents = load_agents(settings).agents
    agent = agent_for(agents, args.business)
    rules = agent.booking
    with redis.connect(settings, connections=2) as client:
        if args.action == "pause":
            client.set(keys.BOOKINGS_PAUSED, "1", ex=max(1, args.minutes) * 60)
            print(f"No bookings for {args.minutes} minutes, or until `calendar resume`.")
            return 0
        if args.action == "resume":
            print("Bookings are taken." if client.delete(keys.BOOKINGS_PAUSED) else "Not paused.")
            return 0
        given = settings_of(settings, agent.home).calendar_url
        url = Calendars(client).url_of(given, agent.home.id, agents)
        calendar = open_calendar(url, client, rules)
        now = dt.datetime.now(dt.UTC)
        if args.action == "list":
            for item in calendar.events(now, now + dt.timedelta(days=args.days)):
                local = item.start.astimezone(rules.zone)
                state = "cancelled" if item.cancelled else "booked"
                print(f"{local:%a %Y-%m-%d %H:%M}  {state:<9}  {item.summary}")
            return 0
        if not isinstance(calendar, RedisCalendar):
            raise BadRequest("time is blocked in the calendar's own program")
        return _blocks(args, calendar, rules)


def _blocks(args: argparse.Namespace, calendar: RedisCalendar, rules: BookingRules) -> int:
    if args.action == "blocks":
        for block in calendar.blocked():
            told = (block.resource, block.rule, block.title)
            shown = "  ".join(part for part in told if part)
            print(f"{block.id}  {block.start} to {block.end}  {shown}")
        return 0
    if args.action == "unblock":
        gone = [calendar.unblock(block_id) for block_id in args.what]
        print(f"{sum(gone)} freed.")
        return 0 if gone and all(gone) else 1
    if len(args.what) != 2:
        raise BadRequest("block needs START and END")
    start, end = args.what
    if args.resource and rules.resource(args.resource) is None:
        known = ", ".join(item.name for item in rules.resources) or "none"
        raise BadRequest(f"no resource is named {args.resource}; the agent's file has: {known}")
    block = Block(uuid.uuid4().hex[:8], start, end, args.title, args.rule, resource=args.resource)
    try:
        check_block(block, rules.zone)
    except BadRequest:
        raise BadRequest("START, END or --rule cannot be read") from None
    calendar.block(block)
    print(f"Blocked as {block.id}.")
    return 0
