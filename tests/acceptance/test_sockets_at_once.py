"""Several sockets for one new call at once, over several web processes: one is left, and greets."""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress

from websockets.exceptions import InvalidMessage

from tests.support.phone import Phone
from tests.support.stack import RunningStack
from tests.support.waiting import eventually

from ..conftest import MakeStack

CALLS, SOCKETS = 8, 3


def dial(url: str, call_id: str) -> list[Phone]:
    """Sockets of one call, opened at the same moment."""
    phones: list[Phone] = []
    together = threading.Barrier(SOCKETS)

    def open_one() -> None:
        together.wait()
        # One that is replaced before its handshake was answered is cut off without an answer.
        with suppress(InvalidMessage, OSError, EOFError):
            phones.append(Phone(url, call_id))

    threads = [threading.Thread(target=open_one) for _ in range(SOCKETS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return phones


def test_one_of_them_is_left_and_has_greeted(make_stack: MakeStack) -> None:
    stack: RunningStack = make_stack({"WEB_CONCURRENCY": "3"})
    holders: set[str] = set()
    for _ in range(CALLS):
        call_id = f"call_{uuid.uuid4().hex}"
        phones = dial(stack.socket_url, call_id)

        def left(phones: list[Phone] = phones) -> list[Phone]:
            return [phone for phone in phones if phone._reader.is_alive()]

        eventually(lambda left=left: len(left()) == 1)  # type: ignore[misc]
        (phone,) = left()
        phone.wait(lambda phone=phone: any(f["content_complete"] for f in phone.of(0)))  # type: ignore[misc]
        assert "Harbor Dental" in phone.text(0)
        phone.ask("What are your opening hours?")
        assert phone.answered(1)
        greetings = [f for f in phone.of(0) if f["content_complete"]]
        assert len(greetings) == 1
        holders.add(stack.holder(call_id))
        phone.hang_up()
    assert len(holders) > 1, "the calls were all served by one process"
