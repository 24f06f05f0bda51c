"""The console's door: a page to sign in on, a cookie, forms that other sites cannot send."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.bridges.drain import Drain
from app.settings import Settings
from app.web import api, talk
from app.web.console import auth, start
from app.web.guard import access
from tests.support.web_app import make_app

ADMIN = "admin-secret"
PRODUCTION: dict[str, Any] = {"env": "production", "admin_token": ADMIN, "socket_token": "s"}
HTML = {"Accept": "text/html"}


def client_for(url: str, **changes: Any) -> FlaskClient:
    settings = Settings(redis_url=url, **{**PRODUCTION, **changes})
    blueprints = (auth.bp, start.bp, talk.bp, api.bp)
    client = make_app(settings, *blueprints, drain=Drain()).test_client()
    client.environ_base["HTTP_ACCEPT"] = HTML["Accept"]
    return client


@pytest.fixture
def client(redis_url: str) -> FlaskClient:
    return client_for(redis_url)


def form_of(client: FlaskClient, path: str = "/console/sign-in") -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def sign_in(client: FlaskClient, token: str = ADMIN, **fields: str) -> Any:
    mark = form_of(client)
    return client.post("/console/sign-in", data={"token": token, "form_token": mark, **fields})


@pytest.mark.parametrize("path", ["/console", "/console/talk", "/console/talk?agent=Mia"])
def test_a_page_leads_to_the_sign_in_and_back(client: FlaskClient, path: str) -> None:
    away = client.get(path, headers=HTML)
    assert away.status_code == 303
    assert away.headers["Location"].startswith("/console/sign-in?next=")
    page = client.get(away.headers["Location"])
    assert page.status_code == 200
    wanted = re.search(r'name="next" value="([^"]+)"', page.text)
    assert wanted is not None
    back = sign_in(client, next=wanted[1].replace("&amp;", "&"))
    assert (back.status_code, back.headers["Location"]) == (303, path)
    assert client.get(path).status_code == 200


def test_the_root_leads_to_the_console(client: FlaskClient) -> None:
    assert client.get("/").headers["Location"] == "/console"


def test_the_cookie_is_kept_from_scripts_and_other_sites(redis_url: str) -> None:
    client = client_for(redis_url, public_url="https://agent.example.com")
    (cookie,) = [
        line
        for line in sign_in(client).headers.getlist("Set-Cookie")
        if line.startswith(access.COOKIE)
    ]
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= set(cookie.split("; "))
    assert ADMIN not in cookie


def test_a_wrong_token_is_told_and_tries_are_few(client: FlaskClient) -> None:
    answers = [sign_in(client, "guess") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [403] * 10 + [429]
    assert "neither the ADMIN_TOKEN" in answers[0].text
    assert answers[-1].headers["Retry-After"]
    assert client.get("/console").status_code == 303


def test_a_form_of_another_site_signs_nobody_in(client: FlaskClient) -> None:
    assert client.post("/console/sign-in", data={"token": ADMIN}).status_code == 403
    mark = form_of(client)
    fields = {"token": ADMIN, "form_token": mark}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = client.post("/console/sign-in", data=fields, headers=headers)
        assert answer.status_code == 403
        mark = form_of(client)
        fields["form_token"] = mark


def test_a_signed_in_browser_reads_the_api_and_changes_from_our_pages_only(
    client: FlaskClient,
) -> None:
    assert client.get("/api/calls").status_code == 403
    assert client.post("/console/talk/call").status_code == 403
    sign_in(client)
    assert client.get("/api/calls").status_code == 200
    assert client.post("/console/talk/call").status_code == 403
    for headers, status in (
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({access.FORM_HEADER: form_of(client, "/console")}, 200),
        ({access.FORM_HEADER: "wrong", "Sec-Fetch-Site": "same-origin"}, 403),
    ):
        assert client.post("/console/talk/call", headers=headers).status_code == status, headers


def test_signing_out(client: FlaskClient) -> None:
    sign_in(client)
    assert client.post("/console/sign-out", data={"form_token": "x"}).status_code == 403
    token = form_of(client, "/console")
    assert client.post("/console/sign-out", data={"form_token": token}).status_code == 303
    assert client.get("/console").status_code == 303


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/console", "//evil.example", "/console//evil", "/api", "/console\\x"],
)
def test_it_leads_nowhere_else(client: FlaskClient, wanted: str) -> None:
    assert sign_in(client, next=wanted).headers["Location"] == "/console"


def test_programs_give_the_token_as_ever(client: FlaskClient) -> None:
    bearer = {"Authorization": f"Bearer {ADMIN}"}
    assert client.get("/console", headers=bearer).status_code == 200
    assert client.post("/console/talk/call", headers=bearer).status_code == 200
    assert client.get("/api/calls", headers={"Authorization": "Bearer x"}).status_code == 403


def test_a_program_without_a_token_is_not_led_about(client: FlaskClient) -> None:
    answer = client.get("/console/talk", headers={"Accept": "*/*"})
    assert answer.status_code == 403
    assert answer.get_json()["error"]["code"] == "forbidden"


def test_development_asks_nobody(redis_url: str) -> None:
    client = client_for(redis_url, env="development", admin_token="")
    page = client.get("/console")
    assert page.status_code == 200
    assert "Development" in page.text


def test_redis_away_shows_a_page_all_the_same(free_port: int) -> None:
    client = client_for(f"redis://127.0.0.1:{free_port}/0")
    sign_in(client)
    assert "Redis is away" in client.get("/console").text
