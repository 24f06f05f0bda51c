"""The parts of libraries that are not promised to stay: what the program needs of them is there.

`pyproject.toml` bounds the versions. Where one of these tests fails after a bound was raised, the
module that it names has to be looked at.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import openai.resources.realtime.realtime as sdk
import pytest
import redis
import rq
from redis.connection import ConnectionPool
from rq.executions import Execution, ExecutionRegistry
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.server import ServerProtocol

from app.adapters import queue
from app.adapters.redis.client import _Polled
from workers.rq_worker import GreenletTimeout, GreenletWorker, LeanJob

ROOT = Path(__file__).parents[3]
OWN = {"stop", "_bury", "death_penalty_class", "job_class", "jobs"}
"""Members that RQ has not, or that are its documented switches."""


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (GreenletWorker, rq.SimpleWorker),
        (LeanJob, Job),
        (GreenletTimeout, GreenletTimeout.__base__),
    ],
)
def test_what_is_overridden_in_rq_is_still_called_that_way(ours: type, theirs: type) -> None:
    for name, member in vars(ours).items():
        if name.startswith("__") or name in OWN or name == "_timer":
            continue
        assert hasattr(theirs, name), f"RQ has no {theirs.__name__}.{name} any more"
        if inspect.isfunction(member):
            given = list(inspect.signature(member).parameters)
            wanted = list(inspect.signature(getattr(theirs, name)).parameters)
            assert given == wanted, f"{theirs.__name__}.{name} takes other arguments"


def test_rqs_keys() -> None:
    client = redis.Redis()
    live = rq.Queue("live", connection=client, serializer=JSONSerializer)
    assert queue.queue_key("live") == live.key
    assert f"{live.key}:intermediate" == live.intermediate_queue.key
    assert queue.job_key("j1") == Job("j1", connection=client).key
    assert queue.failed_key("live") == FailedJobRegistry(queue=live).key
    assert queue.scheduled_key("live") == ScheduledJobRegistry(queue=live).key  # type: ignore[no-untyped-call]
    assert queue.results_key("j1") == Result.get_key("j1")  # type: ignore[no-untyped-call]
    made = Execution("e1", "j1", client)
    assert queue.execution_key(made.composite_key) == made.key
    assert made.composite_key.partition(":")[0] == "j1"
    assert "worker_name" in inspect.getsource(Execution.serialize)
    assert ExecutionRegistry("j1", client).key
    assert StartedJobRegistry(queue=live).key
    assert IntermediateQueue.get_intermediate_queue_key(live.key) == f"{live.key}:intermediate"


def test_rqs_fields_of_a_job() -> None:
    job = queue.prepare("workers.effects.run", ("c1", "k1"))
    assert {"status", "data", "origin", "created_at", "enqueued_at", "timeout", "ttl"} <= set(
        job.fields
    )
    assert queue.RETRIES_LEFT in job.fields
    assert isinstance(rq.Queue.redis_queues_keys, str)


def test_redis_py_has_what_the_polled_connection_looks_into() -> None:
    connection = redis.Connection()  # type: ignore[no-untyped-call]
    assert hasattr(connection, "_sock")
    assert hasattr(connection, "_parser")
    assert "timeout" in inspect.signature(redis.Connection.can_read).parameters
    assert hasattr(_Polled, "can_read")


def test_redis_py_has_what_batches_are_sent_with() -> None:
    for name in ("pack_command", "send_packed_command", "read_response", "disconnect"):
        assert callable(getattr(redis.Connection, name))
    assert not [
        name
        for name, parameter in inspect.signature(ConnectionPool.get_connection).parameters.items()
        if parameter.default is inspect.Parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        and name != "self"
    ]


def test_websockets_has_what_the_sockets_look_into() -> None:
    protocol = ServerProtocol(extensions=[ServerPerMessageDeflateFactory()])
    for name in ("cur_size", "parser", "parser_exc", "reader", "recv_frame"):
        assert hasattr(protocol, name), name
    assert hasattr(protocol.reader, "buffer")
    assert inspect.isgenerator(protocol.parser)


def test_the_sdk_hands_options_on_to_websockets() -> None:
    parameters = inspect.signature(sdk.Realtime.connect).parameters
    assert {"model", "extra_headers", "websocket_connection_options"} <= set(parameters)
    assert "__dict__" in dir(sdk.RealtimeConnection), "its attributes can be let go of"
    assert callable(sdk.RealtimeConnectionManager.enter)


#: Private members and who may touch them.
PRIVATE = {
    "cur_size": {"app/adapters/sockets"},
    "parser_exc": {"app/adapters/sockets"},
    "send_packed_command": {"app/adapters/redis/batch.py", "app/adapters/redis/outage.py"},
    "_parser": {"app/adapters/redis/client.py"},
    "intermediate_queue": {"workers/rq_worker.py", "workers/upkeep.py"},
}


@pytest.mark.parametrize("name", PRIVATE)
def test_private_parts_are_touched_in_one_place(name: str) -> None:
    users = set()
    for path in [*ROOT.glob("app/**/*.py"), *ROOT.glob("workers/*.py")]:
        where = path.relative_to(ROOT).as_posix()
        if where.startswith("app/rehearsal"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == name:
                users.add(where)
    allowed = PRIVATE[name]
    assert users
    assert all(user.startswith(tuple(allowed)) for user in users), users


@pytest.mark.parametrize("prefix", ["rq:failed", "rq:scheduled", "rq:execution", "rq:results"])
def test_rqs_keys_are_spelled_in_one_place(prefix: str) -> None:
    for path in [*ROOT.glob("app/**/*.py"), *ROOT.glob("workers/*.py")]:
        if path.name != "queue.py":
            assert prefix not in path.read_text(), path
