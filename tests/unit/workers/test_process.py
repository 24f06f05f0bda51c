"""The table of jobs, and how a worker finds a job's function in it."""

from __future__ import annotations

import pytest
import redis
from rq.serializers import JSONSerializer

from app.adapters import job_names, queue
from workers.process import job_table
from workers.rq_worker import LeanJob, UnknownJob


def lean_job(function: str) -> LeanJob:
    """A job as it lies in Redis."""
    fields = queue.prepare(function, ("call_1", "key_1")).fields
    job = LeanJob("j1", connection=redis.Redis(), serializer=JSONSerializer)
    job.restore({name.encode(): str(value).encode() for name, value in fields.items()})
    return job


def test_every_name_that_adapters_queue_has_a_function() -> None:
    names = {value for name, value in vars(job_names).items() if name.isupper()}
    assert names == set(job_table())


def test_the_names_stay() -> None:
    """Jobs lie in Redis for days: a name that was once queued must go on to work."""
    assert set(job_table()) >= {
        "workers.effects.run",
        "workers.calls.work_off",
        "workers.noted.finish",
        "workers.noted.forget",
        "workers.notifications.announce",
        "workers.notifications.deliver",
        "workers.desk.drafts.keep_draft",
        "workers.after_call.reports.make",
        "workers.after_call.deliveries.announce",
        "workers.after_call.deliveries.deliver",
        "workers.after_call.budgets.announce",
        "workers.after_call.budgets.deliver",
    }


def test_a_job_runs_what_the_table_has_under_its_name() -> None:
    ran: list[tuple[str, ...]] = []
    job = lean_job("workers.effects.run")
    job.jobs = {"workers.effects.run": lambda *args: ran.append(args)}
    job.perform()
    assert ran == [("call_1", "key_1")]


def test_a_name_that_is_not_in_the_table_is_never_imported() -> None:
    job = lean_job("os.getcwd")
    job.jobs = job_table()
    with pytest.raises(UnknownJob, match=r"no job is named 'os\.getcwd'"):
        job.perform()
