"""What leaves when, and what follows when the caller waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.agent.definition import TurnTaking
from app.core.call.turns import Turn, ladder, next_step
from app.protocol.retell_llm import Utterance


@given(st.lists(st.text(alphabet="ab .?!", min_size=1, max_size=8), max_size=20))
def test_nothing_is_lost_in_gathering(pieces: list[str]) -> None:
    turn = Turn(1, 0.0)
    out = ""
    for piece in pieces:
        ready = turn.gather(piece)
        turn.sent += ready
        out += ready
    assert out + turn.flush() == "".join(pieces)


def test_first_sentence_leaves_as_it_comes_and_later_ones_whole() -> None:
    turn = Turn(1, 0.0)
    left = []
    for piece in ("Sure", ", we", " do.", " We", " open at", " nine. And", " close"):
        ready = turn.gather(piece)
        turn.sent += ready
        if ready:
            left.append(ready)
    assert left == ["Sure", ", we", " do.", " We open at nine."]
    assert turn.flush() == " And close"


def test_a_long_sentence_leaves_in_parts() -> None:
    turn = Turn(1, 0.0, sent="Yes.")
    assert turn.gather("word " * 40)
    assert not turn.gathered


@given(
    st.sampled_from(["model", "tool", "commit", "nothing"]),
    st.booleans(),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
)
def test_steps_come_in_order(waiting: str, answering: bool, holding: int, deadline: int) -> None:
    rules = TurnTaking(tool_holding_after_ms=holding, tool_deadline_ms=deadline)
    turn = Turn(1, 0.0, answering=answering)
    turn.wait(waiting, 10.0)  # type: ignore[arg-type]
    times = [at for at, _ in ladder(turn, rules)]
    assert times == sorted(times)


def test_a_complete_turn_waits_for_nothing() -> None:
    turn = Turn(1, 0.0, complete=True)
    assert next_step(turn, TurnTaking()) is None


def test_heard_holds_what_was_said_for_the_turn() -> None:
    turn = Turn(1, 0.0, (Utterance("user", "Hi"),), sent="One moment. ")
    assert turn.heard() == (Utterance("user", "Hi"), Utterance("agent", "One moment. "))


def test_state_round_trip() -> None:
    turn = Turn(3, 1.5, (Utterance("user", "Hi", 2),), sent="Yes", tools=["end_call"])
    turn.new_key()
    assert Turn.from_state(turn.to_state()) == turn
