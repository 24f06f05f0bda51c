"""The files that platforms read: complete, consistent, and nothing the platforms do not know."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import json
import re
import shlex
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.errors import SettingsError
from app.settings import REQUIRED, Settings
from workers.process import SPARE_CONNECTIONS

ROOT = Path(__file__).parent.parent

#: Sources: Heroku's "app.json schema" (no other keys are allowed) and Render's "Blueprint spec".
APP_JSON_KEYS = {
    "name",
    "description",
    "keywords",
    "website",
    "repository",
    "logo",
    "success_url",
    "scripts",
    "env",
    "formation",
    "addons",
    "buildpacks",
    "environments",
    "stack",
    "image",
}
APP_JSON_ENV_KEYS = {"description", "value", "required", "generator"}
RENDER_KEYS = {"services", "envVarGroups", "databases", "previews", "projects", "ungrouped"}
RENDER_SERVICE_KEYS = {
    "type",
    "name",
    "runtime",
    "plan",
    "region",
    "buildCommand",
    "startCommand",
    "preDeployCommand",
    "healthCheckPath",
    "maxShutdownDelaySeconds",
    "autoDeployTrigger",
    "envVars",
    "numInstances",
    "scaling",
    "domains",
    "disk",
    "branch",
    "repo",
    "rootDir",
    "buildFilter",
    "maxmemoryPolicy",
    "ipAllowList",
    "previews",
}
RENDER_ENV_KEYS = {
    "key",
    "value",
    "generateValue",
    "sync",
    "fromService",
    "fromDatabase",
    "fromGroup",
}


class Recording(dict[str, str]):
    """An empty environment that remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return default


def settings_names() -> set[str]:
    env = Recording()
    with contextlib.suppress(SettingsError):  # an empty environment is not enough for production
        Settings.from_env(env)
    return env.asked


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def procfile() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text("Procfile").splitlines() if line.strip())


@pytest.fixture(scope="module")
def app_json() -> dict[str, Any]:
    value = json.loads(text("app.json"))
    assert isinstance(value, dict)
    return value


@pytest.fixture(scope="module")
def render() -> dict[str, Any]:
    value = yaml.safe_load(text("render.yaml"))
    assert isinstance(value, dict)
    return value


def test_every_setting_is_in_the_example_and_in_the_readme() -> None:
    example = set(re.findall(r"^([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    names = settings_names()
    assert names - example == set()
    assert example - names - {"DEMO", "AGENTS"} == set()
    readme = text("README.md")
    assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


def test_the_example_is_all_blank_and_therefore_harmless() -> None:
    lines = [line for line in text(".env.example").splitlines() if not line.startswith("#")]
    assert all(not line or line.endswith("=") for line in lines)


def test_exactly_one_package_manager_file() -> None:
    known = ("requirements.txt", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock")
    assert [name for name in known if (ROOT / name).exists()] == ["requirements.txt"]
    assert not (ROOT / "runtime.txt").exists()
    assert re.fullmatch(r"3\.1[1-4]\n", text(".python-version"))


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-all.txt", "requirements-dev.txt"]
)
def test_the_lock_is_whole_and_names_no_index(name: str) -> None:
    lock = text(name)
    assert "://" not in lock
    assert "--find-links" not in lock
    pinned = re.findall(r"^([a-z0-9][\w.-]*)==[^ ]+.*?\n((?:    --hash=.*\n)*)", lock, re.MULTILINE)
    assert len(pinned) > 30
    assert [package for package, hashes in pinned if not hashes] == []
    project = tomllib.loads(text("pyproject.toml"))["project"]["dependencies"]
    wanted = {re.split(r"[\[<>=;]", item)[0].lower().replace("_", "-") for item in project}
    assert wanted - {package for package, _ in pinned} == set()


def test_the_procfile_starts_what_exists() -> None:
    commands = procfile()
    assert set(commands) == {"web", "worker", "release"}
    assert commands["web"] == "gunicorn -c python:app.gunicorn wsgi:app"
    for command in commands.values():
        words = shlex.split(command)
        if words[:2] == ["python", "-m"]:
            assert (ROOT / words[2].replace(".", "/") / "__main__.py").is_file()
    assert (ROOT / "app" / "gunicorn.py").is_file()
    names = {
        target.id
        for node in ast.walk(ast.parse(text("wsgi.py")))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "app" in names


def test_app_json_has_only_known_keys(app_json: dict[str, Any]) -> None:
    assert set(app_json) <= APP_JSON_KEYS
    for name, entry in app_json["env"].items():
        assert set(entry) <= APP_JSON_ENV_KEYS, name
        assert entry["description"]
        assert entry.get("value", "") == str(entry.get("value", ""))
    assert set(app_json["formation"]) <= set(procfile())


def test_app_json_sets_what_production_needs(app_json: dict[str, Any]) -> None:
    env = app_json["env"]
    assert set(env) <= settings_names()
    # The add-on sets REDIS_URL itself, and its certificate is self-signed.
    assert any(addon["plan"].startswith("heroku-redis") for addon in app_json["addons"])
    assert env["REDIS_TLS_VERIFY"]["value"] == "0"
    for name in set(REQUIRED) - {"REDIS_URL"}:
        assert env[name].get("required") or env[name].get("generator") == "secret", name


def test_heroku_connections_fit_the_smallest_plan_during_a_deploy(app_json: dict[str, Any]) -> None:
    number = {name: int(e["value"]) for name, e in app_json["env"].items() if _digits(e)}
    replies_reader = 1
    web = number["WEB_CONCURRENCY"] * (number["REDIS_CONNECTIONS"] + replies_reader)
    workers = number["LIVE_WORKERS"] + number["BACKGROUND_WORKERS"] + 2 * SPARE_CONNECTIONS
    mini_plan = 20
    assert 2 * (web + workers) <= mini_plan


def _digits(entry: dict[str, Any]) -> bool:
    return str(entry.get("value", "")).isdigit()


def test_render_has_only_known_keys(render: dict[str, Any]) -> None:
    assert set(render) <= RENDER_KEYS
    for service in render["services"]:
        assert set(service) <= RENDER_SERVICE_KEYS, service["name"]
        for entry in service.get("envVars", ()):
            assert set(entry) <= RENDER_ENV_KEYS
            if "fromService" in entry:
                assert "type" in entry["fromService"]
    for group in render["envVarGroups"]:
        for entry in group["envVars"]:
            assert set(entry) <= {"key", "value", "generateValue"}


def test_render_starts_what_the_procfile_starts(render: dict[str, Any]) -> None:
    services = {service["type"]: service for service in render["services"]}
    commands = procfile()
    assert services["web"]["startCommand"] == commands["web"]
    assert services["worker"]["startCommand"] == commands["worker"]
    assert services["web"]["preDeployCommand"] == commands["release"]
    assert services["web"]["healthCheckPath"] == "/health"
    assert services["web"]["maxShutdownDelaySeconds"] == 300
    assert services["keyvalue"]["maxmemoryPolicy"] == "noeviction"


def test_render_gives_web_and_worker_the_same_secrets(render: dict[str, Any]) -> None:
    group = {entry["key"] for entry in render["envVarGroups"][0]["envVars"]}
    for service in render["services"]:
        if service["type"] == "keyvalue":
            continue
        own = {entry["key"] for entry in service["envVars"] if "key" in entry}
        assert {"fromGroup": render["envVarGroups"][0]["name"]} in service["envVars"]
        assert set(REQUIRED) <= group | own, service["name"]
        assert not [e for e in service["envVars"] if e.get("generateValue")]


def test_the_drain_fits_into_each_platforms_patience(render: dict[str, Any]) -> None:
    web = next(service for service in render["services"] if service["type"] == "web")
    drain = next(e["value"] for e in web["envVars"] if e.get("key") == "DRAIN_SECONDS")
    assert int(drain) < web["maxShutdownDelaySeconds"]
    heroku_patience_s = 30
    assert Settings().drain_s + 5 < heroku_patience_s


def test_compose_runs_the_same_three_parts() -> None:
    services = yaml.safe_load(text("docker-compose.yml"))["services"]
    assert set(services) == {"web", "worker", "redis", "redis-tls"}
    assert services["worker"]["command"] == shlex.split(procfile()["worker"])
    assert "noeviction" in services["redis"]["command"]
    assert services["redis-tls"]["profiles"] == ["tls"]


def test_the_image_holds_what_it_starts_and_runs_without_root() -> None:
    dockerfile = text("Dockerfile")
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER (?!root)", dockerfile, re.MULTILINE)
    command = re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)[-1]
    assert json.loads(command) == shlex.split(procfile()["web"])
    copies = re.findall(r"^COPY (.+) \S+$", dockerfile, re.MULTILINE)
    copied = {name for line in copies for name in line.split()}
    wanted = {"requirements.txt", "requirements-all.txt", "app", "workers", "wsgi.py", "${AGENTS}"}
    assert wanted == copied
    ignored = text(".dockerignore").split()
    assert not copied & set(ignored)
    assert {".env", ".git", ".venv"} <= set(ignored)


def test_what_is_imported_is_declared() -> None:
    """Nothing that runs may lean on what another package happens to bring along."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {
        re.split(r"[\[<>=!~; ]", wanted)[0].lower().replace("_", "-")
        for wanted in chain(project["dependencies"], *project["optional-dependencies"].values())
    }
    where = importlib.metadata.packages_distributions()
    undeclared = set()
    for folder in ("app", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module:
                    names = [node.module]
                tops = {name.partition(".")[0] for name in names}
                for top in tops - sys.stdlib_module_names - {"app", "workers", "tests"}:
                    owners = {name.lower().replace("_", "-") for name in where.get(top, [top])}
                    if not owners & declared:
                        undeclared.add(f"{top} in {path.relative_to(ROOT)}")
    assert undeclared == set()
