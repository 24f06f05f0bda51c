from __future__ import annotations

from typing import Any

import pytest

from app.rehearsal.realtime_server.channel import Drop
from tests.support.realtime_probe import Probe, done, error, kinds


def update(probe: Probe, **session: Any) -> list[dict[str, Any]]:
    return probe.send("session.update", session={"type": "realtime", **session})


def test_only_fields_present_change() -> None:
    probe = Probe()
    (updated,) = update(probe, instructions="Be brief.")
    before, after = probe.opening[0]["session"], updated["session"]
    assert after == {**before, "instructions": "Be brief."}
    (updated,) = update(probe, audio={"input": {"format": {"type": "audio/pcmu"}}})
    assert updated["session"]["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert updated["session"]["audio"]["output"] == before["audio"]["output"]
    assert updated["session"]["instructions"] == "Be brief."


def test_turn_detection_is_completed_with_defaults_and_can_be_turned_off() -> None:
    probe = Probe()
    (updated,) = update(
        probe, audio={"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "low"}}}
    )
    assert updated["session"]["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "low",
        "create_response": True,
        "interrupt_response": True,
    }
    (updated,) = update(probe, audio={"input": {"turn_detection": None}})
    assert updated["session"]["audio"]["input"]["turn_detection"] is None


def test_empty_values_clear() -> None:
    probe = Probe()
    tool = {"type": "function", "name": "look", "parameters": {"type": "object"}}
    update(probe, instructions="x", tools=[tool])
    (updated,) = update(probe, instructions="", tools=[])
    assert updated["session"]["instructions"] == ""
    assert updated["session"]["tools"] == []


def test_an_update_with_one_bad_field_changes_nothing() -> None:
    probe = Probe()
    problem = error(update(probe, instructions="new", max_output_tokens=0))
    assert problem["code"] == "integer_below_min_value"
    assert problem["param"] == "session.max_output_tokens"
    (updated,) = update(probe, truncation="disabled")
    assert updated["session"]["instructions"] == probe.opening[0]["session"]["instructions"]


@pytest.mark.parametrize(
    ("session", "code", "param"),
    [
        ({"output_modalities": ["text", "audio"]}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": []}, "invalid_value", "session.output_modalities"),
        ({"output_modalities": ["video"]}, "invalid_value", "session.output_modalities[0]"),
        ({"color": "red"}, "unknown_parameter", "session.color"),
        ({"model": "gpt-realtime-2"}, "invalid_value", "session.model"),
        ({"tools": [{"type": "function"}]}, "missing_required_parameter", "session.tools[0].name"),
        (
            {"tools": [{"type": "function", "name": "x", "strict": True}]},
            "unknown_parameter",
            "session.tools[0].strict",
        ),
        ({"tool_choice": "maybe"}, "invalid_value", "session.tool_choice"),
        (
            {"audio": {"input": {"format": {"type": "g711_ulaw"}}}},
            "invalid_value",
            "session.audio.input.format.type",
        ),
        (
            {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}},
            "integer_below_min_value",
            "session.audio.input.format.rate",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 1.5}}}},
            "decimal_above_max_value",
            "session.audio.input.turn_detection.threshold",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 9}}}},
            "integer_below_min_value",
            "session.audio.input.turn_detection.idle_timeout_ms",
        ),
        (
            {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}},
            "unknown_parameter",
            "session.audio.input.turn_detection.threshold",
        ),
        ({"audio": {"output": {"voice": "bob"}}}, "invalid_value", "session.audio.output.voice"),
        (
            {"audio": {"output": {"speed": 2}}},
            "integer_above_max_value",
            "session.audio.output.speed",
        ),
        ({"truncation": {"type": "retention_ratio"}}, "missing_required_parameter",
         "session.truncation.retention_ratio"),
        ({"instructions": 5}, "invalid_type", "session.instructions"),
        ({"audio": []}, "invalid_type", "session.audio"),
    ],
)  # fmt: skip
def test_wrong_fields_are_refused(session: dict[str, Any], code: str, param: str) -> None:
    probe = Probe()
    problem = error(update(probe, **session))
    assert (problem["code"], problem["param"]) == (code, param)
    assert not probe.drops


def test_type_is_required() -> None:
    problem = error(Probe().send("session.update", session={"instructions": "x"}))
    assert (problem["code"], problem["param"]) == ("missing_required_parameter", "session.type")


@pytest.mark.parametrize(
    "field", ["modalities", "voice", "input_audio_format", "turn_detection", "temperature"]
)
def test_beta_shapes_end_the_connection(field: str) -> None:
    probe = Probe()
    problem = error(probe.send("session.update", session={field: "x"}))
    assert problem["code"] == "beta_api_shape_disabled"
    assert probe.drops == [Drop("close", 4000)]


def test_reasoning_only_for_models_that_reason() -> None:
    problem = error(update(Probe(model="gpt-realtime-1.5"), reasoning={"effort": "low"}))
    assert problem["code"] == "unsupported_parameter"
    assert kinds(update(Probe(), reasoning={"effort": "high"})) == ["session.updated"]


def test_the_voice_is_fixed_once_it_was_heard() -> None:
    probe = Probe()
    assert kinds(update(probe, audio={"output": {"voice": "cedar"}})) == ["session.updated"]
    done(probe.ask("hello"))
    problem = error(update(probe, audio={"output": {"voice": "marin"}}))
    assert problem["code"] == "cannot_update_voice"
    assert kinds(update(probe, audio={"output": {"voice": "cedar"}})) == ["session.updated"]
