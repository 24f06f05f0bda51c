"""`python -m app tokens`: made, listed, used and revoked from a terminal."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from redis import Redis

from app.__main__ import main
from app.adapters.tokens.business import BusinessTokens

FILE = """
businesses: {bakery: {name: Corner Bakery}, salon: {name: Salon}}
default: ada
agents:
  - {id: ada, name: Ada, business: bakery, instructions: x}
  - {id: ben, name: Ben, business: salon, instructions: x}
"""


@pytest.fixture(autouse=True)
def environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redis_url: str, redis: Redis
) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("AGENT_FILE", str(file))
    monkeypatch.setenv("REDIS_URL", redis_url)
    redis.flushall()


def test_a_token_from_its_making_to_its_end(
    redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tokens", "create", "--business", "Corner Bakery", "--note", "till"]) == 0
    text = capsys.readouterr().out.strip()
    tokens = BusinessTokens(redis)
    found = tokens.check(text)
    assert found is not None
    assert found.business == "bakery"
    assert main(["tokens", "create", "--business", "salon", "--json"]) == 0
    assert tokens.check(orjson.loads(capsys.readouterr().out)["token"])

    assert main(["tokens", "list", "--business", "bakery"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(found.id)
    assert "at the command line" in line
    assert line.endswith("till")
    assert main(["tokens", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2

    assert main(["tokens", "revoke", found.id]) == 0
    assert tokens.check(text) is None
    assert main(["tokens", "revoke", found.id]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["create"], "create needs --business"),
        (["create", "--business", "gone"], "there is no business 'gone'"),
        (["revoke"], "revoke needs the id"),
    ],
)
def test_what_is_missing_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["tokens", *arguments]) == 1
    assert message in capsys.readouterr().err
