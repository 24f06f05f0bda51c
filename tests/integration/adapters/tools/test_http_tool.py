"""Tools over HTTP against a real local server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.adapters.tools.http_tool import HttpToolRunner
from app.core.tools.http_request import HttpEndpoint
from app.errors import Unavailable
from app.security import outgoing
from tests.support.local_http import Answer, LocalServer, Request

NOW = 1_800_000_000


class Shop:
    """Answers what the test says; keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Answer = (200, {"status": "sent"})
        self.server = LocalServer(lambda request: self.answer)

    @property
    def asked(self) -> Request:
        return self.server.seen[-1]


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.stop()


def run(shop: Shop, *, allow_private: bool = True, url: str = "", **arguments: Any) -> Any:
    runner = HttpToolRunner("s3cret", allow_private=allow_private, clock=lambda: NOW)
    endpoint = HttpEndpoint("POST", url or f"{shop.server.url}/orders")
    return runner.run("order_status", endpoint, arguments, {"call_id": "c1"}, "key-1", 5.0)


def test_a_request_is_signed_and_its_answer_is_the_result(shop: Shop) -> None:
    assert run(shop, order_id="7") == {"ok": True, "output": {"status": "sent"}, "say": None}

    assert shop.asked.json() == {
        "name": "order_status", "args": {"order_id": "7"}, "call": {"call_id": "c1"},
    }  # fmt: skip
    assert shop.asked.headers["idempotency-key"] == "key-1"
    signature = shop.asked.headers["callsmith-signature"]
    assert outgoing.verify(shop.asked.body, signature, "s3cret", NOW)
    assert not outgoing.verify(shop.asked.body + b" ", signature, "s3cret", NOW)
    assert not outgoing.verify(shop.asked.body, signature, "s3cret", NOW + 301)


def test_a_refusal_is_a_result(shop: Shop) -> None:
    shop.answer = (404, {"message": "no such order"})
    found = run(shop)
    assert found["output"]["message"] == "Nothing was found. no such order"
    assert not found["ok"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again_later(shop: Shop, status: int) -> None:
    shop.answer = (status, None)
    with pytest.raises(Unavailable):
        run(shop)


def test_a_server_that_is_gone_is_asked_again_later(shop: Shop) -> None:
    shop.server.stop()
    with pytest.raises(Unavailable, match="did not answer"):
        run(shop)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_refused_unless_allowed(shop: Shop, host: str) -> None:
    found = run(shop, allow_private=False, url=f"http://{host}:{shop.server.port}/orders")

    assert found["output"]["error"] == "not_allowed"
    assert shop.server.seen == []


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0"])
def test_addresses_inside_networks_are_refused_without_being_asked(shop: Shop, host: str) -> None:
    found = run(shop, allow_private=False, url=f"http://{host}/latest/meta-data")
    assert found["output"]["error"] == "not_allowed"


def test_a_redirect_is_not_followed(shop: Shop) -> None:
    shop.answer = (302, None)
    assert run(shop)["output"]["error"] == "refused"
    assert len(shop.server.seen) == 1
