"""Logs: one line a record, times and ids that can be searched for, nobody's numbers."""

from __future__ import annotations

import io
import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import gevent
import orjson
import pytest

from app import logs


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """What was logged; read anew at each use."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    logger = logging.getLogger("test_logs")
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    logger.propagate = False

    class Lines(list[dict[str, object]]):
        def __getitem__(self, place: Any) -> Any:
            found = [orjson.loads(line) for line in stream.getvalue().splitlines()]
            return found[place]

    yield Lines()
    logger.removeHandler(handler)


LOG = logging.getLogger("test_logs")


def test_times_are_iso_8601_in_utc(lines: list[dict[str, object]]) -> None:
    LOG.info("hello")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(lines[-1]["time"]))


@pytest.mark.parametrize("call_id", ["call_bcab192f35de127a7cb7a8dfb0e0", "CA" + "a" * 32, "s-1"])
def test_an_id_stays_as_it_is(lines: list[dict[str, object]], call_id: str) -> None:
    with logs.bind(call_id=call_id):
        LOG.info("hello")
    LOG.info("hello", extra={"call_id": call_id})
    assert lines[-2]["call_id"] == lines[-1]["call_id"] == call_id


@pytest.mark.parametrize("call_id", ["+14155550142", "4155550142", "dana@example.com"])
def test_an_id_that_is_a_persons_is_hidden_and_still_one(
    lines: list[dict[str, object]], call_id: str
) -> None:
    with logs.bind(call_id=call_id):
        LOG.info("hello")
    LOG.info("hello", extra={"call_id": call_id})
    shown = str(lines[-1]["call_id"])
    assert call_id not in shown
    assert lines[-2]["call_id"] == shown
    assert shown != logs.redact_id("+14155550143")


def test_what_is_bound_goes_along_into_a_greenlet(lines: list[dict[str, object]]) -> None:
    with logs.bind(call_id="c1"):
        carried = logs.carry(LOG.info)
    gevent.spawn(carried, "from a greenlet").join()
    assert lines[-1]["call_id"] == "c1"
    gevent.spawn(LOG.info, "from another").join()
    assert "call_id" not in lines[-1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to dana.reyes+x@mail.example.com now", "write to [email] now"),
        ("<dana@example.com>", "<[email]>"),
        ("call +1 (415) 555-0142", "call [phone]"),
        ("on 2026-11-27 at 10:30", "on 2026-11-27 at 10:30"),
        ("key_3b81d2aa77", "[secret]"),
        ("redis://user:pass@host", "redis://[secret]@host"),
    ],
)
def test_what_is_redacted(text: str, shown: str) -> None:
    assert logs.redact(text) == shown


NASTY = (
    "a",
    "a.",
    "1",
    "1 ",
    "1-",
    "a@",
    "@a",
    "://a:",
    "/llm-websocket/",
    "key-",
    "bearer ",
    "+(",
)


@pytest.mark.parametrize("part", NASTY)
def test_redaction_takes_time_in_proportion_to_the_text(part: str) -> None:
    """Four times the text takes about four times as long; a quadratic pattern takes sixteen."""

    def seconds(count: int) -> float:
        text = part * (count // len(part))
        best = 9.0
        for _ in range(3):
            began = time.perf_counter()
            logs.redact(text)
            best = min(best, time.perf_counter() - began)
        return best

    short, long = seconds(50_000), seconds(200_000)
    assert long < 10 * short + 0.05
