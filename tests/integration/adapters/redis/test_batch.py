"""Scripts sent together: each has its own answer and its own fault, and nobody waits for ever."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
import redis
from redis import Redis

from app.adapters.redis.batch import MAX_BATCH, ScriptSender
from app.adapters.redis.client import connect
from app.adapters.redis.scripts import LuaScript
from app.settings import Settings

SCRIPTS = {
    name: LuaScript(name, source, ("key",), ("value",))
    for name, source in {
        "ADD": "return redis.call('INCRBY', KEYS[1], ARGV[1])",
        "ECHO": "return {KEYS[1], ARGV[1]}",
        "BREAK": "return redis.call('INCR', KEYS[1], 'and', 'more')",
    }.items()
}


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    client = connect(Settings(redis_url=redis_url))
    yield client
    client.close()


@pytest.fixture
def sender(client: Redis) -> ScriptSender:
    return ScriptSender(client, SCRIPTS.values())


def at_once(sender: ScriptSender, asked: list[tuple[str, str, Any]]) -> list[Any]:
    """What each of several greenlets that ask at the same moment gets or is told."""

    def ask(name: str, key: str, value: Any) -> Any:
        try:
            return sender.run(SCRIPTS[name], {"key": key}, {"value": value}, limit_s=5)
        except redis.RedisError as error:
            return error

    greenlets = [gevent.spawn(ask, *one) for one in asked]
    gevent.joinall(greenlets)
    return [greenlet.value for greenlet in greenlets]


def test_everybody_gets_the_answer_to_what_they_asked(sender: ScriptSender) -> None:
    asked = [("ECHO", f"key {number}", number) for number in range(5 * MAX_BATCH + 3)]
    answers = at_once(sender, asked)
    assert answers == [[key.encode(), str(value).encode()] for _, key, value in asked]


def test_each_script_runs_once(sender: ScriptSender, client: Redis) -> None:
    answers = at_once(sender, [("ADD", "sum", 1)] * 40)
    assert sorted(answers) == list(range(1, 41))
    assert client.get("sum") == b"40"


def test_a_refused_script_fails_alone(sender: ScriptSender) -> None:
    first, refused, last = at_once(sender, [("ECHO", "a", 1), ("BREAK", "b", 2), ("ECHO", "c", 3)])
    assert isinstance(refused, redis.ResponseError)
    assert [first, last] == [[b"a", b"1"], [b"c", b"3"]]


def test_a_server_that_lost_its_scripts_is_given_them_again(
    sender: ScriptSender, client: Redis
) -> None:
    assert at_once(sender, [("ADD", "sum", 1), ("ECHO", "a", 1)]) == [1, [b"a", b"1"]]
    client.script_flush()
    assert at_once(sender, [("ADD", "sum", 1), ("ECHO", "a", 1)]) == [2, [b"a", b"1"]]


def test_a_connection_that_was_cut_is_opened_again(sender: ScriptSender, client: Redis) -> None:
    assert at_once(sender, [("ADD", "sum", 1)]) == [1]
    with Redis.from_url(client_url(client)) as other:
        other.client_kill_filter(_type="normal", skipme=True)
    assert at_once(sender, [("ADD", "sum", 1)] * 3) == [2, 3, 4]


def test_a_silent_server_is_waited_for_within_the_limit() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = connect(Settings(redis_url=f"redis://127.0.0.1:{port}/0"), command_s=0.3)
        answers = at_once(
            ScriptSender(client, SCRIPTS.values()), [("ADD", "sum", 1)] * (MAX_BATCH + 1)
        )
        client.close()
    assert len(answers) == MAX_BATCH + 1
    assert all(isinstance(answer, redis.TimeoutError) for answer in answers)


def test_a_server_that_is_away_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    client = connect(Settings(redis_url=f"redis://127.0.0.1:{port}/0"))
    [answer, again] = at_once(ScriptSender(client, SCRIPTS.values()), [("ADD", "sum", 1)] * 2)
    client.close()
    assert isinstance(answer, redis.ConnectionError)
    assert isinstance(again, redis.ConnectionError)


def client_url(client: Redis) -> str:
    kwargs = client.connection_pool.connection_kwargs
    path = kwargs.get("path")
    if path:
        return f"unix://{path}?db={kwargs.get('db', 0)}"
    return f"redis://{kwargs['host']}:{kwargs['port']}/{kwargs.get('db', 0)}"
