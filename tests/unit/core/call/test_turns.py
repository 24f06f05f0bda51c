"""What leaves when, and what follows when the caller waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.call.turns import Speech, Turn
from app.protocol.retell_llm import Utterance


@given(st.lists(st.text(alphabet="ab .?!", min_size=1, max_size=8), max_size=20))
def test_nothing_is_lost_in_gathering(pieces: list[str]) -> None:
    speech = Speech()
    out = ""
    for piece in pieces:
        ready = speech.gather(piece)
        speech.sent += ready
        out += ready
    assert out + speech.flush() == "".join(pieces)


def test_first_sentence_leaves_as_it_comes_and_later_ones_whole() -> None:
    speech = Speech()
    left = []
    for piece in ("Sure", ", we", " do.", " We", " open at", " nine. And", " close"):
        ready = speech.gather(piece)
        speech.sent += ready
        if ready:
            left.append(ready)
    assert left == ["Sure", ", we", " do.", " We open at nine."]
    assert speech.flush() == " And close"


def test_a_long_sentence_leaves_in_parts() -> None:
    speech = Speech("Yes.")
    assert speech.gather("word " * 40)
    assert not speech.gathered


def test_heard_holds_what_was_said_for_the_turn() -> None:
    turn = Turn(1, 0.0, (Utterance("user", "Hi"),), speech=Speech("One moment. "))
    assert turn.heard() == (Utterance("user", "Hi"), Utterance("agent", "One moment. "))


def test_it_is_told_when_the_first_word_and_the_first_sentence_had_left() -> None:
    turn = Turn.begin(1, 10.0)
    for at, piece in ((10.2, "We open"), (10.5, " at nine."), (10.9, " Until five.")):
        turn.speech.left(turn.speech.gather(piece), at)
    told = turn.end("answered", 11.0)
    assert (told.first_ms, told.sentence_ms, told.total_ms) == (200.0, 500.0, 1000.0)


def test_an_answer_without_a_whole_sentence_tells_of_none() -> None:
    turn = Turn.begin(1, 10.0)
    turn.speech.left(turn.speech.gather("Well,"), 10.2)
    assert (turn.end("interrupted", 10.4).sentence_ms, turn.speech.sentence_at) == (None, None)


def test_state_round_trip() -> None:
    turn = Turn(3, 1.5, (Utterance("user", "Hi", 2),), speech=Speech("Yes."), tools=["end_call"])
    turn.speech.first_at = turn.speech.sentence_at = 2.5
    turn.new_key()
    assert Turn.from_state(turn.to_state()) == turn
