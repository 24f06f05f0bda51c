"""What a tool over HTTP sends for some arguments, and what the answers mean."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tools.http_request import (
    MAX_TOLD_CHARS,
    HttpEndpoint,
    Refused,
    build_request,
    check_url,
    find_pointer,
    read_answer,
)

CALL = {"call_id": "c1", "from_number": "+14155550123"}
SHOP = "https://shop.example"


def build(endpoint: HttpEndpoint, **arguments: Any) -> Any:
    return build_request("order_status", endpoint, arguments, CALL, "key-1")


def test_arguments_go_into_the_path_quoted() -> None:
    made = build(HttpEndpoint("GET", f"{SHOP}/orders/{{order_id}}"), order_id="a/b c?")

    assert made.url == f"{SHOP}/orders/a%2Fb%20c%3F"
    assert made.body is None


def test_a_get_sends_the_other_arguments_in_the_query() -> None:
    made = build(HttpEndpoint("GET", f"{SHOP}/o?v=1"), day="Mon & Tue", tags=["a", "b"], open=True)

    assert made.url == f"{SHOP}/o?v=1&day=Mon+%26+Tue&tags=a&tags=b&open=true"


def test_a_post_sends_the_envelope_of_retells_custom_functions() -> None:
    made = build(HttpEndpoint("POST", f"{SHOP}/f"), order_id=7)

    assert orjson.loads(made.body) == {
        "name": "order_status",
        "args": {"order_id": 7},
        "call": CALL,
    }
    assert made.headers["Content-Type"] == "application/json"


def test_a_post_may_send_the_arguments_alone_and_some_in_the_query() -> None:
    endpoint = HttpEndpoint("POST", f"{SHOP}/f/{{id}}", query=("day",), body="args")

    made = build(endpoint, id=7, day="Mon", note="x")

    assert made.url == f"{SHOP}/f/7?day=Mon"
    assert orjson.loads(made.body) == {"note": "x"}


def test_every_request_carries_the_key_of_its_intention_and_the_headers() -> None:
    made = build(HttpEndpoint("POST", SHOP, headers={"Authorization": "Bearer t"}))

    assert made.headers["Idempotency-Key"] == "key-1"
    assert made.headers["Authorization"] == "Bearer t"


@given(st.dictionaries(st.sampled_from(["id", "a", "b"]), st.text(max_size=20)))
def test_no_argument_leaves_the_path_it_was_given(arguments: dict[str, str]) -> None:
    try:
        made = build(HttpEndpoint("GET", f"{SHOP}/orders/{{id}}/end"), **arguments)
    except Refused:
        assert arguments.get("id", "").strip() in ("", ".", "..")
        return

    assert made.url.startswith(f"{SHOP}/orders/")
    assert made.url.split("?")[0].count("/") == 5


def test_the_model_is_told_the_whole_answer_or_what_the_pointers_name() -> None:
    body = orjson.dumps({"order": {"status": "sent", "secret": 1}, "items": ["cup"]})

    assert read_answer(HttpEndpoint("GET", SHOP), 200, body)["output"]["items"] == ["cup"]
    some = HttpEndpoint("GET", SHOP, tell=("/order/status", "/items/0", "/none"))
    assert read_answer(some, 200, body)["output"] == {"status": "sent", "0": "cup"}


def test_a_sentence_is_said_if_the_answer_has_all_it_needs() -> None:
    endpoint = HttpEndpoint("GET", SHOP, say="Your order is {status}.")

    assert read_answer(endpoint, 200, b'{"status": "sent"}')["say"] == "Your order is sent."
    assert read_answer(endpoint, 200, b"{}")["say"] is None


@pytest.mark.parametrize(
    ("body", "output"),
    [(b"", {}), (b"all fine", {"result": "all fine"}), (b"[1]", {"result": [1]}), (b"\xff", None)],
)
def test_answers_of_any_form_are_taken(body: bytes, output: Any) -> None:
    found = read_answer(HttpEndpoint("GET", SHOP), 200, body)
    assert found["ok"]
    assert output is None or found["output"] == output


def test_a_long_answer_is_cut() -> None:
    body = orjson.dumps({"text": "x" * 50_000})
    told = read_answer(HttpEndpoint("GET", SHOP), 200, body)["output"]
    assert told["cut"]
    assert len(told["result"]) == MAX_TOLD_CHARS


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b'{"error": {"message": "no such order"}}', "Nothing was found. no such order"),
        (409, b'{"message": "already sent"}', "It conflicts with what is there. already sent"),
        (418, b"teapot", "It was refused (418). teapot"),
        (302, b"", "It was refused (302)."),
    ],
)
def test_a_refusal_is_told_in_words(status: int, body: bytes, words: str) -> None:
    with pytest.raises(Refused) as refused:
        read_answer(HttpEndpoint("GET", SHOP), status, body)
    assert str(refused.value) == words


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        (f"{SHOP}/o/{{id}}?d={{day}}", ""),
        ("ftp://x", "url must start with https://"),
        ("https://{host}/x", "url may hold arguments in its path"),
        ("https://user:pw@x/", "url may hold arguments in its path"),
        (f"{SHOP}/{{other}}", "url holds {other}, which is no parameter"),
        (f"{SHOP}/{{day}}", "url holds {day} in its path"),
    ],
)
def test_a_url_is_checked_when_the_file_is_read(url: str, wrong: str) -> None:
    parameters = {"properties": {"id": {}, "day": {}}, "required": ["id"]}
    found = check_url(url, parameters)
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)


def test_pointers_follow_their_standard() -> None:
    value = {"a/b": [{"m~n": 1}], "": 2}
    assert find_pointer(value, "") == value
    assert find_pointer(value, "/a~1b/0/m~0n") == 1
    assert find_pointer(value, "/") == 2
    with pytest.raises(KeyError):
        find_pointer(value, "/a~1b/1")
