"""Puts the application together: services, blueprints, sockets, errors. Nothing else is here."""

from __future__ import annotations

import importlib
import importlib.util
import os
import uuid

from flask import Flask
from flask.json.provider import DefaultJSONProvider

from app.adapters.agents import files
from app.adapters.calls.store import CallStore
from app.adapters.intent import engine
from app.adapters.realtime.client import RealtimeModel
from app.adapters.redis.client import connect
from app.adapters.tools.replies import Replies
from app.adapters.tools.store import EffectStore
from app.bridges.drain import Drain
from app.bridges.services import Services
from app.settings import Settings
from app.web import errors

#: Modules with a blueprint `bp`, in the order of the contract's table.
BLUEPRINTS = (
    "webhooks",
    "analyse",
    "inbound",
    "functions",
    "sockets",
    "twilio",
    "talk",
    "health",
    "api",
    "calendar",
)


def create(settings: Settings) -> Flask:
    """See `app.create_app`."""
    app = Flask("app")
    app.config["SOCK_SERVER_OPTIONS"] = {"max_frame": settings.max_frame_bytes}
    app.json = _Json(app)
    app.extensions["services"] = build_services(settings)
    errors.register(app)
    for name in BLUEPRINTS:
        if importlib.util.find_spec(f"app.web.{name}") is None:
            continue
        app.register_blueprint(importlib.import_module(f"app.web.{name}").bp)
    return app


class _Json(DefaultJSONProvider):
    """People read these answers too: in lines, in the order they were made."""

    compact = False
    sort_keys = False


def build_services(settings: Settings) -> Services:
    """One of each service, none of them connected yet."""
    process_id = f"{os.environ.get('DYNO', 'web')}-{uuid.uuid4().hex[:12]}"
    redis = connect(settings)
    effects = EffectStore(redis, settings)
    return Services(
        settings=settings,
        agents=files.load(settings.agent_file or None),
        redis=redis,
        calls=CallStore(redis, settings),
        effects=effects,
        replies=Replies(settings, process_id, effects),
        model=RealtimeModel.from_settings(settings),
        engine=engine.engine(),
        drain=Drain(limit_s=settings.drain_s, max_calls=settings.max_calls),
        process_id=process_id,
    )
