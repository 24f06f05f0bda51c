"""What a new session is given of the conversation, and the session's settings."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.core.agent.audio import (
    AudioSettings,
    NoiseReduction,
    SemanticVad,
    ServerVad,
    Transcription,
)
from app.core.audio.session import RECENT_MESSAGES, SUMMARY_CHARS, condense
from app.core.audio.session_config import audio_session, speech_seconds
from app.core.realtime.history import Item, ItemKind
from tests.support.audio_sim import agent


def messages(count: int) -> list[Item]:
    kinds: list[ItemKind] = ["assistant", "user"]
    return [Item(f"i{n}", kinds[n % 2], f"Words {n}.") for n in range(count)]


def test_a_short_conversation_is_given_as_it_is() -> None:
    items = messages(RECENT_MESSAGES)
    assert condense(items) == items


def test_an_old_conversation_becomes_a_note_and_its_end() -> None:
    items = messages(20)
    first, *rest = condense(items)
    assert first.kind == "summary"
    assert "You: Words 0." in first.text
    assert "Caller: Words 13." in first.text
    assert rest == items[-RECENT_MESSAGES:]
    assert first.wire()["role"] == "system"
    assert first.wire()["content"][0]["type"] == "input_text"


def test_tool_calls_and_results_stay() -> None:
    items = messages(10)
    items.insert(2, Item("c", "call", "", "call_1", "check_availability"))
    items.insert(3, Item("o", "output", "{}", "call_1"))
    kept = condense(items)
    assert [item.id for item in kept[1:3]] == ["c", "o"]


def test_notes_and_what_was_never_said_are_left_out() -> None:
    items = [Item("n", "note", "Say this."), Item("u", "user", ""), Item("a", "assistant", "Hi.")]
    assert [item.id for item in condense(items)] == ["a"]


def test_condensing_again_keeps_what_was_condensed_before() -> None:
    once = condense(messages(20))
    later = [*once, *(Item(f"n{n}", "user", f"New {n}.") for n in range(4))]
    first, *rest = condense(later)
    assert len([item for item in rest if item.kind == "summary"]) == 0
    assert "You: Words 0." in first.text
    assert "You: Words 16." in first.text
    assert first.text.count("[") == 1
    assert first.text.endswith("]")


@given(st.integers(0, 60), st.integers(1, 400))
def test_it_never_grows_without_bound(count: int, size: int) -> None:
    items = [Item(f"i{n}", "user", "x" * size) for n in range(count)]
    for _ in range(3):
        items = condense(items)
    assert sum(item.kind == "user" for item in items) <= RECENT_MESSAGES
    assert sum(len(item.text) for item in items if item.kind == "summary") <= SUMMARY_CHARS + 100
    assert all(len(item.id) <= 32 for item in items)


def test_nothing_is_left_to_the_servers_defaults() -> None:
    session = audio_session(agent(), {}, 1_795_456_800.0)
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 800,
        "create_response": False,
        "interrupt_response": False,
    }
    assert session["audio"]["input"]["transcription"] == {"model": "gpt-transcribe"}
    assert session["audio"]["input"]["noise_reduction"] is None
    assert {tool["name"] for tool in session["tools"]} >= {"book_appointment", "end_call"}


def test_every_setting_reaches_the_session() -> None:
    audio = AudioSettings(
        voice="cedar",
        speed=1.2,
        format="pcm",
        turn_detection=SemanticVad(type="semantic_vad", eagerness="high"),
        noise_reduction=NoiseReduction(type="far_field"),
        transcription=Transcription(model="whisper-1", language="en", prompt="p", keywords=("k",)),
    )
    session = audio_session(
        agent().model_copy(update={"audio": audio, "truncation_ratio": 0.8}), {}, 1_795_456_800.0
    )
    assert session["audio"] == {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "noise_reduction": {"type": "far_field"},
            "transcription": {
                "model": "whisper-1",
                "language": "en",
                "prompt": "p",
                "keywords": ["k"],
            },
            "turn_detection": {
                "type": "semantic_vad",
                "eagerness": "high",
                "create_response": False,
                "interrupt_response": False,
            },
        },
        "output": {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "voice": "cedar",
            "speed": 1.2,
        },
    }
    assert session["truncation"]["retention_ratio"] == 0.8


def test_the_length_of_a_sound_without_padding_and_silence() -> None:
    server = AudioSettings(turn_detection=ServerVad(silence_duration_ms=800))
    assert speech_seconds(server, 1000, 2500) == 0.4
    assert speech_seconds(server, 1000, 1500) == 0.0
    semantic = AudioSettings(turn_detection=SemanticVad(type="semantic_vad"))
    assert speech_seconds(semantic, 1000, 2500) == 1.5
