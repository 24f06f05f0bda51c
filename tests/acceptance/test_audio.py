"""Calls over audio through the whole program: real processes, real time, real sockets."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
import yaml
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from app.adapters.agents import files
from app.errors import Unavailable
from app.protocol.twilio import SILENCE
from app.rehearsal.sound import pcm
from app.rehearsal.twilio_phone.mouth import Line
from app.rehearsal.twilio_phone.sounds import Utterance, say
from tests.support.stack import RunningStack, end, kill
from tests.support.telephone import AudioCall, control, live_sessions, spoken, violations
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(240)

GREETING = "Harbor Dental, good day."
#: Answered in a few seconds.
QUESTION = "Is there anything free on Friday?"


def quick_agent(**audio: object) -> str:
    """The shipped agent in a hurry: calls are played in real time."""
    agent = files.load().default.model_dump(mode="json")
    agent["lines"]["greeting"] = GREETING
    agent["turn_taking"] |= {"unheard_after_ms": 8000, "unheard_prompts": 1}
    agent["audio"] |= {"speed": 1.5, **audio}
    return yaml.safe_dump(agent)


def running(
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
    agent: str,
    **settings: str,
) -> Iterator[RunningStack]:
    directory = tmp_path_factory.mktemp("audio")
    file = directory / "agent.yaml"
    file.write_text(agent)
    stack = RunningStack(directory / "stack", {"AGENT_FILE": str(file), **settings})
    stack.start()
    yield stack
    end(stack, failed=bool(request.session.testsfailed))


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningStack]:
    """One program for all calls, with two web processes: one that is lost has a successor. Its
    model's voice detection hears a quiet caller too."""
    keen = quick_agent(turn_detection={"type": "server_vad", "threshold": 0.2})
    yield from running(tmp_path_factory, request, keen, WEB_CONCURRENCY="2")


@pytest.fixture(scope="module")
def other(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningStack]:
    """A program whose model takes 24 kHz only, and whose Twilio signs."""
    agent = quick_agent(format="pcm", voice="cedar")
    secrets = {"TWILIO_AUTH_TOKEN": "secret", "TWILIO_ACCOUNT_SID": "AC1"}
    yield from running(tmp_path_factory, request, agent, **secrets)


@pytest.fixture
def stack(whole: RunningStack) -> RunningStack:
    """The program, with no call and a model that has done and seen nothing wrong."""
    eventually(lambda: live_sessions(whole) == 0)
    for what in ("faults", "violations", "script"):
        control(whole, what, method="DELETE")
    return whole


def at_peak(utterance: Utterance, peak: int) -> Utterance:
    """The same sound at another loudness."""
    samples = pcm.decode(utterance.audio, "audio/pcmu").astype(np.float64)
    scaled = (samples * peak / np.abs(samples).max()).astype(np.int16)
    return Utterance(pcm.encode(scaled, "audio/pcmu"), utterance.text)


def faults(stack: RunningStack) -> dict[str, int]:
    """What the program did wrong at the model. A cancel may cross the end of what it cancels."""
    found = violations(stack)
    found.pop("response_cancel_not_active", None)
    return found


def holder(stack: RunningStack) -> psutil.Process:
    """The web process that has the only call: the one with a session at the model."""
    for process in stack.web_processes():
        for connection in process.net_connections("tcp"):
            to_model = connection.raddr and connection.raddr.port == stack.model_port
            if to_model and connection.status == psutil.CONN_ESTABLISHED:
                return process
    raise AssertionError("no web process has a session")


def start_frame(call_sid: str, token: str = "", encoding: str = "audio/x-mulaw") -> str:
    """Twilio's second frame."""
    return json.dumps(
        {
            "event": "start",
            "streamSid": "MZ9",
            "start": {
                "callSid": call_sid,
                "streamSid": "MZ9",
                "mediaFormat": {"encoding": encoding, "sampleRate": 8000, "channels": 1},
                "customParameters": {"token": token} if token else {},
            },
        }
    )


def test_a_call_books_an_appointment(stack: RunningStack) -> None:
    call = AudioCall(
        stack,
        "Hi, I would like to book a cleaning for next Wednesday at nine thirty, please.",
        "My name is Dana Reyes.",
        "Yes, please.",
        "No, that is all, thank you. Goodbye.",
        wait=20.0,
    ).start()
    outcome = call.finish()
    eventually(lambda: call.story["status"] == "ended")
    story = call.story
    assert outcome.ended_by == "agent", story["transcript"]
    assert [b["name"] for b in story["bookings"]] == ["Dana Reyes"]
    assert "BEGIN:VEVENT" in stack.records.get("/calendar.ics")[1].decode()
    assert story["channel"] == "twilio"
    assert story["cost"]["complete"]
    assert story["cost"]["usd"] > 0
    assert story["cost"]["tokens"]["audio"]["output"] > 0
    roles = [role for role, _ in call.said]
    assert roles[0] == "agent"
    assert roles == ["agent", "user"] * (len(roles) // 2) + ["agent"] * (len(roles) % 2)
    eventually(lambda: live_sessions(stack) == 0)
    assert faults(stack) == {}


def test_an_interruption_silences_the_agent_and_is_answered(stack: RunningStack) -> None:
    call = AudioCall(
        stack,
        "What are your opening hours?",
        Line(spoken("Wait, stop please, I want to move my appointment."), over=1.0),
    ).start()
    outcome = call.finish()
    assert len(outcome.barge_ins) == 1
    assert outcome.barge_ins[0] < 1.0
    story = call.story
    assert story["interruptions"] == 1
    words = [text for _, text in call.said]
    assert "Wait, stop please" in words[3]
    # What the agent did not get to say is in nobody's transcript.
    assert len(words[2]) < 60
    assert faults(stack) == {}


def test_a_breath_does_not_stop_the_agent_for_good(stack: RunningStack) -> None:
    call = AudioCall(
        stack,
        QUESTION,
        Line(spoken("", seconds=0.12), over=0.8),
    ).start()
    call.finish()
    kinds = [event["kind"] for event in call.story["events"]]
    assert "backchannel" in kinds
    assert "barge_in" not in kinds
    assert call.story["interruptions"] == 0


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_real_sounds_over_the_agent(stack: RunningStack) -> None:
    """A long "mm-hm" leaves the agent its turn; a quiet "stop, wait" does not, and is
    not talked over."""
    call = AudioCall(
        stack,
        QUESTION,
        Line(at_peak(say("mm-hm", speed=135), 8000), over=0.8),
        "What are your opening hours?",
        Line(at_peak(say("Stop, wait a moment please.", speed=150), 1500), over=1.0),
    ).start()
    call.finish()
    kinds = [event["kind"] for event in call.story["events"]]
    assert kinds.index("backchannel") < kinds.index("barge_in")
    assert call.story["interruptions"] == 1
    said, heard = bytes(call.mouth.said).rstrip(SILENCE), bytes(call.phone.handset.heard)
    begin = said.rfind(SILENCE * 8000) + 8000
    both = [at for at in range(begin, len(said), 160) if heard[at : at + 160].strip(SILENCE)]
    assert len(both) * 0.02 < 1.0, "the agent fell silent, and stayed so"


def test_noise_is_spoken_into_and_the_call_ends(stack: RunningStack) -> None:
    """White noise that voice detection takes for one endless speech."""
    noise = np.random.default_rng(1).normal(0, 900, 8000 * 60).astype(np.int16)
    call = AudioCall(
        stack, Line(Utterance(pcm.encode(noise, "audio/pcmu")), at=0.0), wait=None
    ).start()
    outcome = call.finish()
    assert outcome.ended_by == "agent"
    eventually(lambda: call.story["status"] == "ended")
    words = str(call.said)
    assert "I am having trouble hearing you" in words
    assert "I still cannot hear you" in words
    story = call.story
    assert [event["kind"] for event in story["events"]].count("noisy_line") == 2
    assert story["unheard"] == 2
    heard = bytes(call.phone.handset.heard)
    gaps = re.findall(rb"\xff{8000,}", heard)
    assert max(map(len, gaps), default=0) < 12 * 8000, "never so long without a word"


def test_the_sessions_loss_is_survived_without_a_second_greeting(stack: RunningStack) -> None:
    call = AudioCall(stack, QUESTION, wait=None).start()
    call.until("caller speaks")
    call.until_spoken(call.phone.handset.frames)
    control(stack, "drop", {"how": "rst"})
    eventually(lambda: live_sessions(stack) == 1, timeout=20)
    call.say("And is there anything on Thursday?")
    call.mouth.hang_up_after = 3.0
    call.finish()
    said = call.said
    assert sum(GREETING in text for _, text in said) == 1
    assert said[-1][0] == "agent"
    assert "model_lost" in [event["kind"] for event in call.story["events"]]
    assert faults(stack) == {}


def test_the_web_process_is_killed_and_the_call_goes_on(stack: RunningStack) -> None:
    call = AudioCall(stack, QUESTION, wait=None).start()
    call.until("caller speaks")
    heard = call.until_spoken(call.phone.handset.frames)
    kill(holder(stack))
    call.until("connected", 2)
    call.until_spoken(heard)
    call.say("And is there anything on Thursday?")
    call.mouth.hang_up_after = 3.0
    outcome = call.finish()
    assert outcome.streams == 2
    assert sum(GREETING in text for _, text in call.said) == 1
    assert "resumed" in [event["kind"] for event in call.story["events"]]


def test_the_caller_hangs_up_and_the_session_is_closed(stack: RunningStack) -> None:
    call = AudioCall(stack, wait=None).start()
    call.until("agent speaks")
    assert live_sessions(stack) == 1
    call.phone.hang_up()
    call.finish()
    eventually(lambda: live_sessions(stack) == 0, timeout=10)
    eventually(lambda: call.story["status"] == "ended", timeout=10)


def test_a_model_that_is_gone_is_apologised_for(stack: RunningStack) -> None:
    control(stack, "faults", {"kind": "refuse", "status": 401})
    call = AudioCall(stack, wait=None).start()
    outcome = call.finish()
    assert outcome.ended_by == "agent"
    # In the agent's own voice where another call has taught it, else in Twilio's.
    assert "technical problem" in str([outcome.said, call.said])


def test_a_call_in_24_khz_through_signed_requests(other: RunningStack) -> None:
    """A model that takes no telephone audio is served too; without a signature nobody is."""
    with pytest.raises(Unavailable, match="401"):
        AudioCall(other, wait=None).start().finish()
    call = AudioCall(other, QUESTION, auth_token="secret").start()
    outcome = call.finish()
    assert outcome.first_audio_s is not None
    assert [role for role, _ in call.said[:3]] == ["agent", "user", "agent"]
    assert call.phone.handset.dry < 10
    assert faults(other) == {}


def test_a_caller_whom_nobody_takes_is_back_with_the_agent(stack: RunningStack) -> None:
    call = AudioCall(stack, "Can I talk to a person?", wait=None, dial_status="no-answer").start()
    call.until("dialled")
    call.until("connected", 2)
    call.until_spoken(call.phone.handset.frames)
    call.mouth.hang_up_after = 2.0
    outcome = call.finish()
    assert (outcome.dialled, outcome.streams) == ("+14155550142", 2)
    assert sum(GREETING in text for _, text in call.said) == 1
    assert "a colleague did not answer" in str(call.said)
    events = [event["kind"] for event in call.story["events"]]
    assert "transfer_failed" in events
    assert faults(stack) == {}


def test_an_answered_transfer_ends_the_call(stack: RunningStack) -> None:
    call = AudioCall(stack, "Can I talk to a person?", wait=None).start()
    outcome = call.finish()
    assert (outcome.dialled, outcome.ended_by) == ("+14155550142", "transfer")
    eventually(lambda: call.story.get("outcome") == "transferred", timeout=20)


def test_streams_without_a_token_are_closed_and_nothing_is_opened(stack: RunningStack) -> None:
    url = stack.base.replace("http", "ws") + "/media-stream"
    before = control(stack, "sessions", method="GET")["sessions"]
    for frames, code in (
        ([start_frame("CA1")], 1008),
        ([start_frame("CA1", encoding="audio/x-l16")], 1003),
        (["no json"], 1003),
        (['{"event":"media","media":{"payload":""}}'], 1003),
    ):
        with connect(url) as ws:
            for frame in frames:
                ws.send(frame)
            with pytest.raises(ConnectionClosed):
                ws.recv(timeout=20)
            assert ws.close_code == code
    assert control(stack, "sessions", method="GET")["sessions"] == before


def test_a_token_cannot_be_used_again(stack: RunningStack) -> None:
    call = AudioCall(stack, wait=None).start()
    call.until("agent speaks")
    used = call.phone.parameters
    url = stack.base.replace("http", "ws") + "/media-stream"
    with connect(url) as ws:
        ws.send(start_frame(call.outcome.call_sid, used["token"]))
        with pytest.raises(ConnectionClosed):
            ws.recv(timeout=20)
        assert ws.close_code == 1008
    call.phone.hang_up()
    call.finish()


def test_several_calls_at_once_do_not_mix(stack: RunningStack) -> None:
    questions = [f"Do you have anything in the morning of November {day}?" for day in range(23, 27)]
    calls = [AudioCall(stack, question).start() for question in questions]
    for call in calls:
        call.finish()
    for call, question in zip(calls, questions, strict=True):
        users = [text for role, text in call.said if role == "user"]
        assert users == [question]
        assert call.phone.handset.dry < 10
    assert faults(stack) == {}


def test_a_process_that_leaves_hands_its_call_over(stack: RunningStack) -> None:
    """SIGTERM: the agent finishes its sentence, and another process takes the call up."""
    call = AudioCall(stack, QUESTION, wait=None).start()
    call.until("caller speaks")
    heard = call.until_spoken(call.phone.handset.frames)
    holder(stack).terminate()
    call.until("connected", 2)
    call.until_spoken(heard)
    call.phone.hang_up()
    outcome = call.finish()
    assert outcome.streams == 2
    assert sum(GREETING in text for _, text in call.said) == 1
