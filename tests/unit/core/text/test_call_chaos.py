"""Random calls with random faults: what must hold at the end of every one of them."""

from __future__ import annotations

import random

import pytest

from app.core.call import events
from app.core.language.words import words
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Call, Say
from tests.support.simulated_call import SimulatedCall, make_agent
from tests.unit.core.text.test_call import heard_words, view_words

LINES = (
    "I would like an appointment",
    "next Monday please",
    "no wait, Tuesday",
    "what does it cost?",
    "mm-hm",
    "okay",
    "(unintelligible audio)",
    "stop",
    "thank you, bye",
    "can I talk to somebody",
)
REPLIES: tuple[list[Say | Call], ...] = (
    [Say("Sure. Which day would suit you? We have many.")],
    [Say("It costs ninety dollars and takes half an hour, sometimes more.")],
    [Say("Let me look."), Call("check_availability", "{}")],
    [Call("book_appointment", '{"slot_id":"s1","name":"Ann Lee"}')],
    [Call("cancel_appointment", "{}"), Call("check_availability", "{}")],
    [Call("end_call", '{"message":"Goodbye."}')],
    [Call("transfer_call", "{}")],
    [Call("no_such_tool", "{}")],
    [Call("book_appointment", "not json")],
    [Say("One. Two."), Say("Three.")],
)
FAULTS = (
    {"kind": "stall"},
    {"kind": "drop", "how": "rst", "after": 2},
    {"kind": "drop", "how": "close", "code": "1011", "after": 1},
    {"kind": "failed"},
    {"kind": "incomplete"},
    {"kind": "incomplete", "reason": "content_filter"},
    {"kind": "done_without_created"},
    {"kind": "duplicate"},
    {"kind": "swap_done"},
    {"kind": "slow_cancel", "seconds": 1.0},
    {"kind": "late_deltas", "after": 2},
    {"kind": "no_created"},
    {"kind": "refuse", "status": 503},
    {"kind": "resend_call"},
    {"kind": "preamble"},
)


def play(seed: int, *, faults: bool) -> SimulatedCall:
    """One random call."""
    dice = random.Random(seed)
    pace = Pace(first=dice.choice([0.0, 0.04, 0.4]), delta=dice.choice([0.0, 0.012, 0.06]))
    call = SimulatedCall(
        make_agent(fallback=dice.choice(["end", "callback", "transfer"])), pace=pace
    )
    call.tool_s = dice.choice([0.0, 0.05, 1.2, 20.0])
    call.advance(dice.choice([0.0, 0.005, 1.0]))
    for _ in range(dice.randint(2, 9)):
        if faults and dice.random() < 0.4:
            call.fault(count=1, **dice.choice(FAULTS))
        if dice.random() < 0.7:
            call.stage.script.clear()
            call.script(*dice.choices(REPLIES, k=3))
        call.hear(dice.choice([None, None, 0, 1, 2, 4, 7]))
        if dice.random() < 0.1:
            call.request(reminder=True)
        else:
            text = dice.choice(LINES)
            if call.transcript and call.transcript[-1]["role"] == "user" and dice.random() < 0.5:
                call.transcript[-1]["content"] += f" {text}"
            else:
                call.transcript.append({"role": "user", "content": text})
            call.request()
        call.advance(dice.choice([0.0, 0.003, 0.05, 0.3, 1.0, 3.0, 12.0]))
    call.advance(60.0)
    return call


def check(call: SimulatedCall, seed: int) -> None:
    """The invariants."""
    last = call.response_id
    assert call.completed(last) == 1, f"seed {seed}: the newest request is answered once"
    for number in range(last):
        assert call.completed(number) <= 1, f"seed {seed}: {number} completed twice"
    newest = 0
    for frame in call.responses():
        assert frame["response_id"] >= newest, f"seed {seed}: something late left"
        newest = frame["response_id"]
    keys = [run.key for run in call.ran]
    ids = [run.tool_call_id for run in call.ran]
    assert len(ids) == len(set(ids)), f"seed {seed}: a tool call ran twice {keys}"
    for action in call.actions:
        if isinstance(action, events.ToRetell) and b"end_call" in action.frame:
            assert b'"content":""' not in action.frame, f"seed {seed}: action without content"
    live = [session for session in call.sessions.values() if session.live]
    assert len(live) <= 1, f"seed {seed}: sessions leaked"
    # The next turn finds the model's view equal to what was heard.
    call.stage.faults.clear()
    call.stage.script.clear()
    call.hear(3)
    call.transcript.append({"role": "user", "content": "and one more question about parking"})
    call.request()
    call.advance(40.0)
    if not call.call.model.connection.fatal and call.call.ending.pending is None:
        seen = view_words(call)[: len(heard_words(call))]
        assert seen == heard_words(call), f"seed {seed}"
        assert words(call.text(call.response_id)), f"seed {seed}: nothing was said"


@pytest.mark.parametrize("batch", range(8))
def test_random_calls(batch: int) -> None:
    for seed in range(batch * 25, batch * 25 + 25):
        call = play(seed, faults=False)
        check(call, seed)
        # A cancel may cross the end of its response on the way; nothing else is ever refused.
        refused = set(call.stage.refused) - {"response_cancel_not_active"}
        assert not refused, (seed, call.stage.violations)


@pytest.mark.parametrize("batch", range(8))
def test_random_calls_with_faults(batch: int) -> None:
    for seed in range(batch * 25, batch * 25 + 25):
        check(play(10_000 + seed, faults=True), 10_000 + seed)
