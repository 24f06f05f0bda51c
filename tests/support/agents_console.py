"""The console's pages of agents and businesses, in one process over a Redis."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import yaml
from flask.testing import FlaskClient

from app.settings import Settings
from app.web.console import auth, try_call
from app.web.console.agents import edit, new, remove, routes, versions
from tests.support.web_app import make_app

HERE = {"Sec-Fetch-Site": "same-origin"}
PRODUCTION = {"env": "production", "admin_token": "a", "socket_token": "s"}
AGENTS = """
default: ada
businesses:
  bakery: {name: Bakery, time_zone: Europe/Berlin}
agents:
  - {id: ada, name: Ada, business: bakery, instructions: Sell cake.}
  - {id: ben, name: Ben, business: Salon, instructions: Cut hair.}
"""
ADA = {"id": "ada", "name": "Ada", "business": "bakery", "instructions": "Sell cake."}
BLUEPRINTS = (
    *(auth.bp, routes.bp, edit.bp, versions.bp, new.bp, remove.bp),
    try_call.bp,
)


class AgentsConsole:
    """A browser at these pages. A path is one below /console/agents/, or below /console where it
    begins with "/"."""

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        path = folder / "agents.yaml"
        path.write_text(AGENTS, encoding="utf-8")
        self.settings = Settings(redis_url=url, agent_file=str(path), **settings)
        app = make_app(self.settings, *BLUEPRINTS)
        self.services = app.extensions["services"]
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT"] = "text/html"

    def see(self, path: str, status: int = 200) -> str:
        answer = self.client.get(_whole(path))
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, status: int = 200, **fields: str) -> Any:
        answer = self.client.post(_whole(path), data=fields, headers=HERE)
        assert answer.status_code == status, answer.text
        return answer

    def base(self, path: str = "ada/edit") -> str:
        """What a change that is made on this page is based on."""
        (found,) = re.findall(r'name="base" value="([\w-]*)"', self.see(path))
        return str(found)

    def text(self, path: str) -> str:
        """What stands in the editor."""
        (found,) = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", self.see(path), re.DOTALL)
        return html.unescape(found)

    def save(self, data: dict[str, Any], status: int = 303, base: str = "", **fields: str) -> Any:
        text = yaml.safe_dump(data)
        return self.send(
            "ada/edit", status, act="save", text=text, base=base or self.base(), **fields
        )

    @property
    def greeting(self) -> str:
        """What the agent in force begins with."""
        found = self.services.agents.named("ada")
        return str(found.lines.greeting)


def _whole(path: str) -> str:
    return f"/console{path}" if path.startswith("/") else f"/console/agents/{path}"
