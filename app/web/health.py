"""GET /health, /ready and /metrics."""

from __future__ import annotations

from typing import Any

import gevent
from flask import Blueprint, Response

from app import metrics
from app.adapters.redis.client import guard
from app.adapters.redis.worker_metrics import WorkerMetrics
from app.bridges.services import services
from app.errors import Unavailable
from app.web.webhooks import breaker

#: Scrapers are answered without the workers' counters rather than late.
METRICS_LIMIT_S = 1.0

bp = Blueprint("health", __name__)


@bp.get("/health")
def health() -> dict[str, Any]:
    """True as long as the process lives. `activeSessions` counts this process's calls."""
    now = services()
    return {
        "status": "ok",
        "activeSessions": now.drain.live,
        "draining": now.drain.draining,
        "process": now.process_id,
    }


@bp.get("/ready")
def ready() -> dict[str, Any]:
    """200 where new calls can be taken; else 503 with the reason."""
    now = services()
    now.drain.check()
    try:
        with guard():
            now.redis.ping()
    except Unavailable:
        raise Unavailable("Redis is away", code="redis", retry_after=2) from None
    return {"status": "ready"}


@bp.get("/metrics")
def prometheus() -> Response:
    """All metrics as Prometheus text: this machine's web processes', and all workers' counters
    while Redis answers."""
    try:
        with breaker().guard(), gevent.Timeout(METRICS_LIMIT_S, Unavailable("too slow")):
            workers = WorkerMetrics(services().redis).read()
    except Unavailable:
        workers = {}
    return Response(metrics.render(workers), content_type=metrics.CONTENT_TYPE)
