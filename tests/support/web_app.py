"""A Flask app with only the routes under test, over a real Redis."""

from __future__ import annotations

import re
from functools import partial
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Flask
from flask.testing import FlaskClient

from app.adapters.agents.tenancy import settings_of
from app.adapters.agents.versions.opening import open_desk
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calls.store import CallStore
from app.adapters.intent import engine
from app.adapters.mcp.catalog import McpCatalog
from app.adapters.redis.client import connect
from app.adapters.tools.replies import Replies
from app.adapters.tools.store import EffectStore
from app.bridges.drain import Drain
from app.bridges.services import Services
from app.settings import Settings
from app.web import errors
from app.web.application import build_edge
from app.web.guard import access


def make_app(settings: Settings, *blueprints: Blueprint, **services: Any) -> Flask:
    """An app with these blueprints; `services` replaces or adds single services."""
    app = Flask("test")
    errors.register(app)
    access.register(app)
    client = connect(settings)
    effects = EffectStore(client, settings)
    agent_desk = open_desk(settings, client, "test-process")
    given: dict[str, Any] = {
        "settings": settings,
        "agents": agent_desk.source.directory,
        "agent_desk": agent_desk,
        "catalog": McpCatalog(client),
        "redis": client,
        "calls": CallStore(client, settings),
        "effects": effects,
        "replies": Replies(settings, "test-process", effects),
        "engine": engine.engine(),
        "process_id": "test-process",
        "drain": Drain(),
        "embedded": Calendars(client),
    }
    made = SimpleNamespace(**given | services)
    made.settings_of = lambda agent: settings_of(made.settings, agent.home)
    for name in ("calendar_url_of", "calendar_of", "shares_calendar"):
        setattr(made, name, partial(getattr(Services, name), made))
    app.extensions["services"] = made
    app.extensions["edge"] = build_edge(made)  # type: ignore[arg-type]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def sign_in(client: FlaskClient, token: str) -> None:
    """Sign the client in to the console, as a browser would."""
    page = client.get("/console/sign-in").text
    (mark,) = re.findall(r'name="form_token" value="([^"]+)"', page)
    answer = client.post("/console/sign-in", data={"token": token, "form_token": mark})
    assert answer.status_code == 303, answer.text
