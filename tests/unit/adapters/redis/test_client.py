"""How clients are made: bounded in time and number, TLS verified unless told otherwise."""

from __future__ import annotations

import ssl
import time
from typing import Any

import pytest
import redis as redis_py

from app.adapters.redis import client as redis
from app.errors import Unavailable
from app.settings import Settings


def options(**settings: object) -> dict[str, object]:
    client = redis.connect(Settings(**settings))  # type: ignore[arg-type]
    return client.connection_pool.connection_kwargs


def test_plain() -> None:
    found = options(redis_url="redis://127.0.0.1:1/2", redis_tls_verify=False)
    assert (found["protocol"], found["db"]) == (2, 2)
    assert (found["socket_connect_timeout"], found["socket_timeout"]) == (1.0, 2.0)
    assert "ssl_cert_reqs" not in found
    assert not found.get("decode_responses")


def test_the_pool_is_bounded() -> None:
    settings = Settings(redis_url="redis://127.0.0.1:1/0", redis_connections=3)
    pool: Any = redis.connect(settings).connection_pool
    assert (pool.max_connections, pool.timeout) == (3, redis.POOL_S)
    assert redis.connect(settings, connections=5).connection_pool.max_connections == 5


@pytest.mark.parametrize("verify", [True, False])
def test_tls_is_verified_unless_told_otherwise(verify: bool) -> None:
    client = redis.connect(Settings(redis_url="rediss://127.0.0.1:1/0", redis_tls_verify=verify))
    connection: Any = client.connection_pool.make_connection()
    wanted = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    assert connection.cert_reqs == wanted
    assert connection.check_hostname is verify


def test_a_unix_socket_takes_no_tcp_options() -> None:
    client = redis.connect(Settings(redis_url="unix:///no/such/socket"))
    with pytest.raises(redis_py.ConnectionError):
        client.ping()


def test_guard_hides_what_redis_said() -> None:
    with pytest.raises(Unavailable) as caught, redis.guard():
        raise redis_py.ConnectionError("redis://:secret@host")
    assert "secret" not in caught.value.message
    with pytest.raises(ValueError, match="ours"), redis.guard():
        raise ValueError("ours")


def test_a_patient_client_is_patient_in_all_not_each_time(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "PATIENT_S", 0.6)
    client = redis.connect(Settings(redis_url=f"redis://127.0.0.1:{free_port}/0"), patient=True)
    since = time.monotonic()
    with pytest.raises(redis_py.ConnectionError):
        client.ping()
    assert 0.5 < time.monotonic() - since < 10
