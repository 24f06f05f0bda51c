"""`python -m app agents`: what it prints and how it ends."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.__main__ import main

FILE = """\
businesses:
  bakery: {name: Corner Bakery, numbers: ["+49305550100"]}
agents:
  - {id: ada, name: Ada, business: bakery, instructions: x, retell_agent_ids: [agent_1]}
  - {id: ben, name: Ben, business: Salon, instructions: x}
"""


@pytest.fixture(autouse=True)
def agent_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "agents.yaml"
    path.write_text(FILE)
    monkeypatch.setenv("AGENT_FILE", str(path))
    monkeypatch.setenv("APP_ENV", "development")
    return path


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "list", "--json"]) == 0
    rows = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["business"]) for row in rows] == [("ada", "bakery"), ("ben", "salon")]
    assert rows[0]["numbers"] == ["+49305550100"]
    assert main(["agents"]) == 0
    assert "agent_1" in capsys.readouterr().out


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "show", "ada"]) == 0
    told = orjson.loads(capsys.readouterr().out)
    assert (told["id"], told["business"]["id"]) == ("ada", "bakery")
    assert main(["agents", "show", "dan"]) == 1
    assert "no agent is named 'dan'" in capsys.readouterr().err


def test_validate(agent_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "validate"]) == 0
    told = capsys.readouterr().out
    assert "valid: 2 agents of 2 businesses" in told
    assert "calls that fit nobody are refused" in told
    agent_file.write_text(FILE.replace("instructions: x,", "instruct: x,", 1))
    assert main(["agents", "validate", str(agent_file)]) == 1
    told = capsys.readouterr().err
    assert "agents.yaml:4: instructions: Field required" in told
    assert "agents.yaml:4: instruct: Extra inputs" in told


@pytest.mark.parametrize(
    ("whom", "said", "status"),
    [
        ("+49 30 5550100", "ada of bakery answers: +49305550100 is a number of business", 0),
        ("agent_1", "ada of bakery answers: ada lists Retell agent agent_1", 0),
        ("Ben", "ben of salon answers: the address names ben", 0),
        ("agent_9", "refused: no agent lists Retell agent agent_9", 1),
    ],
)
def test_route(whom: str, said: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "route", whom]) == status
    told = capsys.readouterr()
    assert said in told.out + told.err
