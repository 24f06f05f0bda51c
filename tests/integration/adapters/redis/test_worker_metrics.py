"""What workers count is shown by the web, once, and together with the web's own."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY, CollectorRegistry, Counter
from redis import Redis

from app import metrics
from app.adapters.redis import keys
from app.adapters.redis.worker_metrics import WorkerMetrics
from app.bridges.channels import note_uses
from app.settings import Settings
from app.web import api, health
from tests.support.web_app import make_app


@pytest.fixture
def client(redis_url: str) -> FlaskClient:
    return make_app(Settings(redis_url=redis_url), health.bp, api.bp).test_client()


def test_counts_of_two_workers_are_added_to_the_webs(redis: Redis, client: FlaskClient) -> None:
    for count in (3, 4):
        registry = CollectorRegistry()
        told = Counter("effects_total", "", ("tool", "state"), registry=registry)
        Counter("only_workers_total", "", registry=registry).inc(count)
        worker = WorkerMetrics(redis, registry)
        told.labels("from_a_test", "done").inc(count)
        worker.report()
        told.labels("from_a_test", "done").inc()
        worker.report()
        worker.report()
    metrics.EFFECTS_TOTAL.labels("from_a_test", "done").inc()
    text = client.get("/metrics").text
    assert 'effects_total{state="done",tool="from_a_test"} 10.0' in text
    assert "only_workers_total 7.0" in text
    assert text.count("# TYPE effects_total counter") == 1
    assert "calls_live" in text
    assert redis.ttl(keys.WORKER_METRICS) > 0


def test_the_webs_own_are_shown_while_redis_is_away(free_port: int) -> None:
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port}/0")
    client = make_app(settings, health.bp).test_client()
    for _ in range(2):
        assert "calls_live" in client.get("/metrics").text


def test_one_machine_shows_the_workers_counters(redis: Redis, redis_url: str) -> None:
    registry = CollectorRegistry()
    Counter("only_workers_total", "", registry=registry).inc(3)
    WorkerMetrics(redis, registry).report()
    texts = [
        make_app(Settings(redis_url=redis_url, port=port), health.bp).test_client().get("/metrics")
        for port in (8001, 8002, 8001)
    ]
    assert ["only_workers_total 3.0" in answer.text for answer in texts] == [True, False, True]
    redis.delete(keys.METRICS_SHOWN_BY)  # as if the first were scraped no more
    late = make_app(Settings(redis_url=redis_url, port=8002), health.bp).test_client()
    assert "only_workers_total 3.0" in late.get("/metrics").text


def test_names_are_in_the_units_of_prometheus() -> None:
    """What `promtool check metrics` holds against names."""
    assert note_uses.AUDIO_LOST
    names = {metric.name for metric in REGISTRY.collect()}
    wrong = re.compile(r"(^|_)(ms|milliseconds|minutes|hours|kb|mb|kilobytes|percent)(_|$)")
    assert [name for name in sorted(names) if wrong.search(name)] == []
