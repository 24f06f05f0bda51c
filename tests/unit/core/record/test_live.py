"""The conversation of a call while it is spoken."""

from __future__ import annotations

from typing import Any

import orjson

from app.core.call import events
from app.core.record.entries import encode
from app.core.record.live import Conversation
from app.core.record.moments import Moments
from tests.support.audio_sim import Sim


def retell(*said: tuple[str, str]) -> dict[str, Any]:
    transcript = [{"role": role, "content": text} for role, text in said]
    frame = {"interaction_type": "update_only", "transcript": transcript}
    return {"t": 1.0, "s": 1, "in": "retell", "frame": frame}


def sent(content: str, number: int = 1) -> dict[str, Any]:
    frame = {"response_type": "response", "response_id": number, "content": content}
    return {"t": 1.0, "s": 1, "out": "retell", "frame": frame}


def shown(conversation: Conversation) -> list[tuple[str, str, str]]:
    return [(line.role, line.text, line.rest) for line in conversation.lines]


def test_words_move_from_sent_to_heard() -> None:
    talk = Conversation()
    talk.add(sent("Hello, this is Mia. ", 0))
    assert shown(talk) == [("agent", "", "Hello, this is Mia.")]
    talk.add(retell(("agent", "Hello, this ")))
    assert shown(talk) == [("agent", "Hello, this", "is Mia.")]
    talk.add(retell(("agent", "Hello, this is Mia. ")))
    assert shown(talk) == [("agent", "Hello, this is Mia.", "")]


def test_a_sentence_grows_and_turns_alternate() -> None:
    talk = Conversation()
    talk.add(retell(("agent", "Hello."), ("user", "I would")))
    talk.add(retell(("agent", "Hello."), ("user", "I would like to book.")))
    talk.add(sent("For which day?"))
    talk.add(retell(("user", "I would like to book."), ("agent", "For which day?")))
    talk.add(retell(("agent", "For which day?"), ("user", "Friday.")))
    assert shown(talk) == [
        ("agent", "Hello.", ""),
        ("user", "I would like to book.", ""),
        ("agent", "For which day?", ""),
        ("user", "Friday.", ""),
    ]


def test_what_was_cut_off_is_not_still_to_come() -> None:
    talk = Conversation()
    talk.add(sent("We are open from nine to five. "))
    talk.add(retell(("agent", "We are open")))
    talk.add(retell(("agent", "We are open"), ("user", "Wait.")))
    assert shown(talk) == [("agent", "We are open", ""), ("user", "Wait.", "")]


def test_changes_begin_at_the_first_line_that_changed() -> None:
    talk = Conversation()
    assert talk.changes() is None
    talk.add(retell(("agent", "Hello."), ("user", "Hi")))
    first = talk.changes()
    assert first is not None
    assert (first["from"], len(first["lines"])) == (0, 2)
    talk.add(retell(("agent", "Hello."), ("user", "Hi there")))
    second = talk.changes()
    assert second is not None
    assert (second["from"], second["lines"][0]["text"]) == (1, "Hi there")
    talk.add(retell(("agent", "Hello."), ("user", "Hi there")))
    assert talk.changes() is None


def test_what_happens_beside_the_words_is_a_line() -> None:
    talk = Conversation()
    run = events.RunTool("tc1", "check_availability", {}, "k", 5.0)
    for entry in (run, events.ToolDone("tc1", True, {}), events.StepIn("say", "Hold on", by="me")):
        talk.add(orjson.loads(encode(1.0, 1, entry)))
    assert [line.text for line in talk.lines] == [
        "asks for check_availability",
        "the tool has answered",
        "me: say Hold on",
    ]


def test_an_audio_call_shows_both_sides() -> None:
    sim = Sim()
    moments, talk = Moments(), Conversation()
    feed = sim.call.handle

    def recorded(event: events.Event, now: float) -> list[events.Action]:
        for at, entry in moments.add(now, event):
            talk.add(orjson.loads(encode(at, 1, entry)))
        return feed(event, now)

    sim.call.handle = recorded  # type: ignore[method-assign]
    sim.start()
    sim.until_silent()
    sim.speak("I would like to book a cleaning, please.")
    sim.run(2.0)
    sim.until_silent()
    for at, entry in moments.close():
        talk.add(orjson.loads(encode(at, 1, entry)))
    roles = [line.role for line in talk.lines]
    assert roles[:3] == ["agent", "user", "agent"]
    assert "How can I help you today?" in talk.lines[0].text
    assert talk.lines[1].text == "I would like to book a cleaning, please."


def test_odd_entries_do_no_harm() -> None:
    talk = Conversation()
    for frame in (None, "x", {}, {"transcript": "no"}, {"transcript": [1, {"role": "user"}]}):
        talk.add({"t": 1.0, "in": "retell", "frame": frame})
        talk.add({"t": 1.0, "out": "retell", "frame": frame})
        talk.add({"t": 1.0, "in": "model", "frame": frame})
    talk.add({"t": 1.0, "begin": {}})
    assert talk.lines == []
