from __future__ import annotations

from typing import Any

import pytest

from app.rehearsal.realtime_server.protocol.items import UNINTELLIGIBLE, Conversation, Item
from tests.support.realtime_probe import Probe, done, error, kinds


def create(probe: Probe, item: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    return probe.send("conversation.item.create", item=item, **fields)


def message(role: str, kind: str, text: str = "hello") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


@pytest.mark.parametrize(
    ("role", "kind"),
    [("system", "input_text"), ("user", "input_text"), ("assistant", "output_text")],
)
def test_history_is_seeded_with_the_exact_shapes(role: str, kind: str) -> None:
    probe = Probe()
    added, finished = create(probe, message(role, kind))
    assert added["type"] == "conversation.item.added"
    assert added["item"] == finished["item"]
    assert added["item"]["status"] == "completed"
    assert added["item"]["object"] == "realtime.item"


@pytest.mark.parametrize(
    ("role", "kind"),
    [("assistant", "text"), ("assistant", "input_text"), ("assistant", "output_audio"),
     ("user", "text"), ("user", "output_text"), ("system", "output_text")],
)  # fmt: skip
def test_other_shapes_are_refused(role: str, kind: str) -> None:
    probe = Probe()
    problem = error(create(probe, message(role, kind)))
    assert problem["code"] == "invalid_value"
    assert problem["param"] == "item.content[0].type"
    assert len(probe.session.channel.conversation) == 0


def test_items_take_their_place() -> None:
    probe = Probe()
    probe.user("b", "b")
    (added, _) = probe.user("c", "c")
    assert added["previous_item_id"] == "b"
    (added, _) = probe.user("a", "a", previous_item_id="root")
    assert added["previous_item_id"] is None
    (added, _) = probe.user("b2", "b2", previous_item_id="b")
    assert added["previous_item_id"] == "b"
    assert probe.texts == ["a", "b", "b2", "c"]


def test_unknown_place_is_refused_and_nothing_added() -> None:
    probe = Probe()
    problem = error(probe.user("x", previous_item_id="nowhere"))
    assert problem["code"] == "item_create_invalid_previous_item_id"
    assert len(probe.session.channel.conversation) == 0


def test_an_id_is_unique_and_may_be_used_again_after_delete() -> None:
    probe = Probe()
    probe.user("one", "it_1")
    problem = error(probe.user("two", "it_1"))
    assert (problem["code"], problem["param"]) == ("invalid_value", "item.id")
    assert kinds(probe.send("conversation.item.delete", item_id="it_1")) == [
        "conversation.item.deleted"
    ]
    assert len(probe.user("two", "it_1")) == 2


@pytest.mark.parametrize(
    ("item_id", "code"),
    [("x" * 33, "string_above_max_length"), ("a b", "invalid_value"), ("", "invalid_value")],
)
def test_ids_have_the_services_form(item_id: str, code: str) -> None:
    assert error(Probe().user("x", item_id))["code"] == code


@pytest.mark.parametrize("doing", ["delete", "retrieve", "truncate"])
def test_what_is_not_there_cannot_be_touched(doing: str) -> None:
    cut = {"content_index": 0, "audio_end_ms": 1} if doing == "truncate" else {}
    problem = error(Probe().send(f"conversation.item.{doing}", item_id="gone", **cut))
    assert problem["code"] == f"item_{doing}_invalid_item_id"


def test_a_function_call_can_be_seeded_with_its_output() -> None:
    probe = Probe()
    call = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"}
    assert len(create(probe, call)) == 2
    output = {"type": "function_call_output", "call_id": "c1", "output": ""}
    assert len(create(probe, output)) == 2


def test_user_audio_can_be_seeded_but_does_not_come_back_in_events() -> None:
    probe = Probe()
    item = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_audio", "audio": "AAAA", "transcript": "hi"}],
    }
    added, _ = create(probe, item)
    assert "audio" not in added["item"]["content"][0]
    (got,) = probe.send("conversation.item.retrieve", item_id=added["item"]["id"])
    assert got["item"]["content"][0]["audio"] == "AAAA"
    item["content"][0]["audio"] = "!"  # type: ignore[index]
    assert error(create(probe, item))["param"] == "item.content[0].audio"


def test_text_cannot_be_truncated() -> None:
    probe = Probe().text_mode()
    item_id = done(probe.ask("hello"))["output"][0]["id"]
    problem = error(
        probe.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=10)
    )
    assert problem["message"] == "Only model output audio messages can be truncated"


def test_audio_is_truncated_at_most_to_its_length() -> None:
    probe = Probe()
    item_id = done(probe.ask("hello. there."))["output"][0]["id"]
    length = 2 * len(probe.audio) // 48
    cut = {"item_id": item_id, "content_index": 0}
    problem = error(probe.send("conversation.item.truncate", **cut, audio_end_ms=length + 1))
    assert problem["message"] == (
        f"Audio content of {length}ms is already shorter than {length + 1}ms"
    )
    (truncated,) = probe.send("conversation.item.truncate", **cut, audio_end_ms=length // 2)
    assert truncated["audio_end_ms"] == length // 2
    (got,) = probe.send("conversation.item.retrieve", item_id=item_id)
    assert "transcript" not in got["item"]["content"][0]
    problem = error(probe.send("conversation.item.truncate", **cut, audio_end_ms=length))
    assert problem["message"].startswith(f"Audio content of {length // 2}ms")


def test_the_model_remembers_only_what_was_heard_of_truncated_audio() -> None:
    probe = Probe()
    item_id = done(probe.ask("hello. there."))["output"][0]["id"]
    half = len(probe.audio) // 48
    probe.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=half)
    assert probe.texts[-1] == "hello."


@pytest.mark.parametrize(
    ("share", "left"), [(0, ""), (0.4, "one two"), (0.5, "one two three."), (1, None)]
)
def test_a_cut_inside_a_sentence_leaves_its_first_words(share: float, left: str | None) -> None:
    probe = Probe()
    text = "one two three. four five six."
    item_id = done(probe.ask(text))["output"][0]["id"]
    cut = int(2 * len(probe.audio) // 48 * share)
    probe.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=cut)
    assert probe.texts[-1] == (text if left is None else left)


def test_deleting_an_item_while_it_is_streamed_harms_nothing() -> None:
    from app.rehearsal.realtime_server.pace import Pace

    probe = Probe(pace=Pace(created=0, first=0, delta=1)).text_mode()
    probe.user("one two three")
    probe.respond()
    item = probe.advance(0.5)
    assert not item
    item_id = next(
        i.id for i in probe.session.channel.conversation if i.wire["role"] == "assistant"
    )
    probe.send("conversation.item.delete", item_id=item_id)
    events = probe.advance(10)
    assert "conversation.item.done" not in kinds(events)
    assert done(events)["status"] == "completed"


def test_a_conversation_is_answered_once_nothing_is_owed() -> None:
    def item(number: int, heard: str | None = None, **wire: str) -> Item:
        return Item({"id": f"i{number}", **wire}, heard=heard)

    conversation = Conversation("conv")
    assert not conversation.is_answered
    steps = [
        (item(1, type="message", role="assistant"), True),
        (item(2, UNINTELLIGIBLE, type="message", role="user"), True),
        (item(3, type="message", role="user"), False),
        (item(4, type="message", role="assistant"), True),
        (item(5, type="function_call", call_id="c1"), False),
        (item(6, type="message", role="assistant"), False),
        (item(7, type="function_call_output", call_id="c1"), False),
        (item(8, type="message", role="assistant"), True),
    ]
    for added, answered in steps:
        conversation.add(added)
        assert conversation.is_answered is answered, added.id
