"""The Realtime session for scripts, against the rehearsal model as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.realtime.session import RealtimeSession, Turn
from app.core.audio.frames import SILENCE
from app.core.audio.tones import tone
from app.errors import ModelError
from tests.support.rehearsal_server import RehearsalServer
from tests.support.stack import clean_environment

DOCS = Path(__file__).parents[4] / "docs" / "audio.md"
LOUD = tone((220, 330), 60, 12_000)


@pytest.fixture(scope="module")
def server() -> Iterator[RehearsalServer]:
    with RehearsalServer() as running:
        yield running


def session(server: RehearsalServer, **options: object) -> RealtimeSession:
    return RealtimeSession(api_key="k", base_url=server.base_url, **options)  # type: ignore[arg-type]


def test_text_in_audio_and_transcript_out(server: RehearsalServer) -> None:
    server.post("/control/script", {"replies": ["We open at eight."]})
    audio: list[bytes] = []
    texts: list[tuple[str, bool]] = []
    turns: list[Turn] = []
    with session(
        server,
        on_audio=audio.append,
        on_agent_text=lambda text, whole: texts.append((text, whole)),
        on_turn=turns.append,
    ) as talk:
        talk.send_text("When do you open?")
        turn = talk.wait()
    assert turn.status == "completed"
    assert turn.text == "We open at eight."
    assert turn.audio == b"".join(audio)
    assert len(turn.audio) > 4000
    assert turn.usage["output_tokens"] > 0
    assert turns == [turn]
    assert texts[-1] == ("We open at eight.", True)
    assert "".join(text for text, whole in texts if not whole) == "We open at eight."


def test_speech_in_is_heard_transcribed_and_answered(server: RehearsalServer) -> None:
    server.post("/control/transcripts", {"texts": ["When do you open?"]})
    server.post("/control/script", {"replies": ["At eight."]})
    heard: list[tuple[str, bool]] = []
    speech: list[bool] = []
    with session(
        server,
        on_caller_text=lambda text, whole: heard.append((text, whole)),
        on_speech=speech.append,
    ) as talk:
        for piece in [SILENCE * 480] * 5 + [LOUD] * 15 + [SILENCE * 480] * 20:
            talk.send_audio(piece)
        assert talk.wait().text == "At eight."
        talk.send_text("Thanks.")
        talk.wait()
    assert speech == [True, False]
    assert heard[-1] == ("When do you open?", True)


def test_a_function_call_and_its_result(server: RehearsalServer) -> None:
    script = [[{"call": "look", "arguments": {"day": "Friday"}}], "Friday is free."]
    server.post("/control/script", {"replies": script})
    tool = {
        "type": "function",
        "name": "look",
        "description": "Look up a day.",
        "parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
    }
    with session(server, audio=None, tools=[tool]) as talk:
        talk.send_text("Is Friday free?")
        (call,) = talk.wait().calls
        assert (call["name"], call["arguments"]) == ("look", '{"day":"Friday"}')
        talk.send_result(call["call_id"], {"free": True})
        turn = talk.wait()
    assert turn.text == "Friday is free."
    assert turn.audio == b""


def test_without_voice_detection_the_caller_says_when_they_are_done(
    server: RehearsalServer,
) -> None:
    server.post("/control/script", {"replies": ["I heard you."]})
    with session(server, audio="pcm", turn_detection=None) as talk:
        talk.send_audio(bytes(48 * 200))
        talk.commit()
        turn = talk.wait()
    assert turn.text == "I heard you."
    assert len(turn.audio) % 2 == 0


def test_a_refusal_is_an_error_with_its_code(server: RehearsalServer, free_port: int) -> None:
    with pytest.raises(ModelError) as caught:
        RealtimeSession(api_key="k", base_url=f"http://127.0.0.1:{free_port}/v1").connect()
    assert caught.value.code == "unreachable"
    with pytest.raises(ModelError) as caught:
        session(server, model="gpt-9").connect()
    assert caught.value.code == "model_not_found"


def test_the_end_of_the_session_wakes_whoever_waits(server: RehearsalServer) -> None:
    with session(server) as talk:
        server.post("/control/script", {"replies": ["One."]})
        talk.send_text("Go.")
        talk.wait()
        server.post("/control/drop", {"how": "close", "code": 1001})
        with pytest.raises(ModelError) as caught:
            talk.wait(10)
        assert caught.value.code == "1001"
        with pytest.raises(ModelError):
            talk.send_audio(b"\xff")


def test_the_example_of_the_documentation(server: RehearsalServer, tmp_path: Path) -> None:
    text = DOCS.read_text()
    example = text.split("```python\n", 1)[1].split("```", 1)[0]
    assert len([line for line in example.splitlines() if line.strip()]) <= 12
    server.post("/control/script", {"replies": ["We open at eight."]})
    file = tmp_path / "example.py"
    file.write_text(example)
    done = subprocess.run(
        [sys.executable, str(file)],
        env=clean_environment(
            OPENAI_API_KEY="k", OPENAI_BASE_URL=server.base_url, PYTHONPATH=str(DOCS.parents[1])
        ),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "We open at eight." in done.stdout
    assert "seconds" in done.stdout
