"""A backend for Retell AI phone agents. Layers and their rules: `docs/architecture.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.settings import Settings


def create_app(settings: Settings) -> Flask:
    """The WSGI application: routes, services, errors as JSON.

    Opens no connection. Raises `SettingsError` where the agent's file is wrong.
    """
    from app.web.application import create

    return create(settings)
