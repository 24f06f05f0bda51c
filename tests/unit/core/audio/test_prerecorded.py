"""Lines that are learned beside the conversation."""

from __future__ import annotations

from app.core.audio.prerecorded import MAX_BYTES, VoiceLines, wanted
from app.core.call.ending import apology
from app.core.call.events import KeepLine
from app.core.call.prompts import verbatim
from tests.support.audio_sim import agent


def test_the_lines_worth_knowing() -> None:
    some = agent()
    texts = wanted(some)
    assert some.lines.slow_tool[0] in texts
    assert some.lines.holding[0] in texts
    assert texts[-1] == apology(some, hands_over=False)
    assert apology(some, hands_over=True) not in texts, "only where somebody can take over"
    assert wanted(agent(turn_taking__fallback="transfer"))[-1] == apology(some, hands_over=True)
    assert len(texts) == len(set(texts))


def test_the_apology_says_what_follows() -> None:
    some = agent(turn_taking__fallback="transfer")
    assert apology(some, hands_over=True).endswith(some.lines.transfer)
    assert apology(some, hands_over=False).endswith(some.lines.callback)
    ending = agent(turn_taking__fallback="end")
    assert apology(ending, hands_over=False) == some.lines.apology


def test_a_line_is_asked_for_once_and_kept_when_whole() -> None:
    lines = VoiceLines(agent(), {})
    asked = lines.next_missing()
    assert asked is not None
    key, note = asked
    first = wanted(agent())[0]
    assert first in note
    assert lines.next_missing() is None
    assert not lines.created("resp_x", "t1.1")
    assert not lines.created("resp_x", None)
    assert lines.created("resp_1", key)
    assert lines.owns("resp_1")
    assert not lines.owns("resp_2")
    lines.add(b"\x01" * 100)
    lines.add(b"\x02" * 100)
    assert lines.done(True) == [KeepLine(first, b"\x01" * 100 + b"\x02" * 100)]
    assert lines.get(first) is not None
    second = lines.next_missing()
    assert second is not None
    assert first not in second[1]


def test_half_a_line_is_not_kept_nor_asked_for_again() -> None:
    lines = VoiceLines(agent(), {})
    for completed, audio in ((False, b"\x01"), (True, b""), (True, bytes(MAX_BYTES + 1))):
        asked = lines.next_missing()
        assert asked is not None
        lines.created("r", asked[0])
        lines.add(audio)
        assert lines.done(completed) == []


def test_known_lines_are_not_asked_for() -> None:
    known = dict.fromkeys(wanted(agent()), b"\x01")
    assert VoiceLines(agent(), known).next_missing() is None


def test_a_lost_session_forgets_the_line_under_way() -> None:
    lines = VoiceLines(agent(), {})
    asked = lines.next_missing()
    assert asked is not None
    lines.created("r", asked[0])
    lines.reset()
    assert not lines.owns("r")
    assert lines.done(True) == []
    again = lines.next_missing()
    assert again is not None
    assert again[1] == asked[1]
    assert again[0] != asked[0]


def test_quotes_in_a_line_do_not_end_it() -> None:
    assert verbatim('Say "hi".') == (
        "[Say exactly this, word for word, and nothing else: \"Say 'hi'.\"]"
    )
