"""The WSGI application, served by ``gunicorn -c python:app.gunicorn wsgi:app``."""

from __future__ import annotations

import os

from app import create_app
from app.settings import Settings

app = create_app(Settings.from_env(os.environ))
