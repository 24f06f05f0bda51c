from __future__ import annotations

from typing import Any

import pytest

from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.faults import Fault, Faults
from app.rehearsal.realtime_server.pace import Pace
from tests.support.realtime_probe import Probe, done, error, kinds, said


def played(*faults: dict[str, Any], text: str = "one two three") -> tuple[Probe, list[Any]]:
    probe = Probe(*faults).text_mode()
    return probe, probe.ask(text)


def test_stall_after_created() -> None:
    probe, events = played({"kind": "stall"})
    assert kinds(events) == ["response.created", "response.output_item.added",
                             "conversation.item.added", "response.content_part.added"]  # fmt: skip
    assert not probe.advance(600)
    assert done(probe.send("response.cancel"))["status"] == "cancelled"


def test_stall_in_mid_answer() -> None:
    probe, events = played({"kind": "stall", "after": 2})
    assert said(events) == "one two"
    assert done(probe.send("response.cancel"))["output"][0]["status"] == "incomplete"


def test_no_created_vanishes_and_blocks_until_it_is_cancelled() -> None:
    probe, events = played({"kind": "no_created", "count": 1})
    assert not events
    assert error(probe.respond())["code"] == "conversation_already_has_active_response"
    response = done(probe.send("response.cancel"))
    assert (response["status"], response["output"]) == ("cancelled", [])
    assert done(probe.respond())["status"] == "completed"


def test_deaf_stall_does_not_answer_cancel() -> None:
    probe, _ = played({"kind": "deaf_stall", "after": 1})
    assert not probe.send("response.cancel")
    assert not probe.advance(60)


def test_mute_says_nothing_more() -> None:
    probe, events = played({"kind": "mute_response", "after": 1})
    assert said(events) == "one"
    assert not probe.send("response.cancel")
    assert not probe.user("hello")
    assert not probe.drops
    assert not Probe({"kind": "mute"}).opening


@pytest.mark.parametrize(
    ("fault", "drop"),
    [
        ({"kind": "drop"}, Drop("rst", 1011)),
        ({"kind": "drop", "how": "fin"}, Drop("fin", 1011)),
        ({"kind": "drop", "how": "close", "code": "1006"}, Drop("fin", 1006)),
        ({"kind": "drop", "how": "close", "code": "4000"}, Drop("close", 4000)),
    ],
)
def test_drop_in_mid_answer(fault: dict[str, Any], drop: Drop) -> None:
    probe, events = played({**fault, "after": 1})
    assert said(events) == "one"
    assert probe.drops == [drop]
    assert not probe.send("response.create")


def test_an_error_instead_of_a_response() -> None:
    probe = Probe({"kind": "error", "code": "insufficient_quota", "count": 1}).text_mode()
    probe.user("hello")
    problem = error(probe.send("response.create", event_id="c1"))
    assert (problem["code"], problem["event_id"]) == ("insufficient_quota", "c1")
    assert done(probe.respond())["status"] == "completed"


def test_failed_carries_its_error() -> None:
    _, events = played({"kind": "failed", "code": "rate_limit_exceeded", "after": 1})
    response = done(events)
    assert response["status"] == "failed"
    assert response["status_details"]["error"]["code"] == "rate_limit_exceeded"
    assert said(events) == "one"


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_incomplete(reason: str) -> None:
    _, events = played({"kind": "incomplete", "reason": reason, "after": 2})
    assert done(events)["status_details"] == {"type": "incomplete", "reason": reason}
    assert said(events) == "one two"


def test_done_without_created() -> None:
    _, events = played({"kind": "done_without_created"})
    assert "response.created" not in kinds(events)
    assert done(events)["status"] == "completed"


def test_duplicate_of_some_types() -> None:
    _, events = played({"kind": "duplicate", "types": ["response.output_text.delta"]})
    assert said(events) == "oneone two two three three"
    assert kinds(events).count("response.done") == 1


def test_duplicate_of_all() -> None:
    _, events = played({"kind": "duplicate"})
    assert kinds(events).count("response.done") == 2
    assert kinds(events).count("response.created") == 2


def test_preamble_is_an_item_of_its_own() -> None:
    _, events = played({"kind": "preamble", "text": "Let me see."})
    output = done(events)["output"]
    assert [item["phase"] for item in output] == ["commentary", "final_answer"]
    assert output[0]["content"][0]["text"] == "Let me see."
    assert {e["output_index"] for e in events if "output_index" in e} == {0, 1}


def test_split_answers_in_two_items() -> None:
    _, events = played({"kind": "split"}, text="one two three four")
    texts = [item["content"][0]["text"] for item in done(events)["output"]]
    assert texts == ["one two", "three four"]


def test_repeated_call_has_another_call_id_and_resent_call_the_same() -> None:
    _, events = played({"kind": "repeat_call"}, text="call look")
    assert len({item["call_id"] for item in done(events)["output"]}) == 2
    _, events = played({"kind": "resend_call"}, text="call look")
    finished = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert len(finished) == 2
    assert finished[0] == finished[1]
    assert len(done(events)["output"]) == 1


@pytest.mark.parametrize(
    ("place", "at"), [("first", [0]), ("created", [1]), ("none", []), ("twice", [0, -1])]
)
def test_floating_rate_limits(place: str, at: list[int]) -> None:
    _, events = played({"kind": "rate_limits", "place": place})
    found = [n for n, kind in enumerate(kinds(events)) if kind == "rate_limits.updated"]
    assert found == [n % len(events) for n in at]


def test_swapped_done() -> None:
    _, events = played({"kind": "swap_done"})
    order = kinds(events)
    assert order.index("response.output_item.done") < order.index("conversation.item.done")


def test_slow_first_and_slow_deltas() -> None:
    faults = ({"kind": "slow_first", "seconds": 5}, {"kind": "slow_deltas", "seconds": 1})
    probe = Probe(*faults, pace=Pace(0, 0, 0, 0, 0)).text_mode()
    assert kinds(probe.ask("one two")) == ["response.created"]
    assert not said(probe.advance(4.9))
    assert said(probe.advance(0.2)) == "one"
    assert said(probe.advance(1)) == " two"
    assert done(probe.advance(1))["status"] == "completed"


def test_slow_cancel_and_late_deltas() -> None:
    probe = Probe(
        {"kind": "slow_cancel", "seconds": 3},
        {"kind": "late_deltas", "after": 2},
        pace=Pace(0, 0, 1),
    ).text_mode()
    probe.ask("one two three")
    assert not probe.send("response.cancel")
    assert error(probe.respond())["code"] == "conversation_already_has_active_response"
    events = probe.advance(3)
    assert done(events)["status"] == "cancelled"
    order = kinds(events)
    assert order[-2:] == ["response.output_text.delta"] * 2


def test_error_at_start_follows_created() -> None:
    probe = Probe({"kind": "error_at_start", "code": "insufficient_quota", "close": 1008})
    assert kinds(probe.opening) == ["session.created", "error"]
    assert probe.drops == [Drop("close", 1008)]


def test_expire_and_drop_after() -> None:
    probe = Probe({"kind": "expire", "seconds": 3})
    assert error(probe.advance(3.1))["code"] == "session_expired"
    probe = Probe({"kind": "drop_after", "seconds": 3, "how": "fin"})
    probe.advance(3.1)
    assert probe.drops[0].how == "fin"


def test_limits_by_session_response_count_and_dice() -> None:
    faults = Faults([Fault.parse({"kind": "stall", "session": 2, "response": [1, 3]})])
    struck = [(s, r) for s in (1, 2) for r in (1, 2, 3) if faults.in_response(s, r)]
    assert struck == [(2, 1), (2, 3)]
    faults = Faults([Fault.parse({"kind": "stall", "count": 2})])
    assert [bool(faults.in_response(1, n)) for n in range(4)] == [True, True, False, False]
    rolls = []
    for _ in range(2):
        faults = Faults([Fault.parse({"kind": "stall", "probability": 0.3})], seed=5)
        rolls.append([bool(faults.in_response(1, n)) for n in range(200)])
    assert rolls[0] == rolls[1]
    assert 30 < sum(rolls[0]) < 90


def test_flags_say_the_same_as_json() -> None:
    flag = Fault.parse_flag("drop:how=close,code=1001,after=3,session=2,response=1+4,count=1")
    json = Fault.parse(
        {"kind": "drop", "how": "close", "code": 1001, "after": 3, "session": 2,
         "response": [1, 4], "count": 1}
    )  # fmt: skip
    assert flag == json
    assert flag.close_code == 1001


@pytest.mark.parametrize(
    "spec", [{"kind": "explode"}, {}, {"kind": "stall", "loudness": 3}, {"kind": "stall",
             "after": "x"}]
)  # fmt: skip
def test_wrong_faults_are_named(spec: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"explode|None|loudness|x"):
        Fault.parse(spec)
