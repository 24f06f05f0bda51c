"""The commands that the documents show name only what exists.

Every line of every `sh` block and every command in running text is read as a shell reads it, then
parsed by the program it calls: commands and options by the real argument parsers, `make` by the
Makefile, `curl` by the application's routes, variables by the settings. The main ones are also run
(tests/acceptance/test_readme.py).
"""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
import yaml
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect

from app.rehearsal.webhook_samples import SAMPLES
from app.settings import Settings
from app.web.application import create
from tests.test_docs import DOCUMENTS, ELSEWHERE, PLATFORMS, ROOT, settings_read

#: Programs of others, of which only the name is looked at.
OUTSIDE = {"git", "cd", "cp", "openssl", "lsof", "timedatectl", "apt", "apt-get", "pip"}
#: What a command in running text begins with.
OURS = (
    r"(?:[A-Z][A-Z_]+=\S+ +)*(?:(?:\S*/)?python(?:3[.\d]*)? -m |(?:\S*/)?python \S+\.py"
    r"|make\b|curl |docker |gunicorn |heroku )"
)
#: Hosts that stand for this server, and the rehearsal model's address.
SERVERS = {"localhost:8080", "127.0.0.1:8080", "agent.example.com", "YOUR_HOST", "HOST"}
REHEARSAL = "localhost:8765"


@dataclass(frozen=True)
class Command:
    """One command of a document: where it stands, and its words as a shell would pass them."""

    document: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.document}: {' '.join(self.words)}"


def split_line(line: str) -> list[list[str]]:
    """The commands of a shell line, each as its words; comments are dropped."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set(";&|"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [words for words in commands if words]


def blocks(text: str) -> list[tuple[str, str]]:
    """The fenced blocks: language and content."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def lines_of(text: str) -> Iterator[str]:
    """The command lines of a document: those of its `sh` blocks, and those in its running text."""
    for language, content in blocks(text):
        if language == "sh":
            yield from filter(str.strip, content.replace("\\\n", " ").splitlines())
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`([^`]+)`", prose):
        line = " ".join(span.split())
        if re.match(OURS, line):
            yield filled(line)
    yield from re.findall(rf"^ {{4,}}({OURS}.*)$", prose, re.MULTILINE)


def filled(line: str) -> str:
    """A command of running text with its blanks filled in: `[WHAT]` and `…` are left out, of
    `list|show` the first is taken, and N and K stand for numbers."""
    line = re.sub(r"\[[A-Z_]+\]|…|(?<=\w)(?:\|\w+)+", "", line)
    return re.sub(r"(?<= )[NK](?= |$)", "1", line)


@cache
def commands() -> tuple[Command, ...]:
    """All commands of all documents, each once a document."""
    found: dict[Command, None] = {}
    for path in DOCUMENTS:
        for line in lines_of(path.read_text(encoding="utf-8")):
            for words in split_line(line):
                found[Command(path.name, tuple(words))] = None
    return tuple(found)


@cache
def known_variables() -> set[str]:
    """Settings, variables of the Makefile, and those that the shipped agents' files name."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = settings_read() | ELSEWHERE | PLATFORMS | {"LANGUAGE_DATA"}
    names |= set(re.findall(r"^([A-Z]+) \?=", makefile, re.MULTILINE))
    for path in (ROOT / "app" / "agents").glob("*.yaml"):
        names |= set(re.findall(r"\$\{([A-Z_]+)\}", path.read_text(encoding="utf-8")))
    return names


class Parsed(BaseException):
    """The arguments were accepted; the command itself is not run."""


class Grammar(argparse.ArgumentParser):
    """The part of a foreign program's arguments that the documents use."""


def check_module(name: str, arguments: Sequence[str]) -> None:
    """`python -m NAME …`: the module exists, and its own parser takes the arguments."""
    folder = ROOT.joinpath(*name.split("."))
    assert folder.is_dir() or folder.with_suffix(".py").is_file(), f"no module {name}"
    if name == "bench.language":  # it takes a folder and has no parser
        assert len(arguments) <= 1
        return
    module = importlib.import_module(f"{name}.__main__" if folder.is_dir() else name)
    only_named = name == "app" and len(arguments) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [name, *arguments, *(["--help"] if only_named else [])])
        with pytest.raises((Parsed, SystemExit)) as ended:
            module.main()
    refused = isinstance(ended.value, SystemExit) and ended.value.code != 0
    assert not refused, "its arguments are refused"


def check_names(arguments: Sequence[str]) -> None:
    """Scenarios, events and files that a command names are shipped."""
    if not arguments:
        return
    scenarios = {path.stem for path in (ROOT / "app" / "rehearsal" / "scenarios").glob("*.yaml")}
    plain = next((word for word in arguments[1:2] if re.fullmatch(r"[a-z_]+", word)), None)
    if arguments[0] == "call" and plain:
        assert plain in scenarios, f"no scenario {plain}"
    if arguments[0] == "webhook" and plain:
        assert plain in SAMPLES, f"no event {plain}"


def check_make(words: Sequence[str]) -> None:
    """Each target is one of the Makefile's."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for word in words:
        if "=" in word:
            check_variable(word)
        else:
            assert re.search(rf"^{re.escape(word)}:", makefile, re.MULTILINE), f"no target {word}"


def check_variable(assignment: str) -> None:
    """A variable that is set is read by something; a shipped file that it names is there."""
    name, _, value = assignment.partition("=")
    assert name in known_variables(), f"nothing reads {name}"
    if value.startswith(("app/", "docs/")):
        assert (ROOT / value).exists(), f"no file {value}"


@cache
def routes() -> Map:
    return create(Settings()).url_map


def has_route(method: str, path: str) -> bool:
    """Whether the application answers this method at this path; `<id>` stands for any value."""
    for value in ("x", "1", "say"):
        filled = re.sub(r"<[^>]+>", value, path)
        try:
            is_socket = method == "WS"
            there = routes().bind("localhost")
            there.match(filled, "GET" if is_socket else method, websocket=is_socket)
        except RequestRedirect:
            return True
        except HTTPException:
            continue
        return True
    return False


def check_curl(words: Sequence[str]) -> None:
    """The address is a route of this program, the data JSON."""
    curl = Grammar(prog="curl")
    curl.add_argument("-s", action="store_true")
    curl.add_argument("-X", dest="method")
    curl.add_argument("-H", dest="headers", action="append", default=[])
    curl.add_argument("-d", dest="data")
    curl.add_argument("url")
    given = curl.parse_args(list(words))
    for name in re.findall(r"\$(\w+)", " ".join(given.headers)):
        assert name in known_variables(), f"nothing reads {name}"
    if given.data:
        orjson.loads(given.data)
    address = given.url if "://" in given.url else f"http://{given.url}"
    url = urlsplit(address)
    if url.netloc == REHEARSAL:
        return
    assert url.netloc in SERVERS, f"whose address is {url.netloc}?"
    method = given.method or ("POST" if given.data else "GET")
    assert has_route(method, url.path), f"no route {method} {url.path}"


def check_docker(words: Sequence[str]) -> None:
    """Profiles, services and build arguments are those of the files."""
    parts: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services = parts["services"]
    arguments = re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    docker = Grammar(prog="docker")
    kinds = docker.add_subparsers(dest="kind", required=True)
    build = kinds.add_parser("build")
    build.add_argument("--build-arg", action="append", default=[])
    build.add_argument("--tag")
    build.add_argument("folder", nargs="?")
    compose = kinds.add_parser("compose")
    compose.add_argument("--profile")
    actions = compose.add_subparsers(dest="action", required=True)
    up = actions.add_parser("up")
    up.add_argument("--build", action="store_true")
    up.add_argument("--detach", action="store_true")
    logs = actions.add_parser("logs")
    logs.add_argument("--follow", action="store_true")
    within = actions.add_parser("exec")
    for action in (up, logs, within):
        action.add_argument("service", nargs=None if action is within else "?")
    within.add_argument("command", nargs=argparse.REMAINDER)
    given = docker.parse_args(list(words))
    if given.kind == "build":
        for argument in given.build_arg:
            name, _, value = argument.partition("=")
            assert name in arguments, f"no build argument {name}"
            assert name != "REQUIREMENTS" or (ROOT / value).is_file(), f"no file {value}"
        return
    profiles = {name for service in services.values() for name in service.get("profiles", ())}
    assert given.profile is None or given.profile in profiles, f"no profile {given.profile}"
    assert given.service is None or given.service in services, f"no service {given.service}"
    if given.action == "exec":
        check(given.command)


def check_heroku(words: Sequence[str]) -> None:
    """Variables, processes and add-ons are those of app.json; what runs there is checked too."""
    action, rest = words[0], [word for word in words[1:] if not word.startswith("-")]
    app_json: dict[str, Any] = orjson.loads((ROOT / "app.json").read_bytes())
    if action == "addons:create":
        assert rest == [addon["plan"] for addon in app_json["addons"]]
    elif action == "config:set":
        for name, _, value in (word.partition("=") for word in rest):
            assert name in app_json["env"], f"app.json has no {name}"
            assert value == app_json["env"][name].get("value", value), f"app.json: other {name}"
    elif action == "ps:scale":
        wanted = app_json["formation"].items()
        assert set(rest) <= {f"{name}={process['quantity']}" for name, process in wanted}
    elif action == "run":
        check(words[1:])
    else:
        assert action in ("create", "logs"), f"what is heroku {action}?"


def check_gunicorn(words: Sequence[str]) -> None:
    """It is what the Procfile starts."""
    web = re.search(r"^web: (.*)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    assert web is not None
    assert ["gunicorn", *words] == shlex.split(web[1])


def check_python(words: Sequence[str]) -> None:
    """A module with its arguments, or a file of the project."""
    if words[0] != "-m":
        assert (ROOT / words[0]).is_file(), f"no file {words[0]}"
        return
    assert words[1].partition(".")[0] in ("app", "workers", "bench"), words[1]
    check_names(words[2:] if words[1] == "app" else ())
    check_module(words[1], words[2:])


CHECKS: dict[str, Callable[[Sequence[str]], None]] = {
    "make": check_make,
    "curl": check_curl,
    "docker": check_docker,
    "heroku": check_heroku,
    "gunicorn": check_gunicorn,
}


def check(words: Sequence[str]) -> None:
    """Raise AssertionError, SystemExit or ValueError where a command names what is not there."""
    words = list(words)
    while words and re.fullmatch(r"[A-Z][A-Z_]*=.*", words[0]):
        check_variable(words.pop(0))
    program = words[0]
    if re.fullmatch(r"(?:.*/)?python[\d.]*", program):
        check_python(words[1:])
    elif program in CHECKS:
        CHECKS[program](words[1:])
    else:
        assert program in OUTSIDE, f"what is {program}?"


@pytest.fixture
def stops_when_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands end once their arguments were parsed."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(self: argparse.ArgumentParser, args: Any = None) -> Any:
        parsed = parse(self, args)
        if not isinstance(self, Grammar):
            raise Parsed
        return parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_stop)


@pytest.mark.usefixtures("stops_when_parsed")
@pytest.mark.parametrize("command", commands(), ids=str)
def test_a_command_names_only_what_exists(command: Command) -> None:
    check(command.words)


@pytest.mark.usefixtures("stops_when_parsed")
@pytest.mark.parametrize(
    "line",
    [
        "python -m app calls booking",
        "python -m app call no_such_scenario",
        "python -m app call booking --fast",
        "python -m app webhook call_begun",
        "python -m app jobs resend 7",
        "python -m app.web.nothing",
        "python -m bench nothing",
        "python docs/examples/no_server.py",
        "make everything",
        "make run SPEED=1",
        "NO_SUCH_SETTING=1 make run",
        "AGENT_FILE=app/agents/bakery.yaml make run",
        "curl -s localhost:8080/api/nothing",
        "curl -s -X DELETE localhost:8080/api/calls",
        "curl -s localhost:8080/webhook/realtime -d '{transcript: 1}'",
        "docker compose --profile plain up",
        "docker build --build-arg PYTHON=3 .",
        "heroku ps:scale clock=1",
        "heroku run python -m app doktor",
        "helm install callsmith",
    ],
)
def test_a_command_that_names_something_else_is_found(line: str) -> None:
    (words,) = split_line(line)
    with pytest.raises((AssertionError, SystemExit, ValueError)):
        check(words)


def test_the_documents_are_read_as_a_shell_reads_them() -> None:
    text = "Run `make run`, not `make_run`.\n\n```sh\nA=1 make run; curl -s \\\n  x  # why\n```\n"
    assert [split_line(line) for line in lines_of(text)] == [
        [["A=1", "make", "run"], ["curl", "-s", "x"]],
        [["make", "run"]],
    ]


def test_many_commands_are_found() -> None:
    programs = {command.words[0] for command in commands()}
    assert {"make", "curl", "docker", "python", ".venv/bin/python"} <= programs
    assert len(commands()) > 80


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_blocks_of_commands_say_that_they_are(path: Path) -> None:
    unlabelled = [content for language, content in blocks(path.read_text()) if not language]
    found = re.findall(rf"^{OURS}.*", "\n".join(unlabelled), re.MULTILINE)
    assert found == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_route_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:^|`)(GET|POST|PUT|PATCH|DELETE|WS) +(/[^\s`?]*)", text, re.MULTILINE)
    if path.name == "rehearsal.md":  # its routes are those of the rehearsal model
        named = [(method, route) for method, route in named if not route.startswith("/control")]
    wrong = [f"{method} {route}" for method, route in named if not has_route(method, route)]
    assert wrong == []
