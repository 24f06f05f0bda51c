from __future__ import annotations

import orjson
import pytest

from app.rehearsal.realtime_server.channel import Drop
from app.rehearsal.realtime_server.pace import Pace
from tests.support.realtime_probe import Echo, Probe, done, error, kinds, said

TEXT_LADDER = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
    "rate_limits.updated",
]


def test_greets_with_the_documented_defaults() -> None:
    probe = Probe()
    (created,) = probe.opening
    session = created["session"]
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 500,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }
    assert session["audio"]["input"]["transcription"] is None
    assert session["max_output_tokens"] == "inf"
    assert session["truncation"] == "auto"
    assert session["reasoning"] == {"effort": "low"}
    assert session["expires_at"] == 1_795_000_000 + 3600
    assert session["instructions"]


def test_conversation_created_can_be_asked_for() -> None:
    assert kinds(Probe(announce_conversation=True).opening) == [
        "session.created",
        "conversation.created",
    ]


def test_text_response_follows_the_ladder() -> None:
    probe = Probe().text_mode()
    assert kinds(probe.user("good morning")) == [
        "conversation.item.added",
        "conversation.item.done",
    ]
    events = probe.respond(metadata={"k": "7"})
    assert kinds(events) == TEXT_LADDER
    assert said(events) == "good morning"
    response = done(events)
    assert response["status"] == "completed"
    assert response["metadata"] == {"k": "7"}
    assert response["output"][0]["content"] == [{"type": "output_text", "text": "good morning"}]
    assert response["conversation_id"] == probe.session.channel.conversation.id
    assert probe.texts == ["good morning", "good morning"]
    assert not probe.stage.violations


def test_one_item_id_and_output_index_through_the_whole_ladder() -> None:
    probe = Probe().text_mode()
    events = [e for e in probe.ask("good morning") if "item_id" in e]
    assert {(e["item_id"], e["output_index"], e["content_index"]) for e in events} == {
        (events[0]["item_id"], 0, 0)
    }


def test_function_call_is_visible_three_times_with_one_call_id() -> None:
    probe = Probe().text_mode()
    events = probe.ask("call check_availability")
    assert "response.function_call_arguments.delta" in kinds(events)
    finished = [e for e in events if e["type"] == "response.function_call_arguments.done"]
    item = next(e["item"] for e in events if e["type"] == "response.output_item.done")
    output = done(events)["output"][0]
    arguments = '{"date":"2026-11-24","part":"morning"}'
    assert finished[0]["arguments"] == item["arguments"] == output["arguments"] == arguments
    assert finished[0]["call_id"] == item["call_id"] == output["call_id"]
    assert finished[0]["name"] == item["name"] == "check_availability"
    assert item["status"] == "completed"
    result = probe.send(
        "conversation.item.create",
        item={"type": "function_call_output", "call_id": item["call_id"], "output": "{}"},
    )
    assert kinds(result) == ["conversation.item.added", "conversation.item.done"]


def test_an_output_for_no_call_is_refused() -> None:
    probe = Probe().text_mode()
    item = {"type": "function_call_output", "call_id": "call_nobody", "output": "{}"}
    problem = error(probe.send("conversation.item.create", item=item))
    assert problem["code"] == "invalid_tool_call_id"


def test_a_second_response_is_refused_and_names_the_first() -> None:
    probe = Probe(pace=Pace()).text_mode()
    probe.user("one two three")
    probe.respond()
    created = probe.advance(0.005)
    response_id = created[0]["response"]["id"]
    problem = error(probe.send("response.create", event_id="second"))
    assert problem["code"] == "conversation_already_has_active_response"
    assert response_id in problem["message"]
    assert problem["event_id"] == "second"
    assert probe.stage.refused["conversation_already_has_active_response"] == 1
    assert done(probe.advance(5))["status"] == "completed"


def test_cancel_closes_what_is_open_with_what_was_said() -> None:
    probe = Probe(pace=Pace(created=0, first=0, delta=1)).text_mode()
    probe.user("one two three four")
    probe.respond()
    probe.advance(1.5)
    events = probe.send("response.cancel")
    assert kinds(events) == [
        "response.output_text.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    response = done(events)
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["text"] == "one two"
    assert response["usage"]["output_tokens"] > 0
    assert not probe.advance(60)


def test_cancel_of_nothing_is_an_error() -> None:
    probe = Probe().text_mode()
    assert error(probe.send("response.cancel"))["code"] == "response_cancel_not_active"


def test_a_cancel_that_overtakes_created_does_nothing() -> None:
    probe = Probe(pace=Pace(created=0.1)).text_mode()
    probe.user("one two")
    probe.respond()
    assert error(probe.send("response.cancel"))["code"] == "response_cancel_not_active"
    assert done(probe.advance(5))["status"] == "completed"


def test_cancel_by_another_id_is_an_error_and_harms_nothing() -> None:
    probe = Probe(pace=Pace()).text_mode()
    probe.user("one two")
    probe.respond()
    probe.advance(0.01)
    problem = error(probe.send("response.cancel", response_id="resp_other"))
    assert problem["code"] == "response_cancel_not_active"
    assert done(probe.advance(5))["status"] == "completed"


def test_out_of_band_runs_beside_and_leaves_no_items() -> None:
    brain = Echo()
    probe = Probe(brain=brain, pace=Pace()).text_mode()
    probe.user("one two three")
    probe.respond()
    probe.respond(
        conversation="none",
        metadata={"k": "aside"},
        instructions="Sort this.",
        tools=[],
        input=[
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
        ],
    )
    events = probe.advance(5)
    finished = [e["response"] for e in events if e["type"] == "response.done"]
    aside = next(r for r in finished if r["metadata"] == {"k": "aside"})
    assert aside["conversation_id"] is None
    assert len(finished) == 2
    assert len([e for e in events if e["type"] == "conversation.item.added"]) == 1
    assert brain.prompts[1].instructions == "Sort this."
    assert [i["content"][0]["text"] for i in brain.prompts[1].items] == ["x"]
    assert probe.texts == ["one two three", "one two three"]


def test_item_reference_takes_an_item_of_the_conversation() -> None:
    brain = Echo()
    probe = Probe(brain=brain).text_mode()
    probe.user("keep", "it_1")
    probe.user("drop", "it_2")
    probe.respond(conversation="none", input=[{"type": "item_reference", "id": "it_1"}])
    assert [i["id"] for i in brain.prompts[0].items] == ["it_1"]


def test_max_output_tokens_ends_incomplete() -> None:
    probe = Probe().text_mode(max_output_tokens=3)
    response = done(probe.ask("one two six four five"))
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert response["output"][0]["content"][0]["text"] == "one two six"
    assert response["output"][0]["status"] == "incomplete"


def test_usage_splits_and_caches_the_prefix() -> None:
    probe = Probe().text_mode(instructions="Be brief. " * 100)
    first = done(probe.ask("good morning"))["usage"]
    second = done(probe.ask("good day"))["usage"]
    assert first["input_token_details"]["cached_tokens"] == 0
    assert second["input_token_details"]["cached_tokens"] >= 192
    assert second["input_token_details"]["cached_tokens"] % 64 == 0
    for usage in (first, second):
        details = usage["input_token_details"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage["input_tokens"] == details["text_tokens"] + details["audio_tokens"]
        assert usage["output_token_details"]["text_tokens"] == usage["output_tokens"] > 0
        assert usage["output_token_details"]["audio_tokens"] == 0
    probe.send("session.update", session={"type": "realtime", "instructions": "Other."})
    assert done(probe.ask("bye"))["usage"]["input_token_details"]["cached_tokens"] == 0


def test_the_session_ends_after_its_time_with_1001() -> None:
    probe = Probe(session_seconds=10)
    assert not probe.advance(9.9)
    problem = error(probe.advance(0.2))
    assert problem["code"] == "session_expired"
    assert probe.drops == [Drop("close", 1001)]
    assert not probe.send("response.create")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "invalid_json"),
        (b"[]", "invalid_type"),
        (b"{}", "missing_required_parameter"),
        (b'{"type":"response.begin"}', "invalid_value"),
        (b'{"type":5}', "invalid_value"),
        (b'{"type":"response.cancel","now":true}', "unknown_parameter"),
        (b'{"type":"conversation.item.delete"}', "missing_required_parameter"),
        (b'{"type":"conversation.item.delete","item_id":7}', "invalid_type"),
        (b'{"type":"output_audio_buffer.clear"}', "invalid_value"),
        (b'{"type":"response.create","response":{"temperature":0.8}}', "beta_api_shape_disabled"),
        (b'{"type":"response.create","response":{"model":"x"}}', "unknown_parameter"),
        (
            b'{"type":"response.create","response":{"output_modalities":["text","audio"]}}',
            "invalid_value",
        ),
        (b'{"type":"response.create","response":{"max_output_tokens":5000}}',
         "integer_above_max_value"),
    ],
)  # fmt: skip
def test_bad_events_are_refused_and_counted(raw: bytes, code: str) -> None:
    probe = Probe().text_mode()
    assert error(probe.send_raw(raw))["code"] == code
    assert probe.stage.refused == {code: 1}


def test_metadata_is_limited() -> None:
    probe = Probe().text_mode()
    assert error(probe.respond(metadata={str(n): "x" for n in range(17)}))["code"] == (
        "invalid_value"
    )
    assert error(probe.respond(metadata={"k": "x" * 513}))["code"] == "string_above_max_length"
    assert done(probe.respond(metadata={"k": "x" * 512}))["status"] == "completed"


def test_event_ids_are_echoed_in_errors_only() -> None:
    probe = Probe().text_mode()
    problem = error(probe.send("conversation.item.delete", item_id="gone", event_id="d9"))
    assert problem["event_id"] == "d9"
    assert problem["code"] == "item_delete_invalid_item_id"
    added = probe.user("hello")
    assert "client_event_id" not in added[0]


def test_event_ids_and_item_ids_never_repeat() -> None:
    probe = Probe().text_mode()
    events = probe.opening
    for text in ("one two", "three", "call now"):
        events += probe.ask(text)
    ids = [event["event_id"] for event in events]
    assert len(ids) == len(set(ids))


def test_two_sessions_share_no_ids() -> None:
    first = Probe().text_mode()
    second = Probe(stage=first.stage).text_mode()
    one = {e["item_id"] for e in first.ask("x") if "item_id" in e}
    two = {e["item_id"] for e in second.ask("x") if "item_id" in e}
    assert not one & two
    assert all(len(item_id) <= 32 for item_id in one | two)


def test_the_wall_clock_is_given_to_the_brain() -> None:
    brain = Echo()
    probe = Probe(brain=brain, pace=Pace()).text_mode()
    probe.advance(60)
    probe.ask("x")
    assert brain.prompts[0].at == pytest.approx(1_795_000_060.0)


def test_what_was_received_is_kept_without_audio() -> None:
    probe = Probe().text_mode()
    probe.user("hello")
    probe.send("input_audio_buffer.append", audio="")
    assert probe.session.received["conversation.item.create"] == 1
    assert probe.session.received["input_audio_buffer.append"] == 1
    assert [orjson.dumps(e) for e in probe.session.log if e["type"].startswith("input_audio")] == []
