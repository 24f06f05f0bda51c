"""GET /health, /ready and /metrics."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from app import metrics
from app.adapters.redis.client import guard
from app.adapters.release import release
from app.bridges.services import services
from app.errors import Unavailable
from app.web.edge import edge

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
        "release": release(),
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
    return Response(edge().metrics_page.page(), content_type=metrics.CONTENT_TYPE)
