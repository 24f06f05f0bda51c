"""The shipped shop: its agent, its example server, and the calls that show them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.processes import Part, port_is_free
from tests.conftest import MakeStack
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "docs" / "examples" / "shop_server.py"
AGENT = ROOT / "app" / "agents" / "shop.yaml"


@pytest.fixture
def shop(free_port: int, tmp_path: Path) -> Iterator[Part]:
    """The example server; its address is `127.0.0.1:<free_port>`."""
    command = [sys.executable, str(SERVER), "--port", str(free_port)]
    part = Part("shop", command, log=tmp_path / "shop.log", cwd=ROOT)
    part.start()
    eventually(lambda: not port_is_free(free_port))
    yield part
    part.kill()


def test_the_scenarios_pass_at_the_command_line(
    make_stack: MakeStack, shop: Part, free_port: int
) -> None:
    settings = {"SHOP_HOST": f"127.0.0.1:{free_port}", "TOOLS_ALLOW_PRIVATE": "1"}
    stack = make_stack({"AGENT_FILE": str(AGENT), **settings})
    env = {**stack.env, "PORT": str(stack.port)}

    def app(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "app", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=90
        )

    for name in ("order_status", "order_return"):
        played = app("call", name, "--speed", "0")
        assert played.returncode == 0, played.stdout
    told = app("tools", "test", "order_status", '{"order_id": "1043"}')
    assert "Your order 1043 is being packed, and arrives in three days." in told.stdout

    shop.kill()
    away = app("tools", "test", "order_status", '{"order_id": "1043"}')
    assert away.returncode == 1
    assert "Nothing is promised" in away.stdout
