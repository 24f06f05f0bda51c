"""GET /api/events: what belongs to no call is seen."""

from __future__ import annotations

from app.rehearsal.webhook_samples import sample
from app.settings import Settings
from app.web import api, webhooks
from tests.support.web_app import make_app


def test_alerts_and_unknown_events_without_a_call(redis_url: str) -> None:
    client = make_app(Settings(redis_url=redis_url), webhooks.bp, api.bp).test_client()
    assert client.get("/api/events").json == {"alerts": [], "unknown": []}
    for event in ("alert_triggered", "alert_resolved"):
        assert (
            client.post("/webhook/retell", json=sample(event, "incident_1", 1)).status_code == 200
        )
    answer = client.post("/webhook/retell", json={"event": "agent_published", "agent": {"v": 3}})
    assert (answer.status_code, answer.get_json()["ignored"]) == (200, True)
    found = client.get("/api/events").get_json()
    assert [alert["event"] for alert in found["alerts"]] == ["alert_resolved", "alert_triggered"]
    assert found["alerts"][0]["name"] == "Custom LLM errors"
    assert [event["event"] for event in found["unknown"]] == ["agent_published"]


def test_they_are_for_admins(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, admin_token="secret")
    client = make_app(settings, api.bp).test_client()
    assert client.get("/api/events").status_code == 403
