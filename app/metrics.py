"""Metrics in Prometheus form.

Made with `prometheus_client`. Where `PROMETHEUS_MULTIPROC_DIR` is set before the first import (as
`app.gunicorn` does), all processes of one machine are counted together.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

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
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

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


Counts = dict[tuple[str, tuple[tuple[str, str], ...]], float]
"""Counters by the name of the sample and its labels in order."""


def render(more: Counts | None = None) -> bytes:
    """All metrics as Prometheus text, with `more` counted in."""
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    if not more:
        return generate_latest(registry)
    together = CollectorRegistry(auto_describe=False)
    together.register(_Together(registry, more))
    return generate_latest(together)


class _Together(Collector):
    """What a registry counts and what was counted elsewhere."""

    def __init__(self, registry: CollectorRegistry, more: Counts) -> None:
        self._registry = registry
        self._more = more

    def collect(self) -> Iterator[Metric]:
        left = dict(self._more)
        for metric in self._registry.collect():
            if metric.type == "counter":
                name = f"{metric.name}_total"
                metric.samples = [
                    sample._replace(value=sample.value + left.pop(_key(sample), 0.0))
                    for sample in metric.samples
                ]
                for key in [key for key in left if key[0] == name]:
                    metric.add_sample(name, dict(key[1]), left.pop(key))
            yield metric
        for name in sorted({name for name, _ in left}):
            metric = Metric(name.removesuffix("_total"), "Counted by workers", "counter")
            for key in [key for key in left if key[0] == name]:
                metric.add_sample(name, dict(key[1]), left[key])
            yield metric


def _key(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    return sample.name, tuple(sorted(sample.labels.items()))


CALLS_LIVE = gauge("calls_live", "Calls with an open socket", ("channel",))
CALLS_TOTAL = counter("calls_total", "Calls taken up", ("channel", "how"))
CALLS_UNANSWERED = counter(
    "calls_unanswered_total", "Calls that no agent answers", ("channel", "why")
)
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
