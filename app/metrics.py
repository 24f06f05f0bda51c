"""Metrics in Prometheus form.

Made with `prometheus_client`. Where `PROMETHEUS_MULTIPROC_DIR` is set before the first import (as
`app.gunicorn` does), all processes of one machine are counted together.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
#: Upper bounds in seconds for everything a caller waits for.
WAIT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)


def counter(name: str, text: str, labels: Sequence[str] = ()) -> Counter:
    """A counter of this name; call `.labels(...)` where it has labels, then `.inc()`."""
    return Counter(name, text, labels)


def gauge(name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """A gauge of this name, summed over the living processes of the machine."""
    return Gauge(name, text, labels, multiprocess_mode="livesum")


def histogram(
    name: str, text: str, labels: Sequence[str] = (), buckets: Sequence[float] = WAIT_BUCKETS
) -> Histogram:
    """A histogram of seconds of this name."""
    return Histogram(name, text, labels, buckets=buckets)


def render() -> bytes:
    """All metrics as Prometheus text."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


CALLS_LIVE = gauge("calls_live", "Calls with an open socket", ("channel",))
CALLS_TOTAL = counter("calls_total", "Calls taken up", ("channel", "how"))
TURNS_TOTAL = counter("turns_total", "Requests for a response, by how they ended", ("ended",))
FIRST_TOKEN = histogram("first_token_seconds", "Request to first spoken content", ("channel",))
BARGE_INS = counter("barge_ins_total", "Interruptions of the agent by the caller", ("kind",))
HOLDING_LINES = counter("holding_lines_total", "Holding lines spoken", ("why",))
MODEL_SESSIONS = counter("model_sessions_total", "Model sessions by outcome", ("outcome",))
MODEL_TOKENS = counter("model_tokens_total", "Tokens used", ("modality", "direction"))
EFFECTS_TOTAL = counter("effects_total", "Side effects by tool and final state", ("tool", "state"))
EFFECT_WAIT = histogram("effect_seconds", "Side effect asked to result in the call", ("tool",))
WEBHOOKS_TOTAL = counter("webhooks_total", "Webhooks by event and answer", ("event", "answer"))
ERRORS_TOTAL = counter("errors_total", "Unexpected errors by place", ("place",))
