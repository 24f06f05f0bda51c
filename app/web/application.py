"""Puts the application together: services, blueprints, sockets, errors.

Every service that routes use is made here, once, and none is connected yet. Nothing is registered
by being imported.
"""

from __future__ import annotations

import os
import socket
import uuid

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from app.adapters.agents.versions.opening import open_desk
from app.adapters.audio.prerecorded import LineStore
from app.adapters.calendars.checks import CalendarCheck
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calls.intake import Intake
from app.adapters.calls.plays import Plays
from app.adapters.calls.reports import ReportStore
from app.adapters.calls.store import CallStore
from app.adapters.calls.usage import UsageStore
from app.adapters.intent import engine
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.realtime.client import RealtimeModel, RealtimeModels
from app.adapters.redis.breaker import Breaker
from app.adapters.redis.client import connect
from app.adapters.redis.guards import Guards
from app.adapters.redis.worker_metrics import WorkerMetrics
from app.adapters.release import release
from app.adapters.tokens.business import BusinessTokens
from app.adapters.tokens.media import MediaTokens
from app.adapters.tokens.socket import SocketTokens
from app.adapters.tools.replies import Replies
from app.adapters.tools.store import EffectStore
from app.bridges.drain import Drain
from app.bridges.services import Services
from app.settings import Settings
from app.web import (
    analyse,
    api,
    calendar,
    errors,
    functions,
    health,
    inbound,
    sockets,
    talk,
    tokens,
    tools,
    twilio,
    webhooks,
)
from app.web.calls import live, scenario, sound
from app.web.calls.streams import LiveCalls, Streams
from app.web.config import routes as config
from app.web.console import (
    again,
    auth,
    call,
    calls,
    doctor,
    figures,
    jobs,
    listen,
    record,
    start,
    try_break,
    try_call,
)
from app.web.console.agents import edit as console_agent_edit
from app.web.console.agents import new as console_agent_new
from app.web.console.agents import remove as console_agent_remove
from app.web.console.agents import routes as console_agents
from app.web.console.agents import versions as console_agent_versions
from app.web.console.calendar import appointments as console_appointments
from app.web.console.calendar import routes as console_calendar
from app.web.console.scenarios import routes as console_scenarios
from app.web.console.scenarios.runner import ScenarioRunner
from app.web.early_intents import EarlyIntents
from app.web.edge import Edge
from app.web.feed import Feed
from app.web.guard import access
from app.web.guard.admission import Admission
from app.web.guard.attempts import Attempts
from app.web.guard.body import Bodies
from app.web.metrics_page import MetricsPage
from app.web.phone import routes as phone

#: In the order of the contract's table.
BLUEPRINTS = (
    webhooks.bp,
    analyse.bp,
    inbound.bp,
    functions.bp,
    sockets.bp,
    twilio.bp,
    phone.bp,
    talk.bp,
    health.bp,
    api.bp,
    tools.bp,
    config.agents,
    config.businesses,
    tokens.bp,
    live.bp,
    sound.bp,
    scenario.bp,
    calendar.bp,
    auth.bp,
    start.bp,
    calls.bp,
    call.bp,
    record.bp,
    again.bp,
    listen.bp,
    figures.bp,
    console_agents.bp,
    console_agent_edit.bp,
    console_agent_versions.bp,
    console_agent_new.bp,
    console_agent_remove.bp,
    console_calendar.bp,
    console_appointments.bp,
    jobs.bp,
    doctor.bp,
    try_call.bp,
    try_break.bp,
    console_scenarios.bp,
)


def create(settings: Settings) -> Flask:
    """See `app.create_app`."""
    app = Flask("app")
    app.config["SOCK_SERVER_OPTIONS"] = {"max_frame": settings.max_frame_bytes}
    app.json = _Json(app)
    services = build_services(settings)
    app.extensions["services"] = services
    app.extensions["edge"] = build_edge(services)
    errors.register(app)
    access.register(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


class _Json(DefaultJSONProvider):
    """People read these answers too: in lines, in the order they were made."""

    compact = False
    sort_keys = False


def build_services(settings: Settings) -> Services:
    """What routes and bridges share."""
    release()  # reading the program's files takes 0.1 s, for which calls would wait later
    process_id = f"{os.environ.get('DYNO', 'web')}-{uuid.uuid4().hex[:12]}"
    redis = connect(settings)
    effects = EffectStore(redis, settings)
    agent_desk = open_desk(settings, redis, process_id)
    agent_desk.source.builder.check = CalendarCheck(settings, redis)
    return Services(
        settings=settings,
        agents=agent_desk.source.directory,
        agent_desk=agent_desk,
        catalog=McpCatalog(redis),
        redis=redis,
        calls=CallStore(redis, settings),
        effects=effects,
        replies=Replies(settings, process_id, effects),
        model=RealtimeModel.from_settings(settings),
        engine=engine.engine(),
        drain=Drain(limit_s=settings.drain_s, max_calls=settings.max_calls),
        process_id=process_id,
        embedded=Calendars(redis),
        models=RealtimeModels(),
    )


def build_edge(services: Services) -> Edge:
    """What only routes use."""
    redis, settings = services.redis, services.settings
    breaker, guards, plays = Breaker(), Guards(redis), Plays(redis)
    return Edge(
        admission=Admission(trusted=settings.trusted_proxies),
        bodies=Bodies(),
        breaker=breaker,
        ringing=Breaker(),
        guards=guards,
        attempts=Attempts(guards),
        business_tokens=BusinessTokens(redis),
        intake=Intake(redis, settings, breaker),
        early_intents=EarlyIntents(redis, services.engine, services.agents),
        socket_tokens=SocketTokens(redis, settings),
        media_tokens=MediaTokens(redis, settings),
        lines=LineStore(redis, settings.realtime_model),
        feed=Feed(services),
        metrics_page=MetricsPage(WorkerMetrics(redis), _machine(settings)),
        reports=ReportStore(redis, settings),
        usage=UsageStore(redis, settings),
        live_calls=LiveCalls(redis, services.calls),
        streams=Streams(),
        plays=plays,
        scenarios=ScenarioRunner(plays, settings, services.drain),
    )


def _machine(settings: Settings) -> str:
    """A name that the processes behind one address share."""
    return f"{os.environ.get('DYNO') or socket.gethostname()}:{settings.port}"
