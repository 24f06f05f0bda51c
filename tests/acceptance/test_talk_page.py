"""The talk page in a real browser, with a microphone that plays a speech file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.protocol.twilio import SILENCE
from app.rehearsal.twilio_phone import sounds
from tests.support.stack import RunningStack
from tests.support.telephone import control, live_sessions, spoken, violations
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FIRST = "Hi, I would like to book a cleaning next Tuesday, please."
SECOND = "Wait, wait, stop. I would rather come on Wednesday morning."
#: Silence before the first and between the two: greeting, answer, and a second into the answer.
BEFORE_S, BETWEEN_S = 8.0, 5.5


def speech(text: str) -> bytes:
    """Speech of the text by espeak-ng where it is installed, else a tone as long."""
    if shutil.which("espeak-ng"):
        return sounds.say(text).audio
    return spoken(text).audio


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone hears, at the rate browsers like."""
    folder = tmp_path_factory.mktemp("microphone")
    audio = (
        SILENCE * int(BEFORE_S * 8000)
        + speech(FIRST)
        + SILENCE * int(BETWEEN_S * 8000)
        + speech(SECOND)
        + SILENCE * 8000 * 60
    )
    sounds.save_one(folder / "8k.wav", audio)
    import wave

    with wave.open(str(folder / "8k.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    with wave.open(str(folder / "48k.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(soxr.resample(samples, 8000, 48_000).astype("<i2").tobytes())
    return folder / "48k.wav"


@pytest.fixture
def browser(microphone: Path) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}%noloop",
            ],
        )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong unseen."""
    page = browser.new_page(viewport={"width": 1280, "height": 820})
    page.set_default_timeout(90_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda told: wrong.append(told.text) if told.type in ("error", "warning") else None,
    )
    yield page
    assert wrong == []


def said(page: Page) -> list[tuple[str, str]]:
    """The bubbles: side and words."""
    return [
        (str(item.get_attribute("class")).split()[0], item.inner_text())
        for item in page.query_selector_all("#said li")
    ]


def test_a_person_talks_and_interrupts(stack: RunningStack, page: Page) -> None:
    control(stack, "transcripts", {"texts": [FIRST, SECOND]})
    page.goto(f"{stack.base}/console/talk")
    assert page.inner_text("h1") == "Mia"
    page.click("#call")
    page.wait_for_selector("body[data-state=live]")
    page.wait_for_selector("#said .agent")
    told = page.locator("#said")
    expect(told).to_contain_text(FIRST, timeout=40_000)
    expect(told).to_contain_text(SECOND, timeout=60_000)
    expect(page.locator("#said .agent").nth(2)).to_be_visible(timeout=30_000)
    bubbles = said(page)
    assert [side for side, _ in bubbles][:5] == ["agent", "user", "agent", "user", "agent"]
    assert bubbles[1][1] == FIRST
    assert bubbles[3][1] == SECOND
    # What was not heard is struck through, and is nowhere in the call's record.
    unsaid = page.inner_text("#said s").strip()
    assert unsaid
    assert "falls silent" in page.inner_text("#story")
    assert "took the floor" in page.inner_text("#story")
    assert page.inner_text("#barge").endswith("ms")
    assert page.inner_text("#cost").startswith("$")
    page.click("#call")
    page.wait_for_selector("body[data-state=idle]")
    eventually(lambda: live_sessions(stack) == 0)
    (call,) = stack.records.json("/api/calls")[1]["calls"]
    story = stack.story(call["call_id"])
    assert story["channel"] == "browser"
    assert story["interruptions"] == 1
    assert unsaid[-20:] not in str(story["transcript"][:3])
    eventually(lambda: stack.story(call["call_id"])["status"] == "ended")
    assert violations(stack) == {}


def told_in(record: str, words: str) -> str | None:
    return record if words in record else None


def test_keys_and_a_second_call(stack: RunningStack, page: Page) -> None:
    page.goto(f"{stack.base}/console/talk")
    page.click(".setup summary")
    page.fill("#number", "+14155550137")
    page.fill("#variables", "plan=gold, color = blue")
    page.click("#call")
    page.wait_for_selector("#said .agent")
    (first,) = stack.records.json("/api/calls")[1]["calls"]
    assert first["from_number"] == "+14155550137"
    address = f"/api/calls/{first['call_id']}/record"
    record = eventually(lambda: told_in(stack.records.get(address)[1].decode(), "plan: gold"))
    assert "color: blue" in record
    # All at once: keys that are pressed with pauses are told one by one.
    page.evaluate(
        "for (const k of '42#') document.querySelector(`#keys [data-key='${k}']`).click()"
    )
    told = page.locator("#said")
    expect(told).to_contain_text("Keys pressed on the telephone: 4 2", timeout=30_000)
    page.click("#call")
    page.wait_for_selector("body[data-state=idle]")
    page.click("#call")
    page.wait_for_selector("body[data-state=live]")
    page.wait_for_selector("#said .agent")
    page.click("#call")
    eventually(lambda: len(stack.records.json("/api/calls")[1]["calls"]) == 2)


def test_who_hangs_up_before_the_call_began_is_not_called(stack: RunningStack, page: Page) -> None:
    held = []
    page.route("**/console/talk/call", lambda route: held.append(route))
    page.goto(f"{stack.base}/console/talk")
    page.click("#call")
    page.wait_for_selector("body[data-state=opening]")

    def asked() -> list[Any]:
        page.wait_for_timeout(20)
        return held

    eventually(asked)
    page.click("#call")
    page.wait_for_selector("body[data-state=idle]")
    held[0].continue_()
    with page.expect_response("**/console/talk/call"):
        pass
    page.wait_for_timeout(500)
    assert page.get_attribute("body", "data-state") == "idle"
    assert control(stack, "sessions", method="GET")["sessions"] == []


@pytest.mark.parametrize(("width", "height"), [(1280, 820), (820, 1100), (390, 844)])
def test_the_page_fits_its_window(
    shared_stack: RunningStack, page: Page, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{shared_stack.base}/console/talk")
    for state in ("idle", "live"):
        page.locator("body").evaluate("(body, state) => { body.dataset.state = state; }", state)
        button = page.locator("#call").bounding_box()
        assert button is not None
        assert button["width"] == button["height"] > 150, state
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        stage = page.locator(".stage")
        assert stage.evaluate("(s) => s.scrollHeight - s.clientHeight") <= 1, state


def test_a_server_that_goes_away_is_told(stack: RunningStack, page: Page) -> None:
    page.goto(f"{stack.base}/console/talk")
    page.click("#call")
    page.wait_for_selector("#said .agent")
    assert stack.web is not None
    subprocess.run(["kill", "-9", str(stack.web_processes()[0].pid)], check=True)
    page.wait_for_selector("body[data-state=failed]")
    assert "lost" in page.inner_text("#status")
    assert page.inner_text("#label") == "Call"
