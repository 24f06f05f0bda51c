"""A Flask app with only the routes under test, over a real Redis."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Blueprint, Flask

from app.adapters import agents, language
from app.adapters.calls import CallStore
from app.adapters.effects import EffectStore
from app.adapters.redis import connect
from app.adapters.replies import Replies
from app.settings import Settings
from app.web import errors


def make_app(settings: Settings, *blueprints: Blueprint, **services: Any) -> Flask:
    """An app with these blueprints; `services` replaces or adds single services."""
    app = Flask("test")
    errors.register(app)
    client = connect(settings)
    effects = EffectStore(client, settings)
    given: dict[str, Any] = {
        "settings": settings,
        "agents": agents.load(),
        "redis": client,
        "calls": CallStore(client, settings),
        "effects": effects,
        "replies": Replies(settings, "test-process", effects),
        "engine": language.engine(),
        "process_id": "test-process",
    }
    app.extensions["services"] = SimpleNamespace(**given | services)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app
