"""A record made of a call's events and actions is decided again in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from app.cli.replay import read
from app.core.call.events import StepIn
from app.core.record.entries import UNRECORDED, encode
from app.core.record.replay import Step, play
from app.core.text.call import TextCall
from app.errors import BadRequest
from app.logs import redact_value
from tests.support.simulated_call import SimulatedCall
from tests.unit.core.text.test_call_chaos import play as random_call

RECORDS = sorted((Path(__file__).parents[3] / "records").glob("*.jsonl"))


def record_of(call: SimulatedCall) -> list[dict[str, Any]]:
    """The flight record of a simulated call."""
    began = call.began
    about = {"channel": "retell", "state": None, **call.setup().to_json()}
    lines = [encode(began, 1, {"begin": about})]
    again = TextCall(call.setup())
    actions = again.start(began)
    for at, event in [(began, None), *call.events]:
        if event is not None:
            lines.append(encode(at, 1, event))
            actions = again.handle(event, at)
        lines += [encode(at, 1, a) for a in actions if not isinstance(a, UNRECORDED)]
    return [orjson.loads(line) for line in lines]


@pytest.mark.parametrize("seed", range(20_000, 20_020))
def test_random_calls_replay_bit_for_bit(seed: int) -> None:
    entries = record_of(random_call(seed, faults=True))
    playback = play(entries, redact_value)
    assert playback.difference is None
    assert playback.events > 10


def test_a_changed_decision_is_found() -> None:
    entries = record_of(random_call(20_000, faults=False))
    victim = next(e for e in entries if e.get("out") == "retell" and "content" in e["frame"])
    victim["frame"]["content"] += "!"
    assert play(entries).difference is not None


def test_redacted_records_replay() -> None:
    entries = record_of(random_call(20_001, faults=False))
    agent = entries[0]["begin"]["agent"]
    clean = redact_value(entries)
    clean[0]["begin"]["agent"] = agent
    assert play(clean, redact_value).difference is None


def test_what_is_no_record_is_refused() -> None:
    with pytest.raises(BadRequest, match="line 1"):
        read(b"{")
    with pytest.raises(BadRequest, match="empty"):
        read(b"\n")
    with pytest.raises(BadRequest, match="not the beginning of a call"):
        play([{"t": 1.0, "s": 1, "begin": {"channel": "twilio"}}])
    with pytest.raises(BadRequest, match="no beginning"):
        play([{"t": 1.0, "s": 1, "in": "tick"}])


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_recorded_calls_replay(path: Path) -> None:
    playback = play(read(path.read_bytes()), redact_value)
    assert playback.difference is None


def test_every_step_is_watched_with_its_decisions() -> None:
    entries = record_of(random_call(20_002, faults=False))
    steps: list[Step] = []
    playback = play(entries, watch=steps.append)
    assert playback.difference is None
    assert len(steps) == playback.events + 1, "and the beginning"
    assert "begin" in steps[0].event
    decided = [one for step in steps for one in step.decided]
    recorded = [entry for entry in entries if "out" in entry]
    assert [one["out"] for one in decided[: len(recorded)]] == [e["out"] for e in recorded]
    assert sum(len(step.notes) for step in steps) == len(playback.notes)


def test_a_call_that_somebody_stepped_into_replays() -> None:
    call = SimulatedCall()
    call.say("Hello there.")
    call.feed(StepIn("say", "One moment, please.", by="Ann"))
    call.feed(StepIn("instruct", "Be brief."))
    call.say("All right.")
    assert play(record_of(call)).difference is None
