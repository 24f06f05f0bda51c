from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.protocol.items import SILENCE, UNINTELLIGIBLE
from app.rehearsal.sound import pcm
from tests.support.realtime_probe import Echo, Probe, done, error, kinds

COMMITTED = [
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
]


def loud(milliseconds: int, amplitude: int = 8000) -> bytes:
    time = np.arange(milliseconds * 8) / 8000
    wave = amplitude * np.sin(2 * np.pi * 300 * time)
    return pcm.encode(wave.astype(np.int16), "audio/pcmu")


def quiet(milliseconds: int) -> bytes:
    return b"\xff" * (milliseconds * 8)


def phone(*faults: dict[str, Any], pace: Pace | None = None, **turn_detection: Any) -> Probe:
    """A session on telephone audio in and text out, so that turns are easy to see."""
    probe = Probe(*faults, pace=pace or Pace(0, 0, 0, 0, 0))
    vad = {"type": "server_vad", **turn_detection}
    return probe.text_mode(
        audio={"input": {"format": {"type": "audio/pcmu"}, "turn_detection": vad}}
    )


def test_a_turn_from_speech_to_response() -> None:
    probe = phone(silence_duration_ms=400, prefix_padding_ms=200)
    probe.stage.hear("a cleaning please")
    assert not probe.hear(quiet(1000))
    started = probe.hear(loud(600))
    assert kinds(started) == ["input_audio_buffer.speech_started"]
    assert started[0]["audio_start_ms"] == 800
    assert not probe.hear(quiet(300))
    events = probe.hear(quiet(100))
    assert kinds(events)[:5] == [
        "input_audio_buffer.speech_stopped",
        *COMMITTED,
        "response.created",
    ]
    assert events[0]["audio_end_ms"] == 2000
    item = events[2]["item"]
    assert item["id"] == started[0]["item_id"] == events[0]["item_id"]
    assert item["content"] == [{"type": "input_audio", "transcript": None}]
    assert done(events)["output"][0]["content"][0]["text"] == "a cleaning please"
    assert probe.session.channel.conversation.get(item["id"]).audio_ms == 1200  # type: ignore[union-attr]


def test_the_audio_of_an_item_can_be_retrieved() -> None:
    probe = phone(silence_duration_ms=200, create_response=False)
    probe.hear(quiet(500) + loud(300))
    events = probe.hear(quiet(300))
    (got,) = probe.send("conversation.item.retrieve", item_id=events[0]["item_id"])
    assert len(got["item"]["content"][0]["audio"]) == 4 * -(-8 * (300 + 300 + 200) // 3)


@pytest.mark.parametrize(("threshold", "heard"), [(0.2, True), (0.5, False), (0.9, False)])
def test_threshold(threshold: float, heard: bool) -> None:
    probe = phone(threshold=threshold)
    assert bool(probe.hear(quiet(100) + loud(300, amplitude=120))) is heard


def test_a_click_is_no_speech() -> None:
    assert not phone().hear(quiet(200) + loud(20) + quiet(2000))


def test_a_pause_shorter_than_the_silence_is_inside_the_turn() -> None:
    probe = phone(silence_duration_ms=800)
    events = probe.hear(loud(400) + quiet(700) + loud(400) + quiet(900))
    assert kinds(events).count("input_audio_buffer.committed") == 1


def test_speech_interrupts_the_response() -> None:
    probe = phone(pace=Pace(0, 0, 1, 0, 0))
    probe.ask("one two three")
    probe.advance(0.5)
    events = probe.hear(loud(100))
    response = done(events)
    assert kinds(events)[0] == "input_audio_buffer.speech_started"
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


def test_voice_detection_alone_neither_interrupts_nor_answers() -> None:
    probe = phone(
        pace=Pace(0, 0, 1, 0, 0),
        create_response=False,
        interrupt_response=False,
        silence_duration_ms=200,
    )
    probe.ask("one two three")
    events = probe.hear(loud(100) + quiet(300))
    assert kinds(events) == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        *COMMITTED,
    ]
    assert done(probe.advance(10))["status"] == "completed"


def test_speech_while_an_uninterruptible_answer_runs_gets_no_response() -> None:
    probe = phone(pace=Pace(0, 0, 1, 0, 0), interrupt_response=False, silence_duration_ms=200)
    probe.ask("one two three")
    probe.hear(loud(100) + quiet(300))
    assert kinds(probe.advance(10)).count("response.done") == 1
    assert not probe.stage.violations


def test_commit_without_voice_detection() -> None:
    probe = Probe().text_mode(
        audio={"input": {"format": {"type": "audio/pcmu"}, "turn_detection": None}}
    )
    problem = error(probe.send("input_audio_buffer.commit"))
    assert problem["code"] == "input_audio_buffer_commit_empty"
    assert not probe.hear(loud(200))
    assert kinds(probe.send("input_audio_buffer.commit")) == COMMITTED
    probe.hear(loud(60))
    assert error(probe.send("input_audio_buffer.commit"))["code"] == (
        "input_audio_buffer_commit_empty"
    )
    assert kinds(probe.send("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]


def test_bad_audio_is_refused() -> None:
    problem = error(Probe().send("input_audio_buffer.append", audio="%%%"))
    assert problem["param"] == "audio"


@pytest.mark.parametrize(
    ("model", "deltas"), [("whisper-1", 0), ("gpt-4o-transcribe", 3), ("gpt-transcribe", 3)]
)
def test_transcription_comes_from_the_side_channel(model: str, deltas: int) -> None:
    probe = phone(silence_duration_ms=200, pace=Pace(0, 0.001, 0, 0, 0), create_response=False)
    probe.send(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"transcription": {"model": model}}}},
    )
    probe.stage.hear("one cleaning please")
    item_id = probe.hear(loud(300) + quiet(300))[0]["item_id"]
    events = probe.advance(1)
    assert len(events) == deltas + 1
    assert events[-1]["transcript"] == "one cleaning please"
    assert {event["item_id"] for event in events} == {item_id}
    assert "".join(e["delta"] for e in events[:-1]) in ("", "one cleaning please")
    assert events[-1]["usage"]["type"] == "duration"


def test_untold_words_are_unintelligible_and_their_transcription_fails() -> None:
    brain = Echo()
    probe = Probe(brain=brain).text_mode(
        audio={
            "input": {
                "format": {"type": "audio/pcmu"},
                "transcription": {"model": "whisper-1"},
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 200},
            }
        }
    )
    events = probe.hear(loud(300) + quiet(300))
    failed = [e for e in events if e["type"].endswith("transcription.failed")]
    assert failed[0]["error"]["code"] == "audio_unintelligible"
    assert brain.prompts[0].items[0]["content"][0]["transcript"] == UNINTELLIGIBLE


def test_words_can_be_meant_for_one_session() -> None:
    probe = phone(silence_duration_ms=200)
    probe.stage.hear("for another", probe.session.number + 1)
    probe.stage.hear("for this one", probe.session.number)
    events = probe.hear(loud(300) + quiet(300))
    assert done(events)["output"][0]["content"][0]["text"] == "for this one"


def test_semantic_detection_waits_for_the_end_of_the_sentence() -> None:
    probe = Probe().text_mode(
        audio={
            "input": {
                "format": {"type": "audio/pcmu"},
                "turn_detection": {"type": "semantic_vad", "eagerness": "high"},
            }
        }
    )
    probe.stage.hear("I would like to")
    probe.stage.hear("book a cleaning.")
    assert kinds(probe.hear(loud(300) + quiet(1900))) == ["input_audio_buffer.speech_started"]
    assert "input_audio_buffer.committed" in kinds(probe.hear(quiet(200)))
    assert "input_audio_buffer.committed" in kinds(probe.hear(loud(300) + quiet(260)))


def test_a_silent_caller_is_prompted_after_the_idle_timeout() -> None:
    brain = Echo()
    probe = Probe(brain=brain, pace=Pace(0, 0, 0, 0, 0))
    probe.send(
        "session.update",
        session={
            "type": "realtime",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000},
                }
            },
        },
    )
    probe.ask("hello.")
    probe.hear(quiet(200))
    playback = len(probe.audio) / 48 / 1000
    assert not probe.advance(5 + playback - 0.1)
    events = probe.advance(0.2)
    assert kinds(events)[:2] == [
        "input_audio_buffer.timeout_triggered",
        "input_audio_buffer.committed",
    ]
    assert brain.prompts[-1].items[-1]["content"][0]["transcript"] == SILENCE
    assert done(events)["status"] == "completed"
    assert not probe.advance(4)


def test_speaking_stops_the_idle_clock() -> None:
    probe = phone(idle_timeout_ms=5000, create_response=False)
    probe.ask("hello")
    probe.hear(loud(300))
    assert not probe.advance(60)


def test_audio_response_ladder() -> None:
    probe = Probe()
    events = probe.ask("hello there.")
    order = kinds(events)
    assert order[:5] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.added",
        "response.content_part.added",
        "response.output_audio_transcript.delta",
    ]
    assert order[-7:] == [
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    response = done(events)
    assert response["output"][0]["content"] == [
        {"type": "output_audio", "transcript": "hello there."}
    ]
    length = len(probe.audio) // 48
    assert response["usage"]["output_token_details"]["audio_tokens"] == length // 50


def test_audio_is_sent_faster_than_real_time() -> None:
    probe = Probe(pace=Pace(0, 0, 0, 0, 4.0))
    probe.ask("hello.")
    seconds = len(probe.audio) / 48_000
    assert "response.done" not in kinds(probe.advance(seconds / 4 - 0.05))
    assert "response.done" in kinds(probe.advance(0.2))


@pytest.mark.parametrize("name", ["audio/pcmu", "audio/pcma"])
def test_companding_is_its_own_inverse(name: str) -> None:
    codes = bytes(range(256))
    again = pcm.encode(pcm.decode(codes, name), name)
    same = pcm.decode(again, name) == pcm.decode(codes, name)
    assert same.all()


def test_mu_law_has_the_values_of_g711() -> None:
    assert pcm.decode(b"\x00\x80\xff\x7f\x55\xd5", "audio/pcmu").tolist() == [
        -32124, 32124, 0, 0, -716, 716,
    ]  # fmt: skip
    assert pcm.decode(b"\x55\xd5\x2a\xaa", "audio/pcma").tolist() == [-8, 8, -32256, 32256]
