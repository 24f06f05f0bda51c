"""`agents diff|push|pull|versions|rollback` against a server, and what `list` makes of both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from werkzeug.serving import make_server

from app.__main__ import main
from app.settings import Settings
from app.web.config import routes
from tests.support.web_app import make_app

THERE = """\
default: ada
agents:
  - {id: ada, name: Ada, business: Bakery, instructions: Sell cakes.}
"""
MINE = """\
default: ada
businesses:
  salon: {name: Salon, numbers: ["+49305550111"]}
agents:
  - {id: ada, name: Ada, business: Bakery, instructions: Sell bread.}
  - {name: Ben, business: salon, instructions: Cut hair.}
"""


class Shell:
    """A keyboard in front of a server."""

    def __init__(self, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self._capsys = capsys

    def run(self, *words: str, status: int = 0) -> str:
        """What a command prints, with its errors."""
        found = main(["agents", *words, "--url", self.url])
        told = self._capsys.readouterr()
        assert found == status, told
        return told.out + told.err


@pytest.fixture
def shell(
    tmp_path: Path,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Shell]:
    there = tmp_path / "there.yaml"
    there.write_text(THERE)
    mine = tmp_path / "mine.yaml"
    mine.write_text(MINE)
    settings = Settings(redis_url=redis_url, agent_file=str(there), admin_token="t0ken")
    app = make_app(settings, routes.agents, routes.businesses)
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("AGENT_FILE", str(mine))
    monkeypatch.setenv("ADMIN_TOKEN", "t0ken")
    monkeypatch.setenv("REDIS_URL", redis_url)
    yield Shell(f"http://127.0.0.1:{server.server_port}", capsys)
    server.shutdown()
    thread.join()
    server.server_close()


def test_there_and_back(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = shell.run("diff", status=1)
    assert "-instructions: Sell cakes." in told
    assert "+instructions: Sell bread." in told
    assert "+++ file: business salon" in told
    told = shell.run("push")
    assert "~ agent ada: instructions" in told
    assert "+ agent ben" in told
    assert "pushed: 3 changed" in told
    assert "nothing to push" in shell.run("push")
    assert shell.run("diff") == "no difference\n"

    assert "1" in shell.run("versions", "ada")
    told = shell.run("rollback", "ada", "file")
    assert "ada is back to what the file says" in told
    assert "instructions" in shell.run("diff", status=1)
    assert "ada is back to version 1, as version 3" in shell.run("rollback", "ada", "1")
    assert "there is no version before" in shell.run("rollback", "salon", "--business", status=1)

    kept = tmp_path / "kept.yaml"
    shell.run("pull", str(kept))
    assert {each["id"] for each in yaml.safe_load(kept.read_text())["agents"]} == {"ada", "ben"}
    assert "--force" in shell.run("pull", str(kept), status=1)
    shell.run("pull", str(kept), "--force")
    assert yaml.safe_load(shell.run("pull")) == yaml.safe_load(kept.read_text())
    assert shell.run("diff", str(kept)) == "no difference\n"

    # What was put through the API is listed also where the file here does not have it.
    monkeypatch.setenv("AGENT_FILE", str(tmp_path / "there.yaml"))
    told = shell.run("list")
    assert "+49305550111" in told
    assert "ben of salon answers" in shell.run("route", "+49305550111")


def test_what_is_wrong_is_told(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(MINE.replace("Cut hair.", "Cut hair., tools: [fly], numbers: [12]"))
    told = shell.run("push", str(broken), status=1)
    assert "agents.ben.tools" in told
    assert "agents.ben.numbers" in told
    assert "2 mistakes" in told
    assert "no agent dan" in shell.run("versions", "dan", status=1)
    monkeypatch.setenv("ADMIN_TOKEN", "another")
    assert "rejected this ADMIN_TOKEN" in shell.run("push", status=1)
    shell.url = "http://127.0.0.1:1"
    assert "no server answers" in shell.run("push", status=1)
