"""Makes the records under `tests/records`: calls on the real program, and what they are about."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.support.phone import ModelControl, Phone
from tests.support.stack import RunningStack
from tests.support.waiting import eventually

RECORDS = Path(__file__).parent.parent / "records"
LONG = "We are open from Monday to Friday, from eight to five. On Saturday we are closed. Fine?"


def booking(phone: Phone, model: ModelControl, url: str) -> None:
    """A booking, with the model's own words."""
    for text in (
        "I would like to book a cleaning please",
        "Wednesday in the morning please",
        "The first one is perfect",
        "It's Dana Reyes",
        "Yes, please",
        "No, that is all. Thank you, bye!",
    ):
        phone.hear()
        phone.ask(text)
        phone.answered(phone.response_id)


def interrupted(phone: Phone, model: ModelControl, url: str) -> None:
    """The caller cuts in, twice, and corrects themselves."""
    model.script(LONG, LONG, "On Monday, gladly.")
    phone.ask("When are you open?")
    phone.wait(lambda: len(phone.text(1).split()) > 6)
    phone.hear(5)
    phone.ask("wait, on Friday?")
    phone.wait(lambda: len(phone.text(2).split()) > 4)
    phone.hear(2)
    phone.ask("no, sorry, on Monday")
    phone.answered(3)


def backchannel(phone: Phone, model: ModelControl, url: str) -> None:
    """An "mm-hm" in the middle of an answer, which goes on."""
    model.script(LONG)
    phone.ask("When are you open?")
    phone.answered(1)
    phone.hear(6)
    phone.ask("mm-hm")
    phone.answered(2)


def transfer_lost(phone: Phone, model: ModelControl, url: str) -> None:
    """A transfer that a barge-in destroys, sent again with the answer."""
    model.script([{"call": "transfer_call", "arguments": {}}], "About a minute.")
    phone.ask("Can I talk to a person please?")
    phone.answered(1)
    phone.hear(3)
    phone.ask("How long will that take?")
    phone.answered(2)


def model_lost(phone: Phone, model: ModelControl, url: str) -> None:
    """The model's connection breaks in the middle of an answer."""
    model.script(LONG, "That is all.")
    phone.ask("When are you open?")
    phone.wait(lambda: len(phone.text(1).split()) > 6)
    model.post("drop", how="rst")
    phone.answered(1)


def resumed(phone: Phone, model: ModelControl, url: str) -> None:
    """Retell's socket breaks, and the call goes on on another."""
    model.script(LONG, "We are open today.")
    phone.ask("When are you open?")
    phone.wait(lambda: len(phone.text(1).split()) > 6)
    phone.vanish()
    phone.wait(lambda: phone.closed is not None)
    phone.connect(url)
    phone.wait(lambda: phone.text(1, newest_socket=True).endswith("today."))


CALLS: tuple[Callable[[Phone, ModelControl, str], None], ...] = (
    booking,
    interrupted,
    backchannel,
    transfer_lost,
    model_lost,
    resumed,
)


def main() -> None:
    """Play every call, and keep its record."""
    with tempfile.TemporaryDirectory() as directory:
        stack = RunningStack(Path(directory) / "stack")
        try:
            stack.start()
            model = ModelControl(stack.model_port)
            model.post("pace", created=0.004, first=0.04, delta=0.03)
            for play in CALLS:
                name = play.__name__
                phone = Phone(stack.socket_url, f"call_{name}")
                phone.wait(lambda phone=phone: phone.of(0))  # type: ignore[misc]
                phone.details("+14155550187")
                play(phone, model, stack.socket_url)
                time.sleep(0.2)
                phone.hang_up()
                eventually(lambda phone=phone: stack.story(phone.call_id)["status"] == "ended")  # type: ignore[misc]
                url = f"{stack.base}/api/calls/{phone.call_id}/record"
                with urllib.request.urlopen(url, timeout=10) as answer:
                    record = answer.read()
                (RECORDS / f"{name}.jsonl").write_bytes(record)
                print(f"{name}: {len(record)} bytes")
        finally:
            stack.stop()
            stack.kill()


if __name__ == "__main__":
    main()
