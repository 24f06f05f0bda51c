"""Every route under /api and /console says whom it is for; what says nothing is for admins."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Blueprint, Flask
from werkzeug.routing import Rule

from app.settings import Settings
from app.web.application import create
from app.web.guard import access

ROUTES_OF_NO_TOKEN = {"/console/sign-in", "/console/assets/<path:filename>",
                      "/console/static/<path:filename>"}  # fmt: skip


@pytest.fixture(scope="module")
def app() -> Flask:
    return create(Settings(env="production", admin_token="a", socket_token="s"))


def guarded(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if access.is_guarded(rule.rule):
            yield rule


def test_every_route_says_whom_it_is_for(app: Flask) -> None:
    found = {rule.rule: access.declared(app, rule.endpoint) for rule in guarded(app)}
    assert len(found) > 15
    silent = sorted(rule for rule, access_ in found.items() if access_ is None)
    assert not silent, (
        "say @access.scoped, @access.admin_only or @access.public under the route: "
        f"{', '.join(silent)}"
    )
    assert {rule for rule, access_ in found.items() if access_ == "public"} == ROUTES_OF_NO_TOKEN


def test_no_route_opens_without_a_token(app: Flask) -> None:
    client = app.test_client()
    for rule in guarded(app):
        if rule.rule in ROUTES_OF_NO_TOKEN:
            continue
        path = re.sub(r"<int:[^>]*>", "1", rule.rule)
        path = re.sub(r"<[^>]*>", "x", path)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            assert client.open(path, method=method).status_code == 403, (method, rule.rule)


def test_a_route_that_says_nothing_is_for_admins() -> None:
    app = create(Settings(env="production", admin_token="a", socket_token="s"))
    bp = Blueprint("forgotten", __name__)
    bp.add_url_rule("/api/forgotten", "forgotten", lambda: "open")
    app.register_blueprint(bp)
    client = app.test_client()
    assert client.get("/api/forgotten").status_code == 403
    admin = client.get("/api/forgotten", headers={"Authorization": "Bearer a"})
    assert (admin.status_code, admin.text) == (200, "open")


@pytest.mark.parametrize("path", ["/apiary", "/consoles", "/", "/webhook/retell"])
def test_other_addresses_have_guards_of_their_own(path: str) -> None:
    assert not access.is_guarded(path)
