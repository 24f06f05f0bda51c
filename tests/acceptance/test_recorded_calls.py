"""Spoken calls that are recorded, through the whole program: what is kept is what was heard."""

from __future__ import annotations

import io
import shutil
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright
from redis import Redis

from app.adapters.agents import files
from app.adapters.redis import keys
from app.rehearsal.sound import pcm
from app.rehearsal.twilio_phone.mouth import Line
from tests.acceptance.test_audio import holder
from tests.support.stack import RunningStack, end, kill
from tests.support.telephone import AudioCall, live_sessions, spoken
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ANNOUNCEMENT = "We record this."
GREETING = "Harbor Dental, good day."
QUESTION = "Is there anything free on Friday?"
RATE = 8000
#: How far the two sides of a recording may be out of step, in seconds: the way of the sound to the
#: telephone and back, on a machine that has too much to do.
OUT_OF_STEP_S = 0.35


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningStack]:
    directory = tmp_path_factory.mktemp("recorded")
    agent = files.load().default.model_dump(mode="json")
    agent["lines"]["greeting"] = GREETING
    agent["audio"]["speed"] = 1.5
    agent["recording"] = {"enabled": True, "days": 2, "announcement": ANNOUNCEMENT}
    file = directory / "agent.yaml"
    file.write_text(yaml.safe_dump(agent))
    settings = {"AGENT_FILE": str(file), "WEB_CONCURRENCY": "2"}
    stack = RunningStack(directory / "stack", settings)
    stack.start()
    yield stack
    end(stack, failed=bool(request.session.testsfailed))


@pytest.fixture(scope="module")
def spoken_call(stack: RunningStack) -> AudioCall:
    """A call in which the caller interrupts the agent."""
    call = AudioCall(
        stack,
        "What are your opening hours?",
        Line(spoken("Wait, stop please, I want to move my appointment."), over=1.0),
    ).start()
    call.finish()
    eventually(lambda: call.story["status"] == "ended")
    return call


def recording(stack: RunningStack, call_id: str) -> tuple[Any, Any]:
    """Both sides' samples."""
    body = eventually(lambda: _sound(stack, call_id))
    with wave.open(io.BytesIO(body)) as file:
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    return both[:, 0].astype(np.int32), both[:, 1].astype(np.int32)


def _sound(stack: RunningStack, call_id: str) -> bytes:
    status, body = stack.records.get(f"/api/calls/{call_id}/recording.wav")
    assert status == 200, body
    return bytes(body)


def samples(audio: bytes) -> Any:
    return pcm.decode(audio, "audio/pcmu").astype(np.int32)


def offset(kept: Any, told: Any) -> int:
    """Where `told` lies in `kept`, by the first place where each is loud."""
    return int(np.argmax(np.abs(kept) > 500)) - int(np.argmax(np.abs(told) > 500))


def same(kept: Any, told: Any, shift: int, begin: int, length: int) -> bool:
    """Whether a stretch of what was told is in the recording, bit for bit."""
    part = told[begin : begin + length]
    return bool(np.array_equal(kept[begin + shift : begin + shift + length], part))


def test_both_sides_are_kept_in_step_and_cut_where_the_agent_was(
    stack: RunningStack, spoken_call: AudioCall
) -> None:
    call = spoken_call
    left, right = recording(stack, call.outcome.call_sid)
    said, heard = samples(bytes(call.mouth.said)), samples(bytes(call.phone.handset.heard))
    # The caller hears that they are recorded, before anything else.
    assert call.said[0][1].startswith(ANNOUNCEMENT)
    assert GREETING in call.said[0][1]
    shift_said = offset(left, said)
    loud = int(np.argmax(np.abs(said) > 500))
    assert same(left, said, shift_said, loud, 4000)
    shift_heard = offset(right, heard)
    first = int(np.argmax(np.abs(heard) > 500))
    assert same(right, heard, shift_heard, first, 8000)
    assert abs(shift_said - shift_heard) < OUT_OF_STEP_S * RATE
    # What was thrown away when the caller cut in was not heard, and is not in the recording.
    loud_kept, loud_heard = (int(np.sum(np.abs(side) > 500)) for side in (right, heard))
    assert abs(loud_kept - loud_heard) < OUT_OF_STEP_S * RATE
    redis = Redis.from_url(stack.env["REDIS_URL"])
    assert 0 < redis.ttl(keys.sound(call.outcome.call_sid)) <= 2 * 86_400


def test_what_a_killed_process_had_kept_stays_and_the_next_goes_on(stack: RunningStack) -> None:
    call = AudioCall(stack, QUESTION, wait=None).start()
    call.until("caller speaks")
    heard = call.until_spoken(call.phone.handset.frames)
    call_id = call.outcome.call_sid
    path = f"/api/calls/{call_id}/recording"
    eventually(lambda: stack.records.json(path)[0] == 200)
    before = stack.records.json(path)[1]["seconds"]
    eventually(lambda: stack.records.json(path)[1]["seconds"] > before)
    kill(holder(stack))
    call.until("connected", 2)
    call.until_spoken(heard)
    call.say("And is there anything on Thursday?")
    call.mouth.hang_up_after = 3.0
    call.finish()
    eventually(lambda: live_sessions(stack) == 0)
    left, right = recording(stack, call_id)
    loud = np.flatnonzero(np.abs(left) > 500)
    assert loud[-1] - loud[0] > 3 * RATE, "both things the caller said are there"
    assert np.sum(np.abs(right[: loud[0]]) > 500) > RATE // 2, "the greeting is there"
    assert np.sum(np.abs(right[loud[-1] :]) > 500) > RATE // 2, "the last answer is there"
    assert [event["kind"] for event in call.story["events"]].count("recording_stopped") == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
            ],
        )
        yield running
        running.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_shows_and_plays_it(
    stack: RunningStack, spoken_call: AudioCall, browser: Browser, width: int, scheme: Any
) -> None:
    wrong: list[str] = []
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.goto(f"{stack.base}/console/calls/{spoken_call.outcome.call_sid}")
    wave_ = page.locator(".wave")
    expect(wave_).to_be_visible()
    length = float(wave_.get_attribute("aria-valuemax") or 0)
    left, _ = recording(stack, spoken_call.outcome.call_sid)
    assert abs(length - len(left) / RATE) < 0.1
    expect(page.locator("audio")).to_have_js_property("readyState", 4, timeout=20_000)
    assert abs(page.evaluate("document.querySelector('audio').duration") - length) < 0.1
    # By mouse: half the way is half the time.
    box = wave_.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    at = page.evaluate("document.querySelector('audio').currentTime")
    assert abs(at - length / 2) < length * 0.02
    # By keyboard.
    wave_.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.querySelector('audio').currentTime") == 5
    assert (wave_.get_attribute("aria-valuetext") or "").startswith("0:05.0 of")
    # From the timeline.
    entry = page.locator(".timeline li.caller .seek").first
    wanted = float(entry.get_attribute("data-at") or 0)
    entry.click()
    page.wait_for_function(f"document.querySelector('audio').currentTime >= {wanted}")
    expect(page.locator(".timeline li.now")).to_have_count(1)
    page.evaluate("document.querySelector('audio').pause()")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.close()
    assert wrong == []


def test_a_call_from_the_browser_is_recorded_too(stack: RunningStack, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{stack.base}/console/talk")
    with page.expect_response("**/console/talk/call*") as answer:
        page.click("#call")
    page.wait_for_selector("#said .agent", timeout=60_000)
    expect(page.locator("#said")).to_contain_text(ANNOUNCEMENT)
    page.wait_for_timeout(3000)  # the microphone beeps once a second
    page.click("#call")
    page.wait_for_selector("body[data-state=idle]")
    call_id = str(answer.value.json()["call_id"])
    page.close()
    eventually(lambda: stack.story(call_id)["status"] == "ended")
    left, right = recording(stack, call_id)
    assert np.abs(left).max() > 500
    assert np.abs(right).max() > 500


def test_a_removed_recording_is_gone_and_the_call_stays(
    stack: RunningStack, browser: Browser
) -> None:
    call = AudioCall(stack, wait=None).start()
    call.until("agent speaks")
    call.until_spoken()
    call.phone.hang_up()
    call.finish()
    call_id = call.outcome.call_sid
    eventually(lambda: stack.records.get(f"/api/calls/{call_id}/recording")[0] == 200)
    page = browser.new_page()
    page.goto(f"{stack.base}/console/calls/{call_id}")
    page.click("text=Remove the recording")
    page.click("text=Remove it")
    expect(page.locator("main")).to_contain_text("is not kept any more")
    expect(page.locator("svg.spans")).to_be_visible()
    page.close()
    assert stack.records.get(f"/api/calls/{call_id}/recording.wav")[0] == 404


def test_redis_that_is_full_ends_the_recording_and_not_the_call(stack: RunningStack) -> None:
    call = AudioCall(stack, QUESTION, wait=None).start()
    call.until("caller speaks")
    heard = call.until_spoken(call.phone.handset.frames)
    redis = Redis.from_url(stack.env["REDIS_URL"])
    redis.config_set("maxmemory", 1)
    try:
        call.say("And is there anything on Thursday?")
        call.until_spoken(heard)
        eventually(lambda: "recorded no further" in stack.logs(), timeout=60)
    finally:
        redis.config_set("maxmemory", 0)
    call.mouth.hang_up_after = 2.0
    call.finish()
    eventually(lambda: call.story["status"] == "ended")
    [stopped] = [e for e in call.story["events"] if e["kind"] == "recording_stopped"]
    assert stopped["why"] == "redis"
    left, _ = recording(stack, call.outcome.call_sid)
    assert len(left) < (call.story["ended_at"] - call.story["started_at"]) * RATE
