"""What only routes use, one of each per process. Made in `app.web.application`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from app.adapters.audio.prerecorded import LineStore
from app.adapters.calls.intake import Intake
from app.adapters.calls.plays import Plays
from app.adapters.calls.reports import ReportStore
from app.adapters.calls.usage import UsageStore
from app.adapters.redis.breaker import Breaker
from app.adapters.redis.guards import Guards
from app.adapters.tokens.business import BusinessTokens
from app.adapters.tokens.media import MediaTokens
from app.adapters.tokens.socket import SocketTokens
from app.web.calls.streams import LiveCalls, Streams
from app.web.console.scenarios.runner import ScenarioRunner
from app.web.early_intents import EarlyIntents
from app.web.feed import Feed
from app.web.guard.admission import Admission
from app.web.guard.attempts import Attempts
from app.web.guard.body import Bodies
from app.web.metrics_page import MetricsPage


@dataclass(frozen=True)
class Edge:
    """All are safe to use from any greenlet.

    `breaker` stands between Redis and what may be refused and sent again (webhooks, functions),
    `ringing` between Redis and calls that ring, which are let in without it.
    """

    admission: Admission
    bodies: Bodies
    breaker: Breaker
    ringing: Breaker
    guards: Guards
    attempts: Attempts
    business_tokens: BusinessTokens
    intake: Intake
    early_intents: EarlyIntents
    socket_tokens: SocketTokens
    media_tokens: MediaTokens
    lines: LineStore
    feed: Feed
    metrics_page: MetricsPage
    reports: ReportStore
    usage: UsageStore
    live_calls: LiveCalls
    streams: Streams
    plays: Plays
    scenarios: ScenarioRunner


def edge() -> Edge:
    """The running app's."""
    return cast(Edge, current_app.extensions["edge"])
