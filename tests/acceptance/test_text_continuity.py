"""A text call goes on, whatever breaks: real gunicorn, real Redis, real workers, real sockets."""

from __future__ import annotations

import os
import signal
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from functools import partial

import pytest
from redis import Redis
from websockets.exceptions import InvalidStatus

from app.adapters.calls.store import CallStore
from app.cli.replay import read
from app.core.record.replay import play
from app.logs import redact_value
from app.settings import Settings
from tests.support.phone import ModelControl, Phone
from tests.support.stack import RunningStack, kill
from tests.support.waiting import eventually

LONG = "This is a long sentence number one. " + "And it goes on and on and on. " * 12


def call_id() -> str:
    return f"call_{uuid.uuid4().hex}"


@pytest.fixture
def model(stack: RunningStack) -> ModelControl:
    return ModelControl(stack.model_port)


@pytest.fixture
def phone(stack: RunningStack) -> Iterator[Phone]:
    phone = Phone(stack.socket_url, call_id())
    phone.wait(lambda: phone.of(0))
    yield phone
    phone.ws.close()


@pytest.fixture
def second_web(stack: RunningStack, tmp_path: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Another web process on another port, with the same Redis, model and workers."""
    other = RunningStack(
        tmp_path / "second",  # type: ignore[operator]
        {name: stack.env[name] for name in ("REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL")},
    )
    other.directory.mkdir()
    other.start_web()
    yield other
    assert other.web is not None
    other.web.stop()


def status(url: str) -> int:
    """The HTTP status, 0 where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def slow_speech(model: ModelControl) -> None:
    """Speech that takes seconds, so that something can happen in the middle of it."""
    model.post("pace", created=0.004, first=0.04, delta=0.05)


def mid_sentence(phone: Phone, response_id: int) -> None:
    phone.wait(lambda: len(phone.text(response_id).split()) > 8)
    assert not any(f["content_complete"] for f in phone.of(response_id))


def test_ten_interruptions_leave_one_speaker_and_a_true_history(
    phone: Phone, model: ModelControl
) -> None:
    slow_speech(model)
    model.script(*[f"Answer {n} goes on and on. {LONG}" for n in range(10)])
    for number in range(10):
        phone.hear(number % 4)
        phone.ask(f"no wait, question {number}")
        if number % 3:
            phone.wait(lambda: phone.text(phone.response_id))
    last = phone.response_id
    phone.wait(lambda: phone.text(last))
    at = len(phone.frames)
    phone.answered(last, timeout=60)
    assert {f["response_id"] for f in phone.frames[at:] if "response_id" in f} == {last}
    assert all(not any(f["content_complete"] for f in phone.of(n)) for n in range(1, last))
    assert not model.refused()
    items = model.get("sessions/1")["items"]
    said = ["".join(p.get("text", "") for p in i["content"]) for i in items if "content" in i]
    for entry in phone.transcript:
        assert any(entry["content"].strip() in text for text in said)


@pytest.mark.parametrize(
    "drop",
    [
        {"how": "rst"},
        {"how": "fin"},
        {"how": "close", "code": 1001},
        {"how": "close", "code": 1011},
    ],
    ids=["rst", "fin", "1001", "1011"],
)
def test_model_lost_in_mid_sentence(
    phone: Phone, model: ModelControl, drop: dict[str, object]
) -> None:
    slow_speech(model)
    model.script(LONG, "The end.")
    phone.ask("Tell me everything please")
    mid_sentence(phone, 1)
    model.post("drop", **drop)
    text = phone.answered(1)
    assert text.startswith("This is a long sentence")
    assert text.endswith("The end.")
    assert len(phone.of(0)) == 1
    assert not model.refused()


def test_a_session_closed_for_good_is_not_tried_again(phone: Phone, model: ModelControl) -> None:
    # The session has been given its configuration: it is in use.
    phone.wait(lambda: any(s["events"] for s in model.get("sessions")["sessions"]))
    model.post("drop", how="close", code=4000)
    phone.ask("Hello, are you there please")
    assert "sorry" in phone.answered(1).lower()
    assert phone.of(1)[-1].get("end_call") or phone.of(1)[-1].get("transfer_number")
    assert len(model.get("sessions")["sessions"]) == 1


def test_model_refuses_then_comes_back(phone: Phone, model: ModelControl) -> None:
    model.script("Here I am again.")
    model.fault(kind="refuse", status=503, count=3)
    model.post("drop", how="rst")
    phone.ask("Hello, are you there please")
    assert phone.answered(1).endswith("Here I am again.")


def test_quota_is_gone_for_good(make_stack: object, stack: RunningStack) -> None:
    model = ModelControl(stack.model_port)
    model.fault(kind="error_at_start", code="insufficient_quota", close=1008)
    phone = Phone(stack.socket_url, call_id())
    phone.wait(lambda: phone.of(0))
    phone.ask("Hello, are you there please")
    phone.answered(1)
    last = phone.of(1)[-1]
    assert last.get("end_call") or last.get("transfer_number")
    assert "sorry" in phone.text(1).lower()


def test_lost_socket_resumes_without_a_second_greeting(
    stack: RunningStack, phone: Phone, model: ModelControl
) -> None:
    slow_speech(model)
    model.script(LONG, "Answered on the new socket.")
    phone.ask("Tell me everything please")
    mid_sentence(phone, 1)
    phone.vanish()
    phone.wait(lambda: phone.closed is not None)
    phone.connect(stack.socket_url)
    phone.wait(lambda: phone.text(1, newest_socket=True).endswith("new socket."))
    assert phone.frames[phone.first]["response_type"] == "config"
    assert not any(f["content"] for f in phone.of(0, newest_socket=True))


def test_nobody_is_greeted_again_after_a_kill_in_the_first_moment(
    stack: RunningStack, model: ModelControl
) -> None:
    """The process that greeted died before it had saved anything."""
    name = call_id()
    redis = Redis.from_url(stack.env["REDIS_URL"])
    CallStore(redis, Settings(redis_url=stack.env["REDIS_URL"])).take(name, "a-dead-process")
    redis.close()
    phone = Phone(stack.socket_url, name)
    phone.transcript = [{"role": "agent", "content": "Thank you for calling."}]
    model.script("On weekdays.")
    phone.ask("When are you open?")
    assert phone.answered(1) == "On weekdays."
    assert not any(frame["content"] for frame in phone.of(0))
    phone.hang_up()


def test_several_sockets_at_once_leave_the_caller_greeted(stack: RunningStack) -> None:
    name = call_id()
    phones = [Phone(stack.socket_url, name) for _ in range(3)]
    newest = phones[-1]
    newest.wait(lambda: any(frame["content"] for frame in newest.of(0)))
    for older in phones[:-1]:
        older.wait(partial(was_aborted, older))
    newest.hang_up()


def test_odd_entries_of_a_transcript_leave_the_turn(phone: Phone, model: ModelControl) -> None:
    model.script("On weekdays.")
    phone.transcript = [
        {"role": "user", "content": None},
        {"role": {"odd": 1}, "content": "x"},
        None,  # type: ignore[list-item]
        {"role": "agent", "content": "Thank you for calling \ud83d"},
    ]
    phone.ask("When are you open?")
    assert phone.answered(1) == "On weekdays."


def test_newest_socket_owns_the_call_and_the_older_is_cut_off(
    stack: RunningStack, second_web: RunningStack, phone: Phone, model: ModelControl
) -> None:
    newer = Phone(second_web.socket_url, phone.call_id)
    phone.wait(lambda: phone.closed is not None)
    assert phone.closed == 1006
    model.script("Hello from the second process.")
    newer.transcript = [{"role": "user", "content": "Hello"}]
    newer.ask("are you still there?")
    assert newer.answered(1) == "Hello from the second process."
    newer.hang_up()


@pytest.mark.faults
def test_kill_9_of_a_web_process_with_20_calls_on_it(
    stack: RunningStack, second_web: RunningStack, model: ModelControl
) -> None:
    slow_speech(model)
    phones = [Phone(stack.socket_url, call_id()) for _ in range(20)]
    for phone in phones:
        phone.wait(partial(phone.of, 0))
    model.script(*[LONG] * 20)
    for phone in phones:
        phone.ask("Tell me everything please")
    for phone in phones:
        mid_sentence(phone, 1)
    assert stack.web is not None
    for process in [*stack.web_processes()]:
        kill(process)
    os.kill(stack.web.pid, signal.SIGKILL)
    model.script(*["The rest of it."] * 20)
    for phone in phones:
        phone.wait(partial(is_closed, phone))
        assert phone.closed == 1006
        phone.connect(second_web.socket_url)
    for phone in phones:
        phone.wait(partial(was_told_the_rest, phone))
        assert not any(f["content"] for f in phone.of(0, newest_socket=True)), "greeted twice"
        phone.hang_up()
    assert not model.refused()


def test_sigterm_finishes_the_turn_and_drops_without_a_close_frame(
    stack: RunningStack, second_web: RunningStack, phone: Phone, model: ModelControl
) -> None:
    model.post("pace", created=0.004, first=0.04, delta=0.02)
    model.script("A sentence that takes about a second, which is less than the drain may take. Ok.")
    phone.ask("Tell me everything please")
    phone.wait(lambda: phone.text(1))
    assert stack.web is not None
    os.kill(stack.web.pid, signal.SIGTERM)
    phone.wait(lambda: status(f"{stack.base}/ready") in (503, 0))
    with pytest.raises((InvalidStatus, OSError)):
        Phone(stack.socket_url, call_id())
    assert phone.answered(1).endswith("Ok.")
    phone.wait(lambda: phone.closed is not None)
    assert phone.closed == 1006
    model.script("Still here.")
    phone.connect(second_web.socket_url)
    phone.hear()
    phone.ask("And now the next thing please")
    assert phone.answered(2) == "Still here."
    assert not any(f["content"] for f in phone.of(0, newest_socket=True))


@pytest.mark.faults
def test_redis_away_in_the_middle_of_a_call(
    stack: RunningStack, phone: Phone, model: ModelControl
) -> None:
    assert stack.redis is not None
    stack.redis.kill()
    model.script("I can still talk.", "And still.")
    phone.ask("Hello, is anybody there please")
    assert phone.answered(1) == "I can still talk."
    other = Phone(stack.socket_url, call_id())
    other.wait(lambda: other.of(0))
    other.ask("Hello, is anybody there please")
    assert other.answered(1) == "And still."
    other.hang_up()
    stack.redis.start()
    model.script("Redis is back.")
    phone.hear()
    phone.ask("Tell me one more thing please")
    assert phone.answered(2) == "Redis is back."
    eventually(lambda: stack.story(phone.call_id)["turns_count"] >= 2)


@pytest.mark.faults
def test_a_frozen_process_that_wakes_up_has_lost_its_call(
    stack: RunningStack, second_web: RunningStack, phone: Phone, model: ModelControl
) -> None:
    model.script("The second process speaks.")
    for process in stack.web_processes():
        process.suspend()
    newer = Phone(second_web.socket_url, phone.call_id)
    newer.ask("are you still there please")
    assert newer.answered(1) == "The second process speaks."
    for process in stack.web_processes():
        process.resume()
    phone.wait(lambda: phone.closed is not None)
    assert phone.closed == 1006
    newer.hang_up()
    eventually(lambda: stack.story(phone.call_id)["turns_count"] == 1)


def test_bad_input_harms_no_other_call(
    stack: RunningStack, phone: Phone, model: ModelControl
) -> None:
    bad = Phone(stack.socket_url, call_id())
    for raw in ("{", "[]", '{"interaction_type": 5}', '{"interaction_type": "new_kind"}', "x" * 9):
        bad.ws.send(raw)
    bad.send(interaction_type="response_required", response_id="one", transcript=[])
    bad.send(interaction_type="response_required", response_id=1, transcript=[{"role": 1}])
    model.script("Good.", "Good too.")
    bad.ask("Tell me one thing please")
    assert bad.answered(1) == "Good."
    bad.ws.send("y" * 5_000_000)
    bad.wait(lambda: bad.closed is not None)
    assert bad.closed == 1009
    phone.ask("Tell me one thing please")
    assert phone.answered(1) == "Good too."


def test_flight_record_replays(
    stack: RunningStack, phone: Phone, model: ModelControl, tmp_path: pytest.TempPathFactory
) -> None:
    phone.details()
    phone.ask("I would like to book a cleaning next week please")
    phone.answered(1)
    phone.hear(4)
    phone.ask("wait, what does it cost? call me at 415 555 0199")
    phone.answered(2)
    phone.hang_up()
    eventually(lambda: stack.story(phone.call_id)["status"] == "ended")
    url = f"{stack.base}/api/calls/{phone.call_id}/record"
    with urllib.request.urlopen(url, timeout=10) as answer:
        raw = answer.read()
    assert b"5550187" not in raw
    assert b"555 0199" not in raw
    playback = play(read(raw), redact_value)
    assert playback.difference is None
    assert playback.events > 20


def is_closed(phone: Phone) -> bool:
    return phone.closed is not None


def was_aborted(phone: Phone) -> bool:
    return phone.closed == 1006


def was_told_the_rest(phone: Phone) -> bool:
    return phone.text(1, newest_socket=True).endswith("rest of it.")
